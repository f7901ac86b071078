"""Look-ups that asking for a capture needs: the message that is meant, and who asks."""

from core.adapter import Access
from core.errors import StepFailed
from core.signal import Lookup
from core.taming import JsonObject, Tame
from integrations.slack.client import SlackCalls

_UNREADABLE = frozenset(
    {"slack_channel_not_found", "slack_not_in_channel", "slack_thread_not_found", "slack_request_refused"}
)


def message_lookup(ref: str) -> Lookup:
    """Asks for the message of this ref, ``channel:ts``."""
    return Lookup("message", ref)


def person_lookup(user: str) -> Lookup:
    """Asks who this user is."""
    return Lookup("person", user)


def find_message(calls: SlackCalls, ref: str, access: Access) -> JsonObject:
    """``{"message": {…}}`` as history shows it, or ``{"problem": reason}`` where it cannot be read.

    History has what begins threads; replies are found in their threads:
    https://docs.slack.dev/reference/methods/conversations.replies
    """
    channel, _, ts = ref.rpartition(":")
    try:
        only: dict[str, str | int] = {"oldest": ts, "latest": ts, "inclusive": "true", "limit": 1}
        found = _of_ts(calls.call("conversations.history", access, channel=channel, **only), ts)
        found = found or _of_ts(calls.call("conversations.replies", access, channel=channel, ts=ts, limit=1), ts)
    except StepFailed as failure:
        if failure.reason not in _UNREADABLE:
            raise
        return {"problem": failure.reason}
    return {"message": found.raw} if found else {"problem": "slack_message_not_found"}


def find_person(calls: SlackCalls, user: str, access: Access) -> JsonObject:
    """``{"team_id", "enterprise_id", "is_guest"}``: on whose side the user stands; ``{}`` for whom Slack does not know.

    Shape: https://docs.slack.dev/reference/objects/user-object
    """
    try:
        person = calls.call("users.info", access, user=user).object("user")
    except StepFailed as failure:
        if failure.reason != "slack_user_not_found":
            raise
        return {}
    guest = any(person.flag(flag) for flag in ("is_restricted", "is_ultra_restricted", "is_stranger", "deleted"))
    organisation = person.object("enterprise_user").text("enterprise_id")
    return {"team_id": person.text("team_id"), "enterprise_id": organisation, "is_guest": guest}


def _of_ts(answer: Tame, ts: str) -> Tame | None:
    return next((message for message in answer.objects("messages") if message.text("ts") == ts), None)

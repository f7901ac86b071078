"""What Slack's Web API tells when it is asked: who may see an event, and who and what users, teams and channels are."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from core.adapter import Access, LookupClient, Pauses
from core.errors import StepFailed
from core.signal import Lookup
from core.taming import JsonObject, JsonValue
from integrations.slack.client import SlackCalls, SlackClient
from integrations.slack.envelope import read_account
from integrations.slack.message_lookup import find_message, find_person
from integrations.slack.senders import GUEST_FLAGS

PAGE = 1000
MAX_PAGES = 50


def lookup_client(api_url: str, pauses: Pauses) -> LookupClient:
    """The client for Slack's Web API below ``api_url``. It is safe to share between threads."""
    return SlackLookups(SlackClient(api_url, pauses))


class SlackLookups:
    """Implements `core.adapter.LookupClient`."""

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls

    def fetch(self, lookup: Lookup, access: Access) -> JsonObject:
        """See `KINDS`. Raises `StepFailed` as `SlackCalls.call` does, and ``slack_lookup_unknown``."""
        if (ask := KINDS.get(lookup.kind)) is None:
            raise StepFailed("slack_lookup_unknown", permanent=True)
        return ask(self._calls, lookup.key, access)


def _audience(calls: SlackCalls, context: str, access: Access) -> JsonObject:
    """``{"accounts": [{"enterprise_id", "team_id"}, …]}``: the installations that the event of this context concerns.

    Only the app-level token may ask: https://docs.slack.dev/reference/methods/apps.event.authorizations.list
    """
    accounts: dict[tuple[str | None, str | None], JsonValue] = {}
    cursor, seen = None, set[str]()
    for _ in range(MAX_PAGES):
        page = calls.call("apps.event.authorizations.list", access, event_context=context, limit=PAGE, cursor=cursor)
        for account in filter(None, map(read_account, page.objects("authorizations"))):
            key = (account.enterprise_id, account.team_id)
            accounts[key] = {"enterprise_id": account.enterprise_id, "team_id": account.team_id}
        cursor = page.object("response_metadata").text("next_cursor")
        if cursor is None or cursor in seen:
            break
        seen.add(cursor)
    return {"accounts": [*accounts.values()]}


def _user(calls: SlackCalls, user: str, access: Access) -> JsonObject:
    """``{"name", "email", "team_id", "enterprise_id", "is_guest"}``, as far as Slack tells them.

    A stranger is somebody of another company whom we share no channel with:
    https://docs.slack.dev/reference/objects/user-object
    """
    told = calls.call("users.info", access, user=user).object("user")
    profile = told.object("profile")
    return _known(
        name=profile.text("display_name", "real_name") or told.text("real_name", "name"),
        email=profile.text("email"),
        team_id=told.text("team_id") or profile.text("team"),
        enterprise_id=told.object("enterprise_user").text("enterprise_id"),
        is_guest=any(told.flag(flag) for flag in GUEST_FLAGS),
    )


def _team(calls: SlackCalls, team: str, access: Access) -> JsonObject:
    """``{"name", "domain"}``; also of other companies, as long as a channel is shared with them."""
    told = calls.call("team.info", access, team=team).object("team")
    return _known(name=told.text("name"), domain=told.text("domain"))


def _channel(calls: SlackCalls, channel: str, access: Access) -> JsonObject:
    """``{"name", "is_ext_shared", "is_member", "is_archived", "is_private"}``; the name is the one on our side."""
    told = calls.call("conversations.info", access, channel=channel).object("channel")
    flags = {flag: told.flag(flag) for flag in ("is_ext_shared", "is_member", "is_archived", "is_private")}
    return _known(name=told.text("name"), **flags)


def _known(**facts: JsonValue) -> JsonObject:
    return {name: value for name, value in facts.items() if value is not None}


KINDS: Mapping[str, Callable[[SlackCalls, str, Access], JsonObject]] = MappingProxyType(
    {
        "audience": _audience,
        "user": _user,
        "team": _team,
        "channel": _channel,
        "message": find_message,
        "person": find_person,
    }
)
"""Every kind of look-up that Slack answers."""

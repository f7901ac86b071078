"""Who reads along in a channel, asked at the moment it matters."""

from core.adapter import Access
from core.errors import StepFailed
from core.taming import Tame
from integrations.slack.client import SlackCalls

_SHARED = ("is_ext_shared", "is_pending_ext_shared", "is_im", "is_mpim")
_UNKNOWN = frozenset(
    {"slack_channel_not_found", "slack_not_in_channel", "slack_scope_missing", "slack_request_refused"}
)


def is_internal(calls: SlackCalls, access: Access, channel: str) -> bool:
    """Whether the channel is our company's alone, or shared within our own organisation. Where Slack does not tell us,
    it is not. Raises `StepFailed` when Slack cannot be asked now.
    """
    return internal_channel(calls, access, channel) is not None


def internal_channel(calls: SlackCalls, access: Access, channel: str) -> Tame | None:
    """The channel as Slack describes it, if it `is_internal`.

    Shape: https://docs.slack.dev/reference/objects/conversation-object
    """
    try:
        found = calls.call("conversations.info", access, channel=channel).object("channel")
    except StepFailed as failure:
        if failure.reason in _UNKNOWN:
            return None
        raise
    is_pending = bool(found.texts("pending_shared")) or bool(found.texts("pending_connected_team_ids"))
    is_ours = found.text("id") == channel and not is_pending and not any(found.flag(flag) for flag in _SHARED)
    return found if is_ours else None

"""What a connection's configuration holds, as JSON."""

from typing import Literal, Required, TypeAlias, TypedDict

CaptureMode: TypeAlias = Literal["external", "all", "asked"]
PylonEvent: TypeAlias = Literal["issue.created", "issue.updated", "issue.closed", "message.created"]


class SlackChannelConfig(TypedDict, total=False):
    """A channel that is captured, and how when not as everywhere. ``auto``: a name pattern added it."""

    id: Required[str]
    name: str
    capture: CaptureMode
    auto: bool


class SlackDigestConfig(TypedDict, total=False):
    """The internal channel that gets a digest of new signals, and the hour (UTC, 0 to 23) at which it does."""

    channel_id: Required[str]
    channel_name: str
    hour: int


class SlackLearned(TypedDict, total=False):
    """What Slack told of an installation: the present id of channels that had another, when the app left which
    channel (unix seconds), whether an organisation lets it into a team, the last ``minute`` whose events were held back
    (unix seconds), and of which moment each fact is.
    """

    moved: dict[str, str]
    left: dict[str, float]
    teams: dict[str, bool]
    held_back: dict[str, float]
    told: dict[str, float]


class IntegrationConfig(TypedDict, total=False):
    """What an admin decided for a connection. No channels: all shared ones; no Pylon events: all of them.

    ``pylon_accept_ts_scheme`` takes signatures over ``timestamp.body`` too, which Pylon is not known to send.
    ``slack_reaction`` is the emoji (without colons) that captures a message; ``slack_autolink`` holds name patterns
    (``ext-*``) of channels that are added by themselves, which never narrows what is captured; ``slack_import_days`` is
    how far back a channel is imported that is added.
    """

    slack_channels: list[SlackChannelConfig]
    slack_capture: CaptureMode
    slack_url: str
    slack_learned: "SlackLearned"
    slack_reaction: str
    slack_autolink: list[str]
    slack_import_days: int
    slack_digest: "SlackDigestConfig"
    pylon_events: list[PylonEvent]
    pylon_accept_ts_scheme: bool

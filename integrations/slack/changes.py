"""Events by which Slack tells that something about an installation changed.

Shapes: https://docs.slack.dev/reference/events
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType

from core.changes import (
    Change,
    ChannelCreated,
    ChannelMembership,
    ChannelMoved,
    ChannelRenamed,
    Migration,
    RateLimited,
    TeamAccess,
    TeamRenamed,
)
from core.taming import JsonObject, Tame, bounded
from integrations.slack.messages import read_channel

NAME_LENGTH = 200


def read_change(kind: str, event: Tame) -> Change | None:
    """What this event changes; None when it is another event or does not say. Total."""
    read = CHANGES.get(kind)
    return read(event) if read else None


def _team_renamed(event: Tame) -> Change | None:
    name = _name(event)
    return TeamRenamed(name) if name else None


def _named_channel(event: Tame, *, change: Callable[[str, str], Change]) -> Change | None:
    channel = event.object("channel")
    channel_id, name = read_channel(channel, "id"), _name(channel)
    return change(channel_id, name) if channel_id and name else None


def _channel_moved(event: Tame) -> Change | None:
    old, new = read_channel(event, "old_channel_id"), read_channel(event, "new_channel_id")
    return ChannelMoved(old, new) if old and new and old != new else None


def _membership(event: Tame, *, is_member: bool) -> Change | None:
    channel_id = read_channel(event)
    return ChannelMembership(channel_id, is_member) if channel_id else None


def _team_access(event: Tame, *, is_granted: bool) -> Change | None:
    team_ids = tuple(bounded(team_id) for team_id in event.texts("team_ids"))
    return TeamAccess(team_ids, is_granted) if team_ids else None


def _migration(event: Tame, *, is_finished: bool) -> Change:
    enterprise_id = event.text("enterprise_id")
    return Migration(bounded(enterprise_id) if enterprise_id else None, is_finished)


def _rate_limited(event: Tame) -> Change | None:
    seconds = event.raw.get("minute_rate_limited")
    if not isinstance(seconds, int) or not 0 < seconds < 10**11:
        return None
    return RateLimited(datetime.fromtimestamp(seconds, UTC))


def _name(source: Tame) -> str | None:
    return (source.text("name") or "").strip()[:NAME_LENGTH] or None


CHANGES: Mapping[str, Callable[[Tame], Change | None]] = MappingProxyType(
    {
        "team_rename": _team_renamed,
        "channel_created": partial(_named_channel, change=ChannelCreated),
        "channel_rename": partial(_named_channel, change=ChannelRenamed),
        "group_rename": partial(_named_channel, change=ChannelRenamed),
        "channel_id_changed": _channel_moved,
        "channel_left": partial(_membership, is_member=False),
        "group_left": partial(_membership, is_member=False),
        "member_joined_channel": partial(_membership, is_member=True),
        "team_access_granted": partial(_team_access, is_granted=True),
        "team_access_revoked": partial(_team_access, is_granted=False),
        "grid_migration_started": partial(_migration, is_finished=False),
        "grid_migration_finished": partial(_migration, is_finished=True),
        "app_rate_limited": _rate_limited,
    }
)
"""What each kind of event says. ``member_joined_channel`` counts only for the app's own bot."""


def is_taken_away(config: JsonObject, team_id: str) -> bool:
    """Whether an organisation's admin took this team from the app, by the latest word (see `db.SlackLearned`)."""
    return Tame(config).object("slack_learned").object("teams").raw.get(team_id) is False


def present_channel(config: JsonObject, channel_id: str) -> str:
    """The id that a channel has now, by one that it may have had before (see `db.SlackLearned`)."""
    return Tame(config).object("slack_learned").object("moved").text(channel_id) or channel_id

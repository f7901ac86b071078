"""What a platform tells of an installation that goes on: names, places and permissions that changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class TeamRenamed:
    """The installation's team has another name."""

    name: str


@dataclass(frozen=True, slots=True)
class ChannelCreated:
    """There is a new public channel."""

    channel_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ChannelRenamed:
    """A channel has another name."""

    channel_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ChannelMoved:
    """A channel has another id: what was said under the old one is the same as under the new one."""

    old_id: str
    new_id: str


@dataclass(frozen=True, slots=True)
class ChannelMembership:
    """The app came into a channel, or is out of it and hears nothing there any more."""

    channel_id: str
    is_member: bool


@dataclass(frozen=True, slots=True)
class TeamAccess:
    """An organisation's admin gave the app teams, or took them from it."""

    team_ids: tuple[str, ...]
    is_granted: bool


@dataclass(frozen=True, slots=True)
class Migration:
    """The team is being moved into an organisation, or has arrived there."""

    enterprise_id: str | None
    is_finished: bool


@dataclass(frozen=True, slots=True)
class RateLimited:
    """The platform held events of the app back during that minute."""

    minute: datetime


Change: TypeAlias = (
    TeamRenamed
    | ChannelCreated
    | ChannelRenamed
    | ChannelMoved
    | ChannelMembership
    | TeamAccess
    | Migration
    | RateLimited
)

"""The Slack that the stand-in knows: teams, people and channels, some of them shared between companies."""

import secrets
import string
from dataclasses import dataclass, replace

_ID_CHARACTERS = string.ascii_uppercase + string.digits


def slack_id(prefix: str) -> str:
    """A fresh id as Slack writes them (``T0…``), random so that repeated demos never collide."""
    return f"{prefix}0" + "".join(secrets.choice(_ID_CHARACTERS) for _ in range(9))


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackTeam:
    """A Slack workspace. ``org_wide``: the app is installed on its whole organisation, not on the team."""

    id: str
    name: str
    domain: str
    enterprise_id: str | None = None
    enterprise_name: str | None = None
    org_wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackUser:
    """A person in a team; ``is_guest`` for a guest of it, ``is_admin`` for who may install apps, ``is_stranger`` for
    somebody whom others know from a shared channel only.
    """

    id: str
    team_id: str
    name: str
    email: str | None = None
    title: str = ""
    is_guest: bool = False
    is_admin: bool = False
    is_stranger: bool = False

    @property
    def handle(self) -> str:
        """The short lower-case name."""
        return self.name.lower().replace(" ", ".")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackChannel:
    """A channel; the first team hosts it, further teams make it a Slack Connect channel."""

    id: str
    name: str
    team_ids: tuple[str, ...]
    is_private: bool = False
    is_archived: bool = False

    @property
    def is_ext_shared(self) -> bool:
        """Whether another company is in it."""
        return len(self.team_ids) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackWorld:
    """Everything there is; ids are unique over all three kinds."""

    teams: tuple[SlackTeam, ...]
    users: tuple[SlackUser, ...]
    channels: tuple[SlackChannel, ...]

    def team(self, team_id: str) -> SlackTeam | None:
        """The team of this id."""
        return next((team for team in self.teams if team.id == team_id), None)

    def user(self, user_id: str) -> SlackUser | None:
        """The person of this id."""
        return next((user for user in self.users if user.id == user_id), None)

    def channel(self, channel_id: str) -> SlackChannel | None:
        """The channel of this id."""
        return next((channel for channel in self.channels if channel.id == channel_id), None)

    def shared_with(self, channel_id: str, *team_ids: str) -> "SlackWorld":
        """The same world, but with these teams in that channel."""
        changed = (
            replace(channel, team_ids=team_ids) if channel.id == channel_id else channel for channel in self.channels
        )
        return replace(self, channels=tuple(changed))

    def installer(self, team_id: str) -> SlackUser | None:
        """Who clicks Allow for this team: an admin if it has one."""
        members = [user for user in self.users if user.team_id == team_id]
        return next((user for user in members if user.is_admin), members[0] if members else None)

    def channels_of(self, team_ids: frozenset[str]) -> tuple[SlackChannel, ...]:
        """The channels that any of these teams is in."""
        return tuple(channel for channel in self.channels if not team_ids.isdisjoint(channel.team_ids))

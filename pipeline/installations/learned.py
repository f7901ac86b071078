"""What a Slack connection learned by itself, kept with its configuration: pure changes of one JSON object.

Events come late and in any order, so each fact remembers the moment it is of, and only a later one replaces it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from core.changes import ChannelMembership, ChannelMoved, ChannelRenamed, Migration, RateLimited, TeamAccess
from db import IntegrationConfig, SlackChannelConfig, SlackLearned

MOST_FACTS = 1000


@dataclass
class Learning:
    """A configuration under change; `config` is the new one."""

    config: IntegrationConfig
    at: datetime
    learned: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.learned = {name: dict(facts) for name, facts in self.config.get("slack_learned", {}).items()}  # type: ignore[call-overload]

    def is_news(self, fact: str) -> bool:
        """Whether this moment's word on the fact is the newest; it is then remembered as such."""
        if self.is_overtaken(fact):
            return False
        self._facts("told")[fact] = self.at.timestamp()
        return True

    def is_overtaken(self, fact: str) -> bool:
        """Whether a later word on the fact is known."""
        return bool(self._facts("told").get(fact, 0.0) > self.at.timestamp())

    def finish(self) -> IntegrationConfig:
        """The changed configuration. Only so many facts are kept, the latest."""
        kept = {name: dict(list(facts.items())[-MOST_FACTS:]) for name, facts in self.learned.items() if facts}
        return {**self.config, "slack_learned": cast("SlackLearned", kept)}

    def rename_channel(self, change: ChannelRenamed) -> None:
        """The name of a picked channel."""
        if self.is_news(f"name {change.channel_id}"):
            self._each_channel(lambda each: {"name": change.name} if each["id"] == change.channel_id else {})

    def join_or_leave(self, change: ChannelMembership) -> None:
        """Whether the app is in a channel."""
        if not self.is_news(f"member {change.channel_id}"):
            return
        left = self._facts("left")
        left.pop(change.channel_id, None)
        if not change.is_member:
            left[change.channel_id] = self.at.timestamp()

    def grant_teams(self, change: TeamAccess) -> None:
        """The teams of an organisation that the app may work in."""
        for team_id in change.team_ids:
            if self.is_news(f"team {team_id}"):
                self._facts("teams")[team_id] = change.is_granted

    def hold_back(self, change: RateLimited) -> None:
        """The last minute whose events did not come."""
        facts = self._facts("held_back")
        facts["minute"] = max(facts.get("minute", 0.0), change.minute.timestamp())

    def migrate(self, change: Migration) -> bool:
        """Whether that is news. While a migration is under way, Slack is not called."""
        # Both may bear the same second: the end is the later one.
        if change.is_finished or self._facts("told").get("migration", 0.0) < self.at.timestamp():
            return self.is_news("migration")
        return False

    def move_channel(self, change: ChannelMoved) -> str | None:
        """The id that the channel has now; None when it is old news. Earlier ids lead there at once."""
        moved, told = self._facts("moved"), self._facts("told")
        if told.get(f"moved {change.new_id}", 0.0) < self.at.timestamp():
            moved.pop(change.new_id, None)  # it has come back to an id that it had before
        new_id = moved.get(change.new_id, change.new_id)
        if new_id == change.old_id or not self.is_news(f"moved {change.old_id}"):
            return None
        moved |= {old: new_id for old, present in moved.items() if present == change.old_id} | {change.old_id: new_id}
        self._repick(change.old_id, new_id)
        return str(new_id)

    def _repick(self, old_id: str, new_id: str) -> None:
        picked = self.config.get("slack_channels", [])
        if any(each["id"] == new_id for each in picked):
            self.config = {**self.config, "slack_channels": [each for each in picked if each["id"] != old_id]}
        self._each_channel(lambda each: {"id": new_id} if each["id"] == old_id else {})

    def _each_channel(self, change: Any) -> None:
        picked = self.config.get("slack_channels")
        if picked:
            changed = [cast("SlackChannelConfig", {**each, **change(each)}) for each in picked]
            self.config = {**self.config, "slack_channels": changed}

    def _facts(self, name: str) -> dict[str, Any]:
        facts: dict[str, Any] = self.learned.setdefault(name, {})
        return facts

"""Picking the Slack channels that are heard: one at a time, so that two admins do not undo each other's picks."""

from collections.abc import Callable

from core.errors import FieldError, InvalidFields, NotFound
from db import Integration, SlackChannelConfig
from pipeline.past.imports import import_newly_listed, listed_ids
from web.actions import Actor, audit, owned
from web.services import services

MOST_CHANNELS = 1000

Picks = list[SlackChannelConfig]


def pick_channel(who: Actor, integration_id: str, channel: SlackChannelConfig) -> None:
    """Adds the channel; picked before, it is heard as said now. Raises `InvalidFields` beyond a thousand."""

    def picked(present: Picks) -> Picks:
        others = [each for each in present if each["id"] != channel["id"]]
        picks = [*others, channel]
        if len(picks) > MOST_CHANNELS:
            raise InvalidFields([FieldError("id", f"At most {MOST_CHANNELS} channels can be picked.")])
        return picks

    _change(who, integration_id, picked)


def drop_channel(who: Actor, integration_id: str, channel_id: str) -> None:
    """Takes the channel out; one that is not picked changes nothing."""
    _change(who, integration_id, lambda present: [each for each in present if each["id"] != channel_id])


def _change(who: Actor, integration_id: str, change: Callable[[Picks], Picks]) -> None:
    with services().database.write() as session:
        row = owned(session, who, Integration, integration_id, "integration", lock=True)
        if row.platform != "slack":
            raise NotFound("Slack connection")
        present = row.config.get("slack_channels", [])
        picks = change(present)
        if picks != present:
            before = listed_ids(row)
            row.config = {**row.config, "slack_channels": picks}
            import_newly_listed(session, row, before, services().clock())
            row.updated_at = services().clock()
            audit(session, who, "integration.changed", row.id, {"fields": ["config"]})

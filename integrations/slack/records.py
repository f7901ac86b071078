"""Messages as history shows them, made into the events that Slack would have sent when they were written."""

import msgspec

from core.history import Record, Stretch
from core.taming import JsonObject, Tame, bounded
from integrations.slack.arrival import ORIGIN
from integrations.slack.messages import moment, read_ts

BLANK = frozenset({"tombstone", "message_deleted"})
"""What stands where a message was deleted: a thread's root leaves a tombstone."""


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the events of a channel say of it: whether another company is in it, its type, and whose it is."""

    shared: bool = False
    kind: str = "channel"
    team: str | None = None
    name: str | None = None


def read_place(channel: Tame) -> Place:
    """The channel's facts: https://docs.slack.dev/reference/objects/conversation-object."""
    kinds = (("is_im", "im"), ("is_mpim", "mpim"), ("is_private", "group"))
    return Place(
        shared=channel.flag("is_ext_shared"),
        kind=next((kind for flag, kind in kinds if channel.flag(flag)), "channel"),
        team=channel.text("context_team_id"),
        name=channel.text("name"),
    )


def message_record(stretch: Stretch, place: Place, message: Tame) -> Record | None:
    """The message as it stands now; None for what is not one. An edit makes another record than the original."""
    ts = read_ts(message, "ts")
    if ts is None:
        return None
    state = read_ts(message.object("edited"), "ts") or "0"
    event = {**message.raw, "type": "message", "channel": stretch.channel, "event_ts": ts, "channel_type": place.kind}
    return _record(stretch, place, event, ts, state)


def deletion_record(stretch: Stretch, place: Place, ts: str, noticed: str) -> Record | None:
    """That a message is gone, as noticed at ``noticed`` (a ``ts``)."""
    event: JsonObject = {
        "type": "message", "subtype": "message_deleted", "hidden": True, "channel": stretch.channel,
        "deleted_ts": ts, "ts": noticed, "event_ts": noticed, "channel_type": place.kind,
    }  # fmt: skip
    return _record(stretch, place, event, ts, "gone")


def _record(stretch: Stretch, place: Place, event: JsonObject, ts: str, state: str) -> Record | None:
    """The event in its envelope. Its id is stable, and of one connection: two workspaces may read the same shared
    channel through the same app.
    """
    written_at = moment(ts)
    if written_at is None:
        return None
    external_id = f"import:{stretch.reader.integration_id}:{stretch.channel}:{ts}:{state}"
    body = _envelope(stretch, place) | {"event_id": external_id, "event_time": int(written_at.timestamp())}
    subtype = Tame(event).text("subtype")
    return Record(
        external_id=external_id,
        type=bounded(f"message.{subtype}" if subtype else "message"),
        payload=msgspec.json.encode(body | {"event": event}),
        ref=f"{stretch.channel}:{ts}",
        occurred_at=written_at,
        blank=subtype in BLANK,
    )


def _envelope(stretch: Stretch, place: Place) -> JsonObject:
    """What Slack puts around an event, addressed to the connection that read it and to nobody else."""
    account = stretch.reader.account
    team = account.team_id or place.team
    authorization: JsonObject = {
        "enterprise_id": account.enterprise_id,
        "team_id": account.team_id,
        "user_id": stretch.reader.bot_user_id,
        "is_bot": True,
        "is_enterprise_install": account.team_id is None,
    }
    return {
        "type": "event_callback",
        "api_app_id": stretch.reader.app_id,
        "team_id": team,
        "context_team_id": team,
        "context_enterprise_id": account.enterprise_id,
        "is_ext_shared_channel": place.shared,
        "authorizations": [authorization],
        ORIGIN: stretch.origin,
    }

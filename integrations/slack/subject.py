"""Which message an event is about, named as its signal would be: ``channel:ts``."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from core.taming import Tame
from integrations.slack.arrival import Arrival, Callback
from integrations.slack.changes import present_channel
from integrations.slack.messages import as_ts, read_channel, read_ts


def subject(callback: Callback) -> str | None:
    """The message's name; None for events about none. Total."""
    kind = callback.type.partition(".")[0]
    about = ABOUT.get(callback.type) or ABOUT.get(kind)
    return about(callback.event) if about else None


def named(channel: str | None, ts: str | None) -> str | None:
    """The name of that message."""
    return f"{channel}:{ts}" if channel and ts else None


def channel_of(arrival: Arrival) -> str | None:
    """The id that the event's channel has now: late words may still come under an earlier one."""
    channel = read_channel(arrival.callback.event)
    return present_channel(arrival.recipient.config, channel) if channel else None


def happened_at(arrival: Arrival) -> str:
    """The event's own ``ts``; the arrival stands in for one that is missing."""
    return read_ts(arrival.callback.event, "event_ts", "ts") or as_ts(arrival.received_at)


def _itself(event: Tame) -> str | None:
    return named(read_channel(event), read_ts(event, "ts"))


def _changed(event: Tame) -> str | None:
    return named(read_channel(event), read_ts(event.object("message"), "ts"))


def _deleted(event: Tame) -> str | None:
    ts = read_ts(event, "deleted_ts") or read_ts(event.object("previous_message"), "ts")
    return named(read_channel(event), ts)


def _asked_for(event: Tame) -> str | None:
    """In a thread, a mention is about what began it."""
    return named(read_channel(event), read_ts(event, "thread_ts", "ts"))


def _item(event: Tame) -> str | None:
    item = event.object("item")
    return named(read_channel(item), read_ts(item, "ts"))


ABOUT: Mapping[str, Callable[[Tame], str | None]] = MappingProxyType(
    {
        "message": _itself,
        "message.message_changed": _changed,
        "message.message_deleted": _deleted,
        "app_mention": _asked_for,
        "reaction_added": _item,
        "reaction_removed": _item,
    }
)
"""By type, or by what stands before a message's subtype."""

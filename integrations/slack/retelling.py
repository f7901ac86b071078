"""What a message's events said, whether or not the mode kept it."""

from core.adapter import ReceivedEvent, Recipient
from core.retelling import Reteller
from core.signal import Capture, Removal
from integrations.slack.arrival import Arrival, Malformed, read_callback
from integrations.slack.messages import Message, moment, read_message, read_ts
from integrations.slack.selection import CONTENT_SUBTYPES
from integrations.slack.signals import as_signal, thread_of
from integrations.slack.subject import channel_of, happened_at


def reteller() -> Reteller:
    """What `integrations.discover` finds."""
    return SlackReteller()


class SlackReteller:
    """Implements `core.retelling.Reteller`."""

    def retell(self, event: ReceivedEvent, recipient: Recipient) -> Capture | Removal | None:
        """See `core.retelling.Reteller.retell`."""
        callback = read_callback(event.payload)
        if isinstance(callback, Malformed) or callback.type.partition(".")[0] != "message":
            return None
        arrival = Arrival(callback, recipient, event.received_at)
        channel = channel_of(arrival)
        if callback.type == "message.message_deleted":
            ts = read_ts(callback.event, "deleted_ts")
            return _removal(arrival, channel, ts) if channel and ts else None
        if callback.type != "message.message_changed":
            message = read_message(callback.event, channel)
            return _words(arrival, message, max(message.ts, message.edited_ts or "")) if message else None
        message = read_message(callback.event.object("message"), channel)
        if message is not None and message.subtype == "tombstone":
            return _removal(arrival, message.channel, message.ts)
        return _words(arrival, message, happened_at(arrival)) if message else None


def _words(arrival: Arrival, message: Message, version: str) -> Capture | None:
    if message.words is None or message.subtype not in CONTENT_SUBTYPES:
        return None
    return as_signal(arrival, message, message.words, version=version)


def _removal(arrival: Arrival, channel: str, ts: str) -> Removal:
    version, said_at = happened_at(arrival), moment(ts) or arrival.received_at
    deleted_at = moment(version) or arrival.received_at
    return Removal(f"{channel}:{ts}", version, deleted_at, said_at, conversation=(thread_of(channel, ts, None),))

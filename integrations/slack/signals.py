"""A Slack message as the signal that it is, or would be."""

from dataclasses import replace

from core.signal import Account, Author, Capture, ConversationKey, Lookup
from core.small_talk import is_small_talk
from core.taming import JsonObject
from integrations.slack.arrival import ORIGIN, Arrival
from integrations.slack.changes import present_channel
from integrations.slack.emoji import with_any_emoji
from integrations.slack.links import message_url
from integrations.slack.messages import Message, moment
from integrations.slack.selection import listed_channels
from integrations.slack.senders import account, author


def as_signal(arrival: Arrival, message: Message, words: str, *, version: str) -> Capture:
    """The message as a signal, whether or not it is wanted; under the id that its channel has now."""
    message = replace(message, channel=present_channel(arrival.recipient.config, message.channel))
    edited_ts = (message.edited_ts or version) if version > message.ts else None
    who, customer = author(arrival, message.sender), account(arrival, message.sender)
    return Capture(
        ref=f"{message.channel}:{message.ts}",
        version=version,
        verbatim=words,
        occurred_at=moment(message.ts) or arrival.received_at,
        edited_at=moment(edited_ts) if edited_ts else None,
        author=who,
        account=customer,
        url=message_url(arrival, message),
        conversation=(thread_of(message.channel, message.ts, message.thread_ts),),
        metadata=_metadata(arrival, message),
        trivial=not message.files and is_small_talk(with_any_emoji(words)),
        wants=_wants(arrival, message, who, customer),
    )


def thread_of(channel: str, ts: str, thread_ts: str | None) -> ConversationKey:
    """The conversation of a message: its thread, which it begins when it is no reply."""
    return ConversationKey("slack_thread", f"{channel}:{thread_ts or ts}")


def _wants(arrival: Arrival, message: Message, who: Author, customer: Account) -> tuple[Lookup, ...]:
    """Who and what could be shown by name. An external author's message mostly brings theirs along."""
    wants = [*message.unnamed]
    if not _channel_name(arrival, message.channel):
        wants.append(Lookup("channel", message.channel))
    if who.external_id and (who.name is None or who.affiliation == "unknown"):
        wants.append(Lookup("user", who.external_id))
    if customer.external_id:
        wants.append(Lookup("team", customer.external_id))
    return tuple(dict.fromkeys(wants))


def _metadata(arrival: Arrival, message: Message) -> JsonObject:
    facts: JsonObject = {
        "channel": message.channel,
        "channel_name": _channel_name(arrival, message.channel),
        "channel_type": arrival.callback.event.text("channel_type"),
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "subtype": message.subtype,
        "team": message.sender.team,
        "origin": arrival.callback.body.text(ORIGIN),
        "raw": message.markup if message.markup != message.words else None,
        "files": [file.as_json() for file in message.files] or None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _channel_name(arrival: Arrival, channel: str) -> str | None:
    """As it stands in the configuration."""
    return next((each.text("name") for key, each in listed_channels(arrival.recipient) if key == channel), None)

"""What a Slack event says: words to capture, words to remove, or the reason why neither."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from core.signal import Capture, ConversationKey, Decision, Ignored, Removal, Writes
from core.taming import JsonObject
from integrations.slack.arrival import ORIGIN, Arrival
from integrations.slack.links import message_url
from integrations.slack.messages import Message, as_ts, moment, read_channel, read_message, read_ts
from integrations.slack.scopes import CHANNEL_EVENTS
from integrations.slack.selection import listed_channels, subtype_reason, why_not
from integrations.slack.senders import account, author


def decide(arrival: Arrival) -> Decision:
    """The decision on one event for one recipient. Pure and total."""
    return KINDS.get(arrival.callback.type, _other)(arrival)


def _new(arrival: Arrival) -> Decision:
    event = arrival.callback.event
    message = read_message(event, read_channel(event))
    if message is None:
        return Ignored("message_incomplete")
    return _capture(arrival, message, version=max(message.ts, message.edited_ts or ""))


def _changed(arrival: Arrival) -> Decision:
    """Slack also reports a message as changed when it unfurls its links, and when a thread's root is deleted."""
    event = arrival.callback.event
    channel = read_channel(event)
    message = read_message(event.object("message"), channel)
    before = read_message(event.object("previous_message"), channel)
    if message is None:
        return Ignored("message_incomplete")
    if message.subtype == "tombstone":
        return _remove(arrival, message.channel, message.ts, before)
    if before and before.words == message.words:
        return Ignored("unfurl_only")
    # The event's own ts orders edits; ``edited.ts`` counts whole seconds and would lose the second of two.
    return _capture(arrival, message, version=_happened_at(arrival))


def _deleted(arrival: Arrival) -> Decision:
    event = arrival.callback.event
    channel = read_channel(event)
    before = read_message(event.object("previous_message"), channel)
    ts = read_ts(event, "deleted_ts") or (before.ts if before else None)
    if channel is None or ts is None:
        return Ignored("message_incomplete")
    return _remove(arrival, channel, ts, before)


def _ignored(reason: str, _: Arrival) -> Decision:
    return Ignored(reason)


def _other(arrival: Arrival) -> Decision:
    kind, _, subtype = arrival.callback.type.partition(".")
    return Ignored(subtype_reason(subtype) if kind == "message" else "event_not_supported")


KINDS: Mapping[str, Callable[[Arrival], Decision]] = MappingProxyType(
    {
        "message": _new,
        "message.file_share": _new,
        "message.thread_broadcast": _new,
        "message.me_message": _new,
        "message.bot_message": _new,
        "message.message_changed": _changed,
        "message.message_deleted": _deleted,
        **dict.fromkeys(CHANNEL_EVENTS, partial(_ignored, "channel_event")),
        "app_mention": partial(_ignored, "mention_arrives_as_message"),
        "app_uninstalled": partial(_ignored, "lifecycle_event"),
        "tokens_revoked": partial(_ignored, "lifecycle_event"),
        "app_rate_limited": partial(_ignored, "app_rate_limited"),
        "url_verification": partial(_ignored, "url_verification"),
    }
)
"""Every type of event that is understood; all others are ignored as ``event_not_supported``."""


RULES_OF_TODAY = frozenset({"channel_not_selected", "channel_not_shared", "internal_author", "only_when_asked"})
"""Reasons that come from how capture is configured now. What was captured under other rules, or because a person
asked, still follows its edits and deletions."""


def _capture(arrival: Arrival, message: Message, *, version: str) -> Decision:
    reason = why_not(arrival, message.channel, message)
    is_edit = version > message.ts
    if message.words is None or (reason and not (is_edit and reason in RULES_OF_TODAY)):
        return Ignored(reason or "message_empty")
    edited_ts = (message.edited_ts or version) if is_edit else None
    callback, home = arrival.callback, arrival.recipient.account
    return _write(
        Capture(
            ref=f"{message.channel}:{message.ts}",
            version=version,
            verbatim=message.words,
            occurred_at=moment(message.ts) or arrival.received_at,
            edited_at=moment(edited_ts) if edited_ts else None,
            author=author(message.sender, callback, home),
            account=account(message.sender, callback, home),
            url=message_url(arrival, message),
            conversation=(ConversationKey("slack_thread", f"{message.channel}:{message.thread_ts or message.ts}"),),
            metadata=_metadata(arrival, message),
            only_changes=reason,
        )
    )


def _remove(arrival: Arrival, channel: str, ts: str, before: Message | None) -> Decision:
    reason = why_not(arrival, channel, before)
    if reason and reason not in RULES_OF_TODAY:
        return Ignored(reason)
    happened_at = _happened_at(arrival)
    return _write(
        Removal(
            ref=f"{channel}:{ts}",
            version=happened_at,
            deleted_at=moment(happened_at) or arrival.received_at,
            occurred_at=moment(ts) or arrival.received_at,
            only_changes=reason,
        )
    )


def _write(write: Capture | Removal) -> Decision:
    return Writes((write,))


def _happened_at(arrival: Arrival) -> str:
    """The event's own ``ts``; the arrival stands in for one that is missing."""
    return read_ts(arrival.callback.event, "event_ts", "ts") or as_ts(arrival.received_at)


def _metadata(arrival: Arrival, message: Message) -> JsonObject:
    names = {identity: each.text("name") for identity, each in listed_channels(arrival.recipient)}
    facts: JsonObject = {
        "channel": message.channel,
        "channel_name": names.get(message.channel),
        "channel_type": arrival.callback.event.text("channel_type"),
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "subtype": message.subtype,
        "team": message.sender.team,
        "origin": arrival.callback.body.text(ORIGIN),
        "files": [file.as_json() for file in message.files] or None,
    }
    return {name: value for name, value in facts.items() if value is not None}

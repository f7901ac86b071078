"""What a Slack event says: words to capture, words to remove, or the reason why neither."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from core.signal import (
    Account,
    Author,
    Capture,
    ConversationKey,
    Decision,
    Ignored,
    Lookup,
    Removal,
    Writes,
)
from core.taming import JsonObject
from integrations.slack.arrival import ORIGIN, Arrival
from integrations.slack.links import message_url
from integrations.slack.messages import Message, as_ts, moment, read_channel, read_message, read_ts
from integrations.slack.scopes import CHANNEL_EVENTS
from integrations.slack.selection import (
    drops_colleagues,
    is_of_a_customer,
    listed_channels,
    subtype_reason,
    why_not,
)
from integrations.slack.senders import account, author
from integrations.slack.trivial import is_trivial


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
    if before and (before.markup, before.words) == (message.markup, message.words):
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
    joins = reason == "only_when_asked" and message.thread_ts is not None and is_of_a_customer(arrival, message)
    if message.words is None or (reason and not joins and not (is_edit and reason in RULES_OF_TODAY)):
        return Ignored(reason or "message_empty", _hinges(arrival, message) if reason == "internal_author" else ())
    edited_ts = (message.edited_ts or version) if is_edit else None
    who, customer = author(arrival, message.sender), account(arrival, message.sender)
    is_open = who.affiliation == "unknown" and drops_colleagues(arrival, message.channel)
    return _write(
        Capture(
            ref=f"{message.channel}:{message.ts}",
            version=version,
            verbatim=message.words,
            occurred_at=moment(message.ts) or arrival.received_at,
            edited_at=moment(edited_ts) if edited_ts else None,
            author=who,
            account=customer,
            url=message_url(arrival, message),
            conversation=(ConversationKey("slack_thread", f"{message.channel}:{message.thread_ts or message.ts}"),),
            metadata=_metadata(arrival, message),
            only_changes=reason if is_edit else None,
            only_joins=reason if joins and not is_edit else None,
            unless_internal="internal_author" if is_open else None,
            trivial=not message.files and is_trivial(message.words),
            wants=_wants(arrival, message, who, customer),
        ),
        hinges_on=_hinges(arrival, message) if is_open else (),
    )


def _hinges(arrival: Arrival, message: Message) -> tuple[Lookup, ...]:
    """A message does not tell guests of our own team from colleagues; ``users.info`` does."""
    user = message.sender.user
    return (Lookup("user", user),) if user and arrival.facts_of(user) is None else ()


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


def _write(write: Capture | Removal, *, hinges_on: tuple[Lookup, ...] = ()) -> Decision:
    return Writes((write,), hinges_on=hinges_on)


def _happened_at(arrival: Arrival) -> str:
    """The event's own ``ts``; the arrival stands in for one that is missing."""
    return read_ts(arrival.callback.event, "event_ts", "ts") or as_ts(arrival.received_at)


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

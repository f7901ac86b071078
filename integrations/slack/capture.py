"""What a Slack event says: words to capture, words to remove, or the reason why neither."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from core.signal import Capture, Decision, Ignored, Lookup, Needs, Removal, Said, Writes
from integrations.slack.arrival import Arrival, read_team
from integrations.slack.asking import mentioned, reacted, submitted
from integrations.slack.changes import is_taken_away
from integrations.slack.messages import Message, moment, read_message, read_ts
from integrations.slack.scopes import CHANNEL_EVENTS, LIFECYCLE_EVENTS
from integrations.slack.selection import drops_colleagues, is_of_a_customer, subtype_reason, why_not
from integrations.slack.signals import as_signal, thread_of
from integrations.slack.subject import channel_of, happened_at


def decide(arrival: Arrival) -> Decision:
    """The decision on one event for one recipient. Pure and total."""
    decision = KINDS.get(arrival.callback.type, _other)(arrival)
    return Ignored("team_access_revoked") if _brings_words(decision) and _is_locked_out(arrival) else decision


def _brings_words(decision: Decision) -> bool:
    """Whether something would be kept, or asked for in order to keep it. Deletions take away, and always may."""
    if isinstance(decision, Writes):
        return any(isinstance(write, Capture) for write in decision.writes)
    return isinstance(decision, Needs)


def _is_locked_out(arrival: Arrival) -> bool:
    """Whether it comes from a team that its organisation took from the app: such words may still be under way."""
    if arrival.recipient.account.team_id is not None:
        return False  # a team's own installation ends as a whole
    team_id = read_team(arrival.callback.body)
    return team_id is not None and is_taken_away(arrival.recipient.config, team_id)


def _new(arrival: Arrival) -> Decision:
    event = arrival.callback.event
    message = read_message(event, channel_of(arrival))
    if message is None:
        return Ignored("message_incomplete")
    return _capture(arrival, message, version=max(message.ts, message.edited_ts or ""))


def _changed(arrival: Arrival) -> Decision:
    """Slack also reports a message as changed when it unfurls its links, and when a thread's root is deleted."""
    event = arrival.callback.event
    channel = channel_of(arrival)
    message = read_message(event.object("message"), channel)
    before = read_message(event.object("previous_message"), channel)
    if message is None:
        return Ignored("message_incomplete")
    if message.subtype == "tombstone":
        return _remove(arrival, message.channel, message.ts, before)
    if before and (before.markup, before.words) == (message.markup, message.words):
        return Ignored("unfurl_only")
    # The event's own ts orders edits; ``edited.ts`` counts whole seconds and would lose the second of two.
    return _capture(arrival, message, version=happened_at(arrival))


def _deleted(arrival: Arrival) -> Decision:
    event = arrival.callback.event
    channel = channel_of(arrival)
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
        "app_mention": mentioned,
        "reaction_added": reacted,
        "reaction_removed": partial(_ignored, "reaction_removed"),
        "view_submission": submitted,
        **dict.fromkeys(LIFECYCLE_EVENTS, partial(_ignored, "lifecycle_event")),
        "team_rename": partial(_ignored, "lifecycle_event"),
        "app_home_opened": partial(_ignored, "surface_event"),
        "link_shared": partial(_ignored, "surface_event"),
        "app_rate_limited": partial(_ignored, "app_rate_limited"),
        "url_verification": partial(_ignored, "url_verification"),
    }
)
"""Every type of event that is understood; all others are ignored as ``event_not_supported``."""


RULES_OF_TODAY = frozenset({"channel_not_selected", "channel_not_shared", "internal_author", "only_when_asked"})
"""Reasons that come from how capture is configured now. What was captured under other rules, or because a person
asked, still follows its edits and deletions."""

PEOPLES_WORDS = frozenset({"internal_author", "only_when_asked"})
"""Of those, the reasons for which a person's words in a channel that is heard are not kept."""


def _capture(arrival: Arrival, message: Message, *, version: str) -> Decision:
    reason = why_not(arrival, message.channel, message)
    is_edit = version > message.ts
    joins = reason == "only_when_asked" and message.thread_ts is not None and is_of_a_customer(arrival, message)
    if message.words is None:
        return Ignored(reason or "message_empty")
    if reason and not joins and not (is_edit and reason in RULES_OF_TODAY):
        if reason not in PEOPLES_WORDS:
            return Ignored(reason)
        return Ignored(reason, _hinges(arrival, message) if _may_matter(reason, message) else (), _said(message))
    signal = as_signal(arrival, message, message.words, version=version)
    is_open = signal.author.affiliation == "unknown" and drops_colleagues(arrival, message.channel)
    return _write(
        replace(
            signal,
            only_changes=reason if is_edit else None,
            only_joins=reason if joins else None,
            unless_internal="internal_author" if is_open else None,
        ),
        hinges_on=_hinges(arrival, message) if is_open else (),
    )


def _may_matter(reason: str, message: Message) -> bool:
    """Whether knowing who it is matters: a guest's words are kept, and a reply may be shown beside what is captured."""
    return reason == "internal_author" or message.thread_ts is not None


def _said(message: Message) -> Said:
    return Said(thread_of(message.channel, message.ts, message.thread_ts), message.sender.user)


def _hinges(arrival: Arrival, message: Message) -> tuple[Lookup, ...]:
    """A message does not tell guests of our own team from colleagues; ``users.info`` does."""
    user = message.sender.user
    return (Lookup("user", user),) if user and arrival.facts_of(user) is None else ()


def _remove(arrival: Arrival, channel: str, ts: str, before: Message | None) -> Decision:
    reason = why_not(arrival, channel, before)
    if reason and reason not in RULES_OF_TODAY:
        return Ignored(reason)
    version = happened_at(arrival)
    return _write(
        Removal(
            ref=f"{channel}:{ts}",
            version=version,
            deleted_at=moment(version) or arrival.received_at,
            occurred_at=moment(ts) or arrival.received_at,
            conversation=(thread_of(channel, ts, before.thread_ts if before else None),),
            only_changes=reason,
        )
    )


def _write(write: Capture | Removal, *, hinges_on: tuple[Lookup, ...] = ()) -> Decision:
    return Writes((write,), hinges_on=hinges_on)

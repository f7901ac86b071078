"""What becomes of a message because a colleague asked for it: by dialog, by emoji or by mentioning the app.

Asking beats the configured channels and mode; it does not reach into private talks, and only our own people can ask.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from core.adapter import AccountKey
from core.signal import Asked, Capture, Decision, Ignored, Lookup, Needs, Way, Writes
from core.taming import JsonObject, Tame, bounded
from integrations.slack.arrival import Arrival
from integrations.slack.carried import Carried, unpack
from integrations.slack.interaction import ISSUER, Person, read_interaction
from integrations.slack.message_lookup import message_lookup, person_lookup
from integrations.slack.messages import Message, read_channel, read_message
from integrations.slack.selection import CONTENT_SUBTYPES, is_own, is_private_talk, subtype_reason
from integrations.slack.signals import as_signal
from integrations.slack.subject import subject
from integrations.slack.views.capture import read_opinion

DEFAULT_REACTION = "inbox_tray"
"""The emoji that captures where none was chosen; an empty one switches it off."""

_SKIN = re.compile(r"::skin-tone-\d\Z")


def submitted(arrival: Arrival) -> Decision:
    """The dialog of the shortcut was sent off: what it carried, with what was filled in."""
    interaction = read_interaction(arrival.callback.body)
    view = arrival.callback.body.object("view")
    carried = unpack(view.text("private_metadata"))
    if interaction is None or carried is None:
        return Ignored("message_incomplete")
    if not interaction.person.is_of(arrival.recipient.account):
        return Ignored("asked_by_outsider")
    message = _whole(arrival, carried)
    if isinstance(message, Lookup):
        return Needs((message,))
    is_partial = carried.is_cut and message is carried.message
    known: JsonObject = {"channel_name": carried.channel_name, "is_cut": is_partial or None}
    written = _capture(arrival, message, interaction.person, "shortcut", known)
    if isinstance(written, Ignored):
        return written
    opinion = read_opinion(view)
    word = replace(
        written, interpretation=opinion.interpretation, severity=opinion.severity, frequency=opinion.frequency
    )
    return Writes((word,))


def reacted(arrival: Arrival) -> Decision:
    """Somebody put an emoji on a message; the event has no words, so both they and the message are looked up."""
    event = arrival.callback.event
    if _SKIN.sub("", event.text("reaction") or "") != reaction_of(arrival.recipient.config):
        return Ignored("other_reaction")
    return _looked_up(arrival, event.text("user"), "reaction")


def mentioned(arrival: Arrival) -> Decision:
    """Somebody mentioned the app: in a thread they mean what began it, else their own words."""
    event = arrival.callback.event
    if event.text("bot_id"):
        return Ignored("bot_message")
    itself = None if event.text("thread_ts") else read_message(event, read_channel(event))
    return _looked_up(arrival, event.text("user"), "mention", itself)


def reaction_of(config: Mapping[str, object]) -> str | None:
    """The emoji that captures, without colons; None when it is switched off."""
    chosen = config.get("slack_reaction", DEFAULT_REACTION)
    return chosen.strip(":") or None if isinstance(chosen, str) else DEFAULT_REACTION


def _looked_up(arrival: Arrival, user: str | None, way: Way, message: Message | None = None) -> Decision:
    ref = subject(arrival.callback)
    if user is None or ref is None:
        return Ignored("message_incomplete")
    user = bounded(user)
    if is_private_talk(arrival.callback.event, ref):
        return Ignored("direct_message")
    who, what = person_lookup(user), message_lookup(ref)
    needs = (who,) if message else (who, what)
    if missing := tuple(lookup for lookup in needs if lookup not in arrival.findings):
        return Needs(missing)
    person = _person(user, Tame(arrival.findings[who]), arrival.recipient.account)
    if person is None:
        return Ignored("asked_by_outsider")
    found = message or _found(arrival.findings[what], ref)
    if isinstance(found, Ignored):
        return found
    written = _capture(arrival, found, person, way)
    return written if isinstance(written, Ignored) else Writes((written,))


def _person(user: str, found: Tame, home: AccountKey) -> Person | None:
    """Who asks, if they are of ours: a guest is of another company, whatever their team."""
    person = Person(user, found.text("team_id"), found.text("enterprise_id"))
    is_colleague = person.is_of(home) or (home.enterprise_id is not None and person.enterprise == home.enterprise_id)
    return person if is_colleague and not found.flag("is_guest") else None


def _found(finding: JsonObject, ref: str) -> Message | Ignored:
    tame = Tame(finding)
    message = read_message(tame.object("message"), ref.rpartition(":")[0])
    return message or Ignored(tame.text("problem") or "slack_message_not_found")


def _whole(arrival: Arrival, carried: Carried) -> Message | Lookup:
    """The carried message; when its words were cut, the whole one if we can read it, else what we have."""
    message = carried.message
    if not carried.is_cut:
        return message
    lookup = message_lookup(f"{message.channel}:{message.ts}")
    if lookup not in arrival.findings:
        return lookup
    found = _found(arrival.findings[lookup], lookup.key)
    return message if isinstance(found, Ignored) else found


def _capture(
    arrival: Arrival, message: Message, person: Person, way: Way, known: JsonObject | None = None
) -> Capture | Ignored:
    if is_own(arrival.recipient, message.sender):
        return Ignored("own_message")
    if message.subtype not in CONTENT_SUBTYPES | {"bot_message"}:
        return Ignored(subtype_reason(message.subtype or ""))
    if message.words is None:
        return Ignored("message_empty")
    signal = as_signal(arrival, message, message.words, version=max(message.ts, message.edited_ts or ""))
    facts: JsonObject = {name: value for name, value in (known or {}).items() if value is not None}
    asked = Asked(ISSUER, person.subject, way, tell=person.user if way == "mention" else None)
    return replace(signal, metadata=facts | signal.metadata, trivial=False, asked=asked)

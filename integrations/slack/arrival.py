"""An authentic Slack body, tamed once, and on its way to a recipient."""

from dataclasses import dataclass, field
from datetime import datetime

from core.adapter import Findings, Recipient
from core.errors import NotJsonObject
from core.signal import Lookup
from core.taming import JsonObject, Tame, bounded, parse_object

ORIGIN = "signalbox_origin"
"""Where a body says that we read it from history, and why (`core.history.Origin`); Slack's own bodies have no such
field."""


@dataclass(frozen=True, slots=True)
class Callback:
    """A request's outer body and its inner event (empty for requests that have none), under one type.

    Types: ``message``, ``message.message_changed``, ``app_uninstalled``, ``app_rate_limited`` and so on.
    """

    type: str
    body: Tame
    event: Tame


@dataclass(frozen=True, slots=True)
class Malformed:
    """Authentic but not understandable, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event for one recipient, with what was looked up for it."""

    callback: Callback
    recipient: Recipient
    received_at: datetime
    findings: Findings = field(default_factory=dict)

    def facts_of(self, user: str | None) -> JsonObject | None:
        """What Slack told of this user; None when it was not asked, or did not know."""
        return self.findings.get(Lookup("user", user)) if user else None


def read_callback(body: bytes) -> Callback | Malformed:
    """The body tamed once, or why it cannot be understood. Total."""
    try:
        outer = Tame(parse_object(body))
    except NotJsonObject as error:
        return Malformed(error.reason)
    kind, event = outer.text("type"), outer.object("event")
    if kind is None:
        return Malformed("type_missing")
    if kind == "url_verification" and not outer.text("challenge"):
        return Malformed("challenge_missing")
    if kind != "event_callback":
        return Callback(bounded(kind), outer, Tame(None))
    return _read_event(outer, event)


def _read_event(outer: Tame, event: Tame) -> Callback | Malformed:
    if not event:
        return Malformed("event_missing")
    kind, subtype = event.text("type"), event.text("subtype")
    if kind is None:
        return Malformed("event_type_missing")
    if kind == "message" and subtype:
        kind = f"message.{subtype}"
    return Callback(bounded(kind), outer, event)


def read_team(body: Tame) -> str | None:
    """The team on our side in which it happened: with Slack Connect the outer ``team_id`` may be the customer's."""
    authorized = next((team for each in body.objects("authorizations") if (team := each.text("team_id"))), None)
    found = body.text("context_team_id") or authorized or body.text("team_id") or body.object("team").text("id")
    return bounded(found) if found else None

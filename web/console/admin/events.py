"""Events: what arrived, what became of it and why, and another try for one or many."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, redirect, request, url_for
from pydantic import Field
from werkzeug.wrappers import Response as BaseResponse

from core.errors import InvalidFields
from core.taming import clean
from db import EventState, Outcome
from web.actions import actor
from web.actions import events as actions
from web.actions.events import MOST_AT_ONCE, Arrived, Asked
from web.api.fields import Query, Text
from web.console.admin.blueprint import admin
from web.console.admin.forms import page, validated
from web.console.navigation import ADMINS
from web.console.reasons import outcome_in_words, reason_in_words
from web.services import services
from web.session import Visitor, require_role

PAGE = 50
_STATES = {
    "pending": "It waits to be processed.",
    "processed": "It was processed.",
    "ignored": "It was not for keeping.",
    "failed": "It could not be processed.",
}


class Filters(Query):
    """What the address asks for."""

    state: EventState | None = None
    platform: Text | None = None
    outcome: Outcome | None = None
    before: Text | None = Field(default=None, pattern=r"^[A-Za-z0-9_]{1,40}$")


@dataclass(frozen=True, slots=True)
class Line:
    """An event as the inbox lists it: its state or outcome, and why, in words."""

    id: str
    platform: str
    type: str
    mark: str
    kind: str
    why: str
    received_at: datetime
    signal_id: str | None
    attempts: int
    is_waiting: bool


@admin.get("/events")
@require_role(*ADMINS)
def events(visitor: Visitor) -> Response:
    """The inbox, newest first; a filter that means nothing is left out."""
    filters = _filters()
    asked = Asked(**filters.model_dump(), limit=PAGE)
    with services().database.read() as session:
        found = actions.list_events(session, visitor.workspace_id, asked)
    lines = [_line(arrived) for arrived in found[:PAGE]]
    older = lines[-1].id if len(found) > PAGE else None
    chosen = filters.model_dump(exclude={"before"}, exclude_none=True)
    return page(
        visitor, "events.html", lines=lines, chosen=chosen, is_newest=filters.before is None,
        older=url_for("admin.events", **chosen, before=older) if older else None,
        platforms=sorted(services().adapters), states=tuple(_STATES),
        outcomes=("captured", "updated", "deleted", "superseded", "handled", "ignored", "failed"),
        replayed=request.args.get("replayed", type=int),
    )  # fmt: skip


@admin.post("/events/replay")
@require_role(*ADMINS)
def replay_events(visitor: Visitor) -> BaseResponse:
    """Sends the ticked events through the pipeline again."""
    chosen = [clean(event_id) for event_id in request.form.getlist("event_id")][:MOST_AT_ONCE]
    replayed = actions.replay_events(actor(visitor), chosen) if chosen else []
    return redirect(url_for("admin.events", replayed=len(replayed)), 303)


@admin.get("/events/<event_id>")
@require_role(*ADMINS)
def event(visitor: Visitor, event_id: str) -> Response:
    """One event with its payload as received."""
    with services().database.read() as session:
        arrived = actions.find_event(session, visitor.workspace_id, event_id)
        payload = actions.payload_of(session, arrived)
    return page(visitor, "event.html", line=_line(arrived), event=arrived.event, payload=payload)


def _filters() -> Filters:
    names = Filters.model_fields
    try:
        return validated(Filters, {name: clean(value) for name, value in request.args.items() if name in names})
    except InvalidFields:
        return Filters()


def _line(arrived: Arrived) -> Line:
    event, receipt = arrived
    decided = receipt is not None and event.state != "pending"
    mark = receipt.outcome if receipt is not None and decided else event.state
    reason = reason_in_words((receipt.reason if receipt is not None and decided else None) or event.reason)
    sentence = outcome_in_words(mark) if decided else _STATES.get(event.state, "")
    return Line(
        id=event.id,
        platform=event.platform,
        type=event.type,
        mark=mark,
        kind={"failed": "severe", "pending": "new", "captured": "good", "updated": "good"}.get(mark, "plain"),
        why=f"{reason}." if reason else sentence,
        received_at=event.received_at,
        signal_id=receipt.signal_id if receipt is not None else None,
        attempts=event.attempts,
        is_waiting=event.state == "pending",
    )

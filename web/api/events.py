"""``events``: what arrived for the workspace and what became of it: the answer to "why (not) captured?"."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from core.taming import JsonObject
from db import EventState, Outcome
from web.actions import actor
from web.actions import events as actions
from web.actions.events import Arrived, Asked
from web.api.blueprint import api
from web.api.fields import Body, ListQuery, Text
from web.auth import caller, needs
from web.paging import cut, decode_cursor
from web.services import services

EXAMPLE: JsonObject = {
    "id": "evt_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "platform": "slack", "type": "message", "external_id": "Ev0123ABCD",
    "state": "processed", "reason": None, "attempts": 1, "repeats": 0, "received_at": "2026-11-20T10:00:00Z",
    "processed_at": "2026-11-20T10:00:01Z",
    "receipt": {"outcome": "captured", "reason": None, "signal_id": "sig_01K5ZJ6Q2V5M8X0T3N7R4B9C1D",
                "integration_id": "int_01K5ZJ6Q2V5M8X0T3N7R4B9C1D"},
}  # fmt: skip


class EventFilters(ListQuery):
    """Every filter that is sent must hold."""

    state: EventState | None = None
    platform: Text | None = None
    type: Text | None = None
    outcome: Outcome | None = Field(default=None, description="What became of it in this workspace.")


class Receipt(BaseModel):
    """What became of the event in this workspace; no outcome as long as it waits or failed before."""

    outcome: Outcome | None
    reason: str | None
    signal_id: str | None
    integration_id: str | None


class Event(BaseModel):
    """Something that arrived."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    platform: str
    type: str
    external_id: str | None
    state: EventState
    reason: str | None
    attempts: int
    repeats: int = Field(description="How often its sender sent it again: a repeat is recognised and kept once.")
    received_at: datetime
    processed_at: datetime | None
    receipt: Receipt


class EventDetail(Event):
    """An event with its payload as text; null unless the token's scope is `admin`, and once its words were erased."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE | {"payload": '{"type": "event_callback"}'}]})

    payload: str | None


class Replay(Body):
    """Which events."""

    event_ids: Annotated[list[Text], Field(min_length=1, max_length=actions.MOST_AT_ONCE)]


class ReplayedEvents(BaseModel):
    """The events as they are now, in the order asked for, each once."""

    items: list[Event]


class EventPage(BaseModel):
    """Events, newest first."""

    items: list[Event]
    next_cursor: str | None


@api.get("/events")
@api.input(EventFilters, location="query")
@api.output(EventPage)
def list_events(query_data: EventFilters) -> EventPage:
    """List what arrived for the workspace, newest first, with what became of it."""
    before = decode_cursor(query_data.cursor)[1] if query_data.cursor is not None else None
    asked = Asked(**query_data.model_dump(exclude={"cursor"}), before=before)
    with services().database.read() as session:
        rows = actions.list_events(session, caller().workspace_id, asked)
    page, next_cursor = cut(rows, query_data.limit, lambda arrived: (arrived.event.received_at, arrived.event.id))
    return EventPage(items=[Event(**_plain(arrived)) for arrived in page], next_cursor=next_cursor)


@api.get("/events/<event_id>")
@api.output(EventDetail)
def show_event(event_id: str) -> EventDetail:
    """Show an event; with the scope `admin`, also its payload as received."""
    with services().database.read() as session:
        return _detail(session, actions.find_event(session, caller().workspace_id, event_id))


@api.post("/events/replay")
@needs("write")
@api.input(Replay, example={"event_ids": [EXAMPLE["id"]]})
@api.output(ReplayedEvents, status_code=202, description="The events wait to be processed again.")
@api.doc(
    responses={404: "One of them is not of this workspace; none is replayed.", 409: "What one of them said was erased."}
)
def replay_many_events(json_data: Replay) -> ReplayedEvents:
    """Send up to 200 events through the pipeline again: all of them, or none. No signal is doubled."""
    replayed = actions.replay_events(actor(caller()), list(dict.fromkeys(json_data.event_ids)))
    return ReplayedEvents(items=[Event(**_plain(arrived)) for arrived in replayed])


@api.post("/events/<event_id>/replay")
@needs("write")
@api.output(EventDetail, status_code=202, description="The event waits to be processed again.")
@api.doc(responses={409: "What the event said was erased."})
def replay_event(event_id: str) -> EventDetail:
    """Send an event through the pipeline again. No signal is doubled."""
    [arrived] = actions.replay_events(actor(caller()), [event_id])
    with services().database.read() as session:
        return _detail(session, arrived)


def _plain(arrived: Arrived) -> dict[str, Any]:
    event, receipt = arrived
    fields = {name: getattr(event, name) for name in Event.model_fields if name != "receipt"}
    fields["external_id"] = event.senders_id
    if receipt is None:
        return fields | {
            "receipt": Receipt(outcome=None, reason=None, signal_id=None, integration_id=event.integration_id)
        }
    told = {name: getattr(receipt, name) for name in Receipt.model_fields}
    return fields | {"receipt": Receipt(**told)}


def _detail(session: Session, arrived: Arrived) -> EventDetail:
    payload = actions.payload_of(session, arrived) if caller().may("admin") else None
    return EventDetail(**_plain(arrived), payload=payload)

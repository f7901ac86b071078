"""``events``: what arrived for the workspace and what became of it: the answer to "why (not) captured?"."""

from datetime import datetime
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.taming import JsonObject
from db import Event as EventRow
from db import EventState, Integration, Outcome, WebhookKey
from db import Receipt as ReceiptRow
from pipeline.replay import replay
from web.api.audit import audit
from web.api.blueprint import api
from web.api.fields import ListQuery, Text
from web.api.rows import speakable
from web.auth import caller, needs
from web.paging import cut, newest_first
from web.services import services

Pair: TypeAlias = tuple[EventRow, ReceiptRow | None]

EXAMPLE: JsonObject = {
    "id": "evt_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "platform": "slack", "type": "message", "external_id": "Ev0123ABCD",
    "state": "processed", "reason": None, "attempts": 1, "received_at": "2026-11-20T10:00:00Z",
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
    received_at: datetime
    processed_at: datetime | None
    receipt: Receipt


class EventDetail(Event):
    """An event with its payload as text; null unless the token's scope is `admin`."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE | {"payload": '{"type": "event_callback"}'}]})

    payload: str | None


class EventPage(BaseModel):
    """Events, newest first."""

    items: list[Event]
    next_cursor: str | None


@api.get("/events")
@api.input(EventFilters, location="query")
@api.output(EventPage)
def list_events(query_data: EventFilters) -> EventPage:
    """List what arrived for the workspace, newest first, with what became of it."""
    asked = _of_workspace()
    for column, value in (
        (EventRow.state, query_data.state),
        (EventRow.platform, query_data.platform),
        (EventRow.type, query_data.type),
        (ReceiptRow.outcome, query_data.outcome),
    ):
        if value is not None:
            asked = asked.where(column == value)
    asked = newest_first(asked, EventRow.received_at, EventRow.id, limit=query_data.limit, cursor=query_data.cursor)
    with services().database.read() as session:
        rows = [(event, receipt) for event, receipt in session.execute(asked)]
    page, next_cursor = cut(rows, query_data.limit, lambda pair: (pair[0].received_at, pair[0].id))
    return EventPage(items=[Event(**_plain(pair)) for pair in page], next_cursor=next_cursor)


@api.get("/events/<event_id>")
@api.output(EventDetail)
def show_event(event_id: str) -> EventDetail:
    """Show an event; with the scope `admin`, also its payload as received."""
    with services().database.read() as session:
        return _detail(_found(session, event_id))


@api.post("/events/<event_id>/replay")
@needs("write")
@api.output(EventDetail, status_code=202, description="The event waits to be processed again.")
def replay_event(event_id: str) -> EventDetail:
    """Send an event through the pipeline again. No signal is doubled."""
    with services().database.write() as session:
        event, _ = _found(session, event_id)
        replay(session, [event.id], services().clock())
        audit(session, "event.replayed", event.id)
    services().wake()
    with services().database.read() as session:
        return _detail(_found(session, event_id))


def _of_workspace() -> Select[EventRow, ReceiptRow]:
    """Events with a receipt of the workspace, and those that came in by its own doors and have none yet."""
    workspace_id = caller().workspace_id
    own = and_(ReceiptRow.event_id == EventRow.id, ReceiptRow.workspace_id == workspace_id)
    integrations = select(Integration.id).where(Integration.workspace_id == workspace_id)
    keys = select(WebhookKey.id).where(WebhookKey.workspace_id == workspace_id)
    return (
        select(EventRow, ReceiptRow)
        .outerjoin(ReceiptRow, own)
        .where(
            or_(
                ReceiptRow.event_id.is_not(None),
                EventRow.integration_id.in_(integrations),
                EventRow.webhook_key_id.in_(keys),
            )
        )
    )


def _found(session: Session, event_id: str) -> Pair:
    pair = session.execute(_of_workspace().where(EventRow.id == speakable(event_id, "event"))).one_or_none()
    if pair is None:
        raise NotFound("event")
    event, receipt = pair
    return event, receipt


def _plain(pair: Pair) -> dict[str, Any]:
    event, receipt = pair
    fields = {name: getattr(event, name) for name in Event.model_fields if name != "receipt"}
    if receipt is None:
        return fields | {
            "receipt": Receipt(outcome=None, reason=None, signal_id=None, integration_id=event.integration_id)
        }
    told = {name: getattr(receipt, name) for name in Receipt.model_fields}
    return fields | {"receipt": Receipt(**told)}


def _detail(pair: Pair) -> EventDetail:
    payload = pair[0].payload.decode("utf-8", "replace") if caller().may("admin") else None
    return EventDetail(**_plain(pair), payload=payload)

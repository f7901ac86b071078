"""``signals/{id}/revisions`` and ``/receipts``: what a signal said before, and why it was captured."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import defer

from core.taming import JsonObject
from db import Event, Outcome, SignalRevision
from db import Receipt as ReceiptRow
from db import Signal as SignalRow
from web.api.blueprint import api
from web.api.fields import ListQuery
from web.api.rows import owned, plain
from web.auth import caller
from web.paging import cut, newest_first
from web.services import services

REVISION: JsonObject = {
    "source_version": "1763632800.000100", "verbatim": "The export fails.", "replaced_at": "2026-11-20T10:05:00Z",
}  # fmt: skip
RECEIPT: JsonObject = {
    "event_id": "evt_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "platform": "slack", "type": "message", "outcome": "captured",
    "reason": None, "integration_id": "int_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "received_at": "2026-11-20T10:00:00Z",
}  # fmt: skip


class Revision(BaseModel):
    """What a signal said until it was edited at its source."""

    model_config = ConfigDict(json_schema_extra={"examples": [REVISION]})

    source_version: str
    verbatim: str
    replaced_at: datetime


class RevisionPage(BaseModel):
    """Earlier versions, the one that was replaced last first. None of a signal that was deleted."""

    items: list[Revision]
    next_cursor: str | None


class SignalReceipt(BaseModel):
    """An event that touched the signal, and what became of it: `GET /events/{event_id}` has the rest."""

    model_config = ConfigDict(json_schema_extra={"examples": [RECEIPT]})

    event_id: str
    platform: str
    type: str
    outcome: Outcome
    reason: str | None = Field(description="A stable slug; null where the outcome says all.")
    integration_id: str | None
    received_at: datetime


class SignalReceiptPage(BaseModel):
    """Why the signal is as it is, newest event first."""

    items: list[SignalReceipt]
    next_cursor: str | None


@api.get("/signals/<signal_id>/revisions")
@api.input(ListQuery, location="query")
@api.output(RevisionPage)
def list_signal_revisions(signal_id: str, query_data: ListQuery) -> RevisionPage:
    """List what a signal said before its edits. Of a signal that was deleted at its source nothing is told."""
    with services().database.read() as session:
        signal = owned(session, SignalRow, signal_id, "signal")
        said = select(SignalRevision).where(
            SignalRevision.signal_id == signal.id, SignalRevision.workspace_id == signal.workspace_id
        )
        replaced_at, version = SignalRevision.replaced_at, SignalRevision.source_version
        said = newest_first(said, replaced_at, version, limit=query_data.limit, cursor=query_data.cursor)
        rows = session.scalars(said).all() if signal.deleted_at is None else ()
    page, next_cursor = cut(rows, query_data.limit, lambda row: (row.replaced_at, row.source_version))
    return RevisionPage(items=[Revision(**plain(Revision, row)) for row in page], next_cursor=next_cursor)


@api.get("/signals/<signal_id>/receipts")
@api.input(ListQuery, location="query")
@api.output(SignalReceiptPage)
def list_signal_receipts(signal_id: str, query_data: ListQuery) -> SignalReceiptPage:
    """List the events that made a signal what it is: the answer to "why was this captured?"."""
    with services().database.read() as session:
        signal = owned(session, SignalRow, signal_id, "signal")
        touched = select(ReceiptRow, Event).join(Event, Event.id == ReceiptRow.event_id).options(defer(Event.payload))
        touched = touched.where(ReceiptRow.signal_id == signal.id, ReceiptRow.workspace_id == caller().workspace_id)
        touched = newest_first(touched, Event.received_at, Event.id, limit=query_data.limit, cursor=query_data.cursor)
        rows = session.execute(touched).all()
    page, next_cursor = cut(rows, query_data.limit, lambda row: (row[1].received_at, row[1].id))
    return SignalReceiptPage(items=[_receipt(*row) for row in page], next_cursor=next_cursor)


def _receipt(receipt: ReceiptRow, event: Event) -> SignalReceipt:
    of_event = {name: getattr(event, name) for name in ("platform", "type", "received_at")}
    of_receipt = {name: getattr(receipt, name) for name in ("event_id", "outcome", "reason", "integration_id")}
    return SignalReceipt(**of_event, **of_receipt)

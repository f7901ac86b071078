"""What arrived for a workspace and what became of it: found through its receipts and its own doors, and replayed.

Ids sort by time, so each way in is one index walked from its newest end: the cost does not grow with other tenants.
What waits or failed is little and has indexes of its own: it is looked through first, and asked whose it is afterwards.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal_column, or_, select, union_all
from sqlalchemy.orm import Session, defer

from core.errors import Conflict, NotFound
from db import Event, Integration, Receipt, Signal, WebhookKey
from pipeline.process import Process
from pipeline.replay import replay
from web.actions import Actor, audit, speakable
from web.actions.erasure import ERASED_REASON, ERASED_VERSION
from web.services import services

MOST_AT_ONCE = 200
_FEW = frozenset({"pending", "failed"})
"""States of which there are few events, whoever's they are; a partial index holds them."""


class Arrived(NamedTuple):
    """An event (its payload is loaded only when asked for) and what became of it in the workspace, if anything."""

    event: Event
    receipt: Receipt | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which events: every filter that is set must hold. ``before`` is the id that the page before ended with."""

    state: str | None = None
    platform: str | None = None
    type: str | None = None
    outcome: str | None = None
    before: str | None = None
    limit: int = 50


def list_events(session: Session, workspace_id: str, asked: Asked) -> list[Arrived]:
    """Newest first, and one more than ``limit`` when there are more."""
    found_by = _among_few(workspace_id, asked) if asked.state in _FEW else _ways(session, workspace_id, asked)
    ways = [way.order_by(way.selected_columns.id.desc()).limit(asked.limit + 1) for way in found_by]
    ids = union_all(*(select(way.subquery().c.id) for way in ways)).subquery()
    newest = select(ids.c.id).distinct().order_by(ids.c.id.desc()).limit(asked.limit + 1)
    found = session.scalars(newest).all()
    rows = session.execute(_with_receipts(workspace_id).options(defer(Event.payload)).where(Event.id.in_(found)))
    return sorted((Arrived(*row) for row in rows), key=lambda arrived: arrived.event.id, reverse=True)


def find_event(session: Session, workspace_id: str, event_id: str) -> Arrived:
    """The event, if the workspace has a receipt of it or it came in by one of its doors. Raises `NotFound`."""
    integrations = select(Integration.id).where(Integration.workspace_id == workspace_id)
    keys = select(WebhookKey.id).where(WebhookKey.workspace_id == workspace_id)
    query = _with_receipts(workspace_id).where(
        Event.id == speakable(event_id, "event"),
        or_(
            Receipt.event_id.is_not(None),
            Event.integration_id.in_(integrations),
            Event.webhook_key_id.in_(keys),
        ),
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("event")
    return Arrived(*row)


def payload_of(session: Session, arrived: Arrived) -> str | None:
    """The payload as text; None when the words in it were erased in this workspace (another may still hold them)."""
    event, receipt = arrived
    if event.reason == ERASED_REASON or (receipt is not None and receipt.reason == ERASED_REASON):
        return None
    if receipt is not None and receipt.signal_id is not None:
        signal = session.get(Signal, receipt.signal_id)
        if signal is not None and signal.source_version == ERASED_VERSION:
            return None
    return event.payload.decode("utf-8", "replace")


def replay_events(who: Actor, event_ids: Sequence[str]) -> list[Arrived]:
    """Sends these events through the pipeline again; no signal is doubled. Raises `NotFound` when one is not the
    workspace's, `Conflict` when what it said was erased: then none is replayed.
    """
    with services().database.write() as session:
        found = [find_event(session, who.workspace_id, event_id) for event_id in event_ids[:MOST_AT_ONCE]]
        if any(payload_of(session, arrived) is None for arrived in found):
            raise Conflict("event_erased", "What this event said was erased; it cannot be replayed.")
        replay(session, [arrived.event.id for arrived in found], services().clock())
        for arrived in found:
            audit(session, who, "event.replayed", arrived.event.id)
    services().wake(Process.name)
    with services().database.read() as session:
        return [find_event(session, who.workspace_id, arrived.event.id) for arrived in found]


def _among_few(workspace_id: str, asked: Asked) -> Iterator[Select[str]]:
    """The ids of the workspace's events in a state that few are in."""
    integrations = select(Integration.id).where(Integration.workspace_id == workspace_id)
    keys = select(WebhookKey.id).where(WebhookKey.workspace_id == workspace_id)
    receipt = exists().where(Receipt.event_id == Event.id, Receipt.workspace_id == workspace_id)
    if asked.outcome is not None:
        concerns: ColumnElement[bool] = receipt.where(Receipt.outcome == asked.outcome)
    else:
        # As expressions: by the columns' own indexes SQLite would read every event that ever came in by these doors.
        doors = (func.coalesce(Event.integration_id, ""), integrations), (func.coalesce(Event.webhook_key_id, ""), keys)
        concerns = or_(receipt, *(door.in_(ids) for door, ids in doors))
    # The state as it stands in the partial index: SQLite looks at no parameter there.
    few = select(Event.id.label("id")).where(Event.state == literal_column(f"'{asked.state}'"), concerns)
    for column, value in ((Event.platform, asked.platform), (Event.type, asked.type)):
        if value is not None:
            few = few.where(column == value)
    few = few if asked.before is None else few.where(Event.id < asked.before)
    if asked.state == "pending":
        # Its index knows no order. OFFSET 0: SQLite would go through all events, the newest first, instead.
        few = select(few.offset(0).subquery().c.id)
    yield few


def _ways(session: Session, workspace_id: str, asked: Asked) -> Iterator[Select[str]]:
    """The ids of events by each way that they concern the workspace; an event may come by several."""
    events = [column == value for column, value in (
        (Event.state, asked.state), (Event.platform, asked.platform), (Event.type, asked.type),
    ) if value is not None]  # fmt: skip
    receipts = select(Receipt.event_id.label("id")).where(Receipt.workspace_id == workspace_id)
    if events:
        receipts = receipts.join(Event, Event.id == Receipt.event_id).where(*events)
    if asked.outcome is not None:
        receipts = receipts.where(Receipt.outcome == asked.outcome)
    yield receipts if asked.before is None else receipts.where(Receipt.event_id < asked.before)
    if asked.outcome is not None:
        return
    for model, door in ((Integration, Event.integration_id), (WebhookKey, Event.webhook_key_id)):
        for door_id in session.scalars(select(model.id).where(model.workspace_id == workspace_id)):
            through = select(Event.id.label("id")).where(door == door_id, *events)
            yield through if asked.before is None else through.where(Event.id < asked.before)


def _with_receipts(workspace_id: str) -> Select[Event, Receipt]:
    own = and_(Receipt.event_id == Event.id, Receipt.workspace_id == workspace_id)
    return select(Event, Receipt).outerjoin(Receipt, own)

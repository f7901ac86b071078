"""The one primitive of background work: claim due rows, do one step, commit.

A claim lasts as long as its transaction. Work that leaves the database (network) takes a lease instead: the row's
``lease_token`` is set and ``due_at`` is when somebody else may try. It commits only while the lease is its own.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select, update
from sqlalchemy.orm import Session

from core.ids import new_id
from db import Database, Event
from db.dialects import claiming
from db.stream import WAITING, Lane

LEASE = timedelta(seconds=60)


def has_due(database: Database, lane: Lane, now: datetime) -> bool:
    """A cheap look without locks, so that an idle worker never takes SQLite's writer lock."""
    with database.read() as session:
        return session.scalar(select(Event.id).where(_due(lane, now)).limit(1)) is not None


def claim_due(session: Session, lane: Lane, now: datetime, *, limit: int) -> Sequence[Event]:
    """Up to ``limit`` due events that nobody else holds, oldest first; held until the transaction ends."""
    return session.scalars(claiming(select(Event).where(_due(lane, now)).order_by(Event.due_at).limit(limit))).all()


def claim_companions(session: Session, events: Sequence[Event], *, limit: int) -> list[Event]:
    """Other events of the same connections about the same subjects, even if they are not due yet, that nobody has
    leased: what is looked up for one is true for all.
    """
    subjects = {(event.integration_id, event.subject) for event in events if event.integration_id and event.subject}
    if not subjects:
        return []
    query = select(Event).where(
        Event.state == "pending",
        Event.lane == "complete",
        Event.lease_token.is_(None),
        Event.subject.in_({subject for _, subject in subjects}),
        Event.id.not_in([event.id for event in events]),
    )
    found = session.scalars(claiming(query.order_by(Event.id).limit(limit)))
    return [event for event in found if (event.integration_id, event.subject) in subjects]


def claim_one(session: Session, event_id: str, *, lease: str | None = None) -> Event | None:
    """That event if it is still pending and, with a lease, still ours: then nobody else works on it, and whoever holds
    its row for a moment (to count a repeat) is waited for.
    """
    query = select(Event).where(Event.id == event_id, Event.state == "pending")
    if lease is None:
        return session.scalars(claiming(query)).one_or_none()
    return session.scalars(query.where(Event.lease_token == lease).with_for_update()).one_or_none()


def lease_out(session: Session, event_ids: Sequence[str], now: datetime) -> str:
    """Leases these events to the caller; returns the token that proves it. From now on an equal body is an event of its
    own: what is read for these may be older.
    """
    token = new_id("lea")
    values: dict[str, Any] = {"lease_token": token, "due_at": now + LEASE, "external_id": without_waiting()}
    session.execute(update(Event).where(Event.id.in_(event_ids)).values(**values))
    return token


def without_waiting() -> Any:
    """The event's external id, unless it is one that only holds while the event waits."""
    return case((Event.external_id.startswith(WAITING, autoescape=True), None), else_=Event.external_id)


def change_lane(session: Session, event_ids: Sequence[str], lane: Lane, due_at: datetime) -> None:
    """Hands these events to the other step, which may take them from then on."""
    session.execute(update(Event).where(Event.id.in_(event_ids)).values(lane=lane, due_at=due_at))


def next_due_at(database: Database, *lanes: Lane) -> datetime | None:
    """When the lanes' earliest pending event falls due."""
    with database.read() as session:
        return session.scalar(select(func.min(Event.due_at)).where(Event.state == "pending", Event.lane.in_(lanes)))


def _due(lane: Lane, now: datetime) -> ColumnElement[bool]:
    return and_(Event.state == "pending", Event.lane == lane, Event.due_at <= now)

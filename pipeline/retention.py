"""Retention: what a workspace no longer keeps is deleted, in batches, hour by hour."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, exists, select
from sqlalchemy.orm import Session
from ulid import ULID

from core.clock import Clock
from core.logs import get_logger
from db import Database, Event, Integration, Receipt, Signal, SlackApp, WebhookKey, Workspace
from pipeline.engine.steps import Progress

BATCH = 500
EVERY = timedelta(hours=1)
DEDUPE_LIVES = timedelta(days=7)
"""Events are kept at least this long: a repeat must be told from something new."""

_DOORS = (
    (Integration, Event.integration_id),
    (WebhookKey, Event.webhook_key_id),
    (SlackApp, Event.slack_app_id),  # the workspace's own apps, not the one that all share
)

log = get_logger()


@dataclass(kw_only=True)
class Retention:
    """The step. It claims nothing: deleting twice deletes once, and a missed round is made up for by the next."""

    database: Database
    clock: Clock
    _next_at: datetime | None = field(default=None, init=False)
    _nobodys_until: datetime = field(default=datetime.min.replace(tzinfo=UTC), init=False)

    name = "retention"

    def run(self) -> Progress:
        """One batch of each kind for every workspace that keeps things for a limited time."""
        now = self.clock()
        if self._next_at is not None and now < self._next_at:
            return Progress(0, self._next_at)
        done = sum(self._forget(workspace_id, days, now) for workspace_id, days in self._limited())
        done += self._forget_nobodys(now)
        if not done:
            self._next_at = now + EVERY
        return Progress(done, self._next_at if not done else None)

    def _limited(self) -> list[tuple[str, int]]:
        query = select(Workspace.id, Workspace.retention_days).where(Workspace.retention_days.is_not(None))
        with self.database.read() as session:
            return [(workspace_id, days) for workspace_id, days in session.execute(query) if days]

    def _forget(self, workspace_id: str, days: int, now: datetime) -> int:
        """How many signals and events were deleted. Looks first, so that idle rounds take no writer lock."""
        signals_before = now - timedelta(days=days)
        events_before = now - max(timedelta(days=days), DEDUPE_LIVES)
        with self.database.read() as session:
            if not _old_signals(session, workspace_id, signals_before) and not _old_events(
                session, workspace_id, events_before
            ):
                return 0
        with self.database.write() as session:
            signals = _old_signals(session, workspace_id, signals_before)
            session.execute(delete(Signal).where(Signal.id.in_(signals)))
            events = _old_events(session, workspace_id, events_before)
            mine = (Receipt.workspace_id == workspace_id, Receipt.event_id.in_(events))
            session.execute(delete(Receipt).where(*mine))
            session.execute(delete(Event).where(Event.id.in_(events), Event.state != "pending", ~_has_receipt()))
        log.info("retention_applied", workspace_id=workspace_id, count=len(signals) + len(events))
        return len(signals) + len(events)

    def _forget_nobodys(self, now: datetime) -> int:
        """Events of a shared Slack app that were for nobody here: kept as long as a repeat must be told, no longer.
        Each round looks only at what grew old since the last.
        """
        before = now - DEDUPE_LIVES
        with self.database.read() as session:
            ids = session.scalars(_nobodys_events(self._nobodys_until, before)).all()
        if len(ids) < BATCH:
            self._nobodys_until = before
        if ids:
            with self.database.write() as session:
                session.execute(delete(Event).where(Event.id.in_(ids), Event.state != "pending", ~_has_receipt()))
            log.info("nobodys_events_forgotten", count=len(ids))
        return len(ids)


def _nobodys_events(since: datetime, before: datetime) -> Select[str]:
    shared = select(SlackApp.id).where(SlackApp.workspace_id.is_(None))
    query = select(Event.id).where(
        Event.received_at >= since,
        Event.received_at < before,
        Event.slack_app_id.in_(shared),
        Event.state != "pending",
        ~_has_receipt(),
    )
    return query.order_by(Event.received_at, Event.id).limit(BATCH)


def _old_signals(session: Session, workspace_id: str, before: datetime) -> list[str]:
    query = select(Signal.id).where(Signal.workspace_id == workspace_id, Signal.occurred_at < before)
    return list(session.scalars(query.order_by(Signal.occurred_at, Signal.id).limit(BATCH)))


def _old_events(session: Session, workspace_id: str, before: datetime) -> list[str]:
    """Events that the workspace received or that came in by its own doors. Ids sort by time, so an id stands for it;
    an event that still waits is kept.
    """
    earlier = f"{Event.id_prefix}_{ULID.from_datetime(before)}"[: len(Event.id_prefix) + 11]
    settled = exists().where(Event.id == Receipt.event_id, Event.state != "pending")
    received = select(Receipt.event_id).where(Receipt.workspace_id == workspace_id, Receipt.event_id < earlier, settled)
    found = list(session.scalars(received.order_by(Receipt.event_id).limit(BATCH)))
    for model, door in _DOORS:
        for door_id in session.scalars(select(model.id).where(model.workspace_id == workspace_id)).all():
            unclaimed = select(Event.id).where(door == door_id, Event.id < earlier, Event.state != "pending")
            found += session.scalars(unclaimed.where(~_has_receipt()).order_by(Event.id).limit(BATCH))
    return found[:BATCH]


def _has_receipt() -> ColumnElement[bool]:
    return exists().where(Receipt.event_id == Event.id)

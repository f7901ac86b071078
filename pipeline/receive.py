"""The inbox: an authentic event is stored once and committed before anyone acknowledges it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.ids import new_id
from db import Database, Event
from db.dialects import insert_into


@dataclass(frozen=True, slots=True)
class Arrival:
    """An authentic request on its way into the inbox. Exactly one credential is set.

    ``failed`` is the reason when the body cannot be understood: it is stored all the same, for a person to look at.
    """

    platform: str
    type: str
    payload: bytes
    received_at: datetime
    external_id: str | None = None
    slack_app_id: str | None = None
    integration_id: str | None = None
    webhook_key_id: str | None = None
    failed: str | None = None

    def row(self) -> dict[str, object]:
        """The event's row."""
        return {
            "id": new_id(Event.id_prefix),
            "platform": self.platform,
            "slack_app_id": self.slack_app_id,
            "integration_id": self.integration_id,
            "webhook_key_id": self.webhook_key_id,
            "external_id": self.external_id,
            "type": self.type,
            "payload": self.payload,
            "state": "failed" if self.failed else "pending",
            "reason": self.failed,
            "due_at": None if self.failed else self.received_at,
            "received_at": self.received_at,
            "processed_at": self.received_at if self.failed else None,
            "attempts": 0,
        }


@dataclass(frozen=True, slots=True)
class Stored:
    """The event is committed: it was new, or it had been here before."""

    event_id: str
    duplicate: bool


class Inbox(Protocol):
    """Where arrivals become events. Implementations may gather several arrivals into one commit (group commit);
    `store` returns only after the commit that holds its arrival.
    """

    def store(self, arrival: Arrival) -> Stored:
        """Raises the database's error when nothing was committed."""


class CommitEach:
    """One transaction per arrival; ``wake`` is called after the commit of a new event."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        self._database = database
        self._wake = wake

    def store(self, arrival: Arrival) -> Stored:
        """See `Inbox.store`."""
        with self._database.write() as session:
            stored = insert_once(session, arrival)
        if not stored.duplicate and not arrival.failed:
            self._wake()
        return stored


def insert_once(session: Session, arrival: Arrival) -> Stored:
    """The idempotent insert: a repeat of (credential, external id) names the first event."""
    row = arrival.row()
    insert = insert_into(session, Event).on_conflict_do_nothing().returning(Event.__table__.c.id)
    inserted = session.execute(insert, [row]).scalar()
    if inserted is not None:
        return Stored(inserted, duplicate=False)
    first = session.scalars(
        select(Event.id).where(
            Event.slack_app_id == arrival.slack_app_id,
            Event.integration_id == arrival.integration_id,
            Event.webhook_key_id == arrival.webhook_key_id,
            Event.external_id == arrival.external_id,
        )
    ).one()
    return Stored(first, duplicate=True)

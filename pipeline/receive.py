"""The inbox: an authentic event is stored once and committed before anyone acknowledges it."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.ids import new_id
from db import Database, Event
from db.dialects import insert_into
from db.stream import WAITING, Lane


@dataclass(frozen=True, slots=True)
class Arrival:
    """An authentic request on its way into the inbox. Exactly one credential is set.

    ``failed`` is the reason when the body cannot be understood: it is stored all the same, for a person to look at.
    ``while_waiting``: an equal one without an external id that nobody has taken up yet stands for this one too. That is
    only for what is read again from its source after it was taken up.
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
    subject: str | None = None
    lane: Lane = "decide"
    while_waiting: bool = False

    @property
    def key(self) -> str | None:
        """What a repeat is known by."""
        if self.external_id is None and self.while_waiting and self.failed is None:
            return WAITING + hashlib.sha256(self.payload).hexdigest()
        return self.external_id

    def row(self) -> dict[str, object]:
        """The event's row."""
        return {
            "id": new_id(Event.id_prefix),
            "platform": self.platform,
            "slack_app_id": self.slack_app_id,
            "integration_id": self.integration_id,
            "webhook_key_id": self.webhook_key_id,
            "external_id": self.key,
            "type": self.type,
            "subject": self.subject,
            "payload": self.payload,
            "state": "failed" if self.failed else "pending",
            "reason": self.failed,
            "lane": self.lane,
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


@dataclass(slots=True)
class _Waiting:
    """An arrival that waits for a commit, and what came of it."""

    arrival: Arrival
    stored: Stored | None = None
    error: Exception | None = None


class GroupCommit:
    """One transaction for all arrivals that wait while the one before commits: where there is one writer, the disk
    is asked once for many. Whoever gets the turn first commits for everybody who queued up to then.
    """

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        self._database = database
        self._wake = wake
        self._queue: list[_Waiting] = []
        self._queueing = threading.Lock()
        self._turn = threading.Lock()

    def store(self, arrival: Arrival) -> Stored:
        """See `Inbox.store`."""
        waiting = _Waiting(arrival)
        with self._queueing:
            self._queue.append(waiting)
        with self._turn:
            if waiting.stored is None and waiting.error is None:
                self._commit(self._take())
        if waiting.stored is None:
            raise waiting.error or RuntimeError("an arrival was passed over")
        return waiting.stored

    def _take(self) -> list[_Waiting]:
        with self._queueing:
            group, self._queue = self._queue, []
        return group

    def _commit(self, group: list[_Waiting]) -> None:
        try:
            with self._database.write() as session:
                stored = [insert_once(session, waiting.arrival) for waiting in group]
        except Exception as error:  # noqa: BLE001  # told to each of its senders
            self._commit_singly(group, error)
            return
        for waiting, result in zip(group, stored, strict=True):
            waiting.stored = result
        if any(not result.duplicate for result in stored):
            self._wake()

    def _commit_singly(self, group: list[_Waiting], error: Exception) -> None:
        """What one arrival spoiled must not be refused to the others."""
        if len(group) == 1:
            group[0].error = error
            return
        for waiting in group:
            self._commit([waiting])


def insert_once(session: Session, arrival: Arrival) -> Stored:
    """The idempotent insert: a repeat of (credential, external id) names the first event, and counts there.

    One that was taken up between both statements has lost its key (`pipeline.claim.lease_out`): what is read for it may
    be older than this arrival, which becomes an event of its own.
    """
    row = arrival.row()
    insert = insert_into(session, Event).on_conflict_do_nothing().returning(Event.__table__.c.id)
    repeated = update(Event).where(
        Event.slack_app_id == arrival.slack_app_id,
        Event.integration_id == arrival.integration_id,
        Event.webhook_key_id == arrival.webhook_key_id,
        Event.external_id == arrival.key,
    )
    count = repeated.values(repeats=Event.repeats + 1).returning(Event.id)
    while True:
        inserted = session.execute(insert, [row]).scalar()
        if inserted is not None:
            return Stored(inserted, duplicate=False)
        if (first := session.scalars(count).one_or_none()) is not None:
            return Stored(first, duplicate=True)

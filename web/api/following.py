"""What changed in a workspace's signals since a place, told in the order of the changes and without leaving one out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypeAlias

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from core.clock import Clock
from db import Database, Signal
from web.paging import BEFORE_ALL, Position

Kind: TypeAlias = Literal["created", "updated", "deleted"]
Change: TypeAlias = Position
"""When a signal was changed, and its id."""

BATCH = 200
OVERLAP = timedelta(seconds=10)
"""A row gets its ``updated_at`` before its transaction commits: the newest seconds are looked through again."""

MOST_LATE = 5_000


@dataclass(frozen=True, slots=True)
class News:
    """One change: what to go on after, and the signal as it is by now."""

    kind: Kind
    change: Change
    signal: Signal


@dataclass
class Follower:
    """One client's place. ``start`` None begins at the present moment."""

    database: Database
    workspace_id: str
    clock: Clock
    start: Position | None
    is_behind: bool = False
    told: set[Change] = field(default_factory=set)
    known: set[str] = field(default_factory=set)

    def begin(self) -> Position:
        """Where it begins; what can be seen now of the moments before needs no telling."""
        self.place: Position = self.start or (self.clock(), BEFORE_ALL)
        self.since = self.place[0]
        if self.start is None:
            with self.database.read() as session:
                self.told.update(self._late(session))
            self.known.update(signal_id for _, signal_id in self.told)
        return self.place

    def news(self) -> list[News]:
        """What changed since the last time, oldest change first. ``is_behind`` says that there is more."""
        with self.database.read() as session:
            fresh = self._fresh(session)
            self.is_behind = len(fresh) == BATCH
            late = [] if self.is_behind else self._late(session)
            due = sorted({*fresh, *late} - self.told)
            signals = self._read(session, due)
        news = [
            News(self._kind(signals[change[1]]), change, signals[change[1]]) for change in due if change[1] in signals
        ]
        self._go_on(fresh, due)
        return news

    def _fresh(self, session: Session) -> Sequence[Change]:
        at, last = self.place
        later = (Signal.updated_at >= at, or_(Signal.updated_at > at, Signal.id > last))
        return self._changes(session, *later, is_newest_first=False, limit=BATCH)

    def _late(self, session: Session) -> Sequence[Change]:
        """What lies before the place and may have been committed only now."""
        window = (Signal.updated_at > self.clock() - OVERLAP, Signal.updated_at <= self.place[0])
        return self._changes(session, *window, is_newest_first=True, limit=MOST_LATE)

    def _changes(
        self, session: Session, *where: ColumnElement[bool], is_newest_first: bool, limit: int
    ) -> Sequence[Change]:
        order = (Signal.updated_at, Signal.id)
        query = select(*order).where(Signal.workspace_id == self.workspace_id, *where)
        query = query.order_by(*(column.desc() for column in order) if is_newest_first else order).limit(limit)
        return [(at, signal_id) for at, signal_id in session.execute(query)]

    def _read(self, session: Session, due: Sequence[Change]) -> dict[str, Signal]:
        """The signals as they are now, by id."""
        query = select(Signal).where(Signal.id.in_([signal_id for _, signal_id in due]))
        return {signal.id: signal for signal in session.scalars(query)} if due else {}

    def _kind(self, signal: Signal) -> Kind:
        """Created: this client was not told of it, and it is younger than the client's place or unchanged since."""
        if signal.deleted_at is not None:
            return "deleted"
        is_young = signal.created_at >= min(self.since, signal.updated_at)
        return "created" if is_young and signal.id not in self.known else "updated"

    def _go_on(self, fresh: Sequence[Change], due: Sequence[Change]) -> None:
        """Remembers what was told for as long as it can be met again."""
        if fresh:
            self.place = max(self.place, fresh[-1])
        self.known.update(signal_id for _, signal_id in due)
        forgotten = self.clock() - 2 * OVERLAP
        self.told = {change for change in (*self.told, *due) if change[0] > forgotten}

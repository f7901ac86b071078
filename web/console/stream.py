"""The stream of signals as the console shows it: newest first, and what changed since somebody looked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, and_, literal, not_, select, tuple_
from sqlalchemy.orm import Session

from db import Signal
from db.base import UtcDateTime
from web.console.cursors import read_cursor, write_cursor
from web.console.rows import SignalRow, signal_row

PAGE = 50
CHANGES = 100
OVERLAP = timedelta(seconds=10)
"""A row gets its ``updated_at`` before its transaction commits, so the newest seconds are always asked for again."""

_TOMBSTONE = and_(
    Signal.deleted_at.is_not(None),
    Signal.verbatim == "",
    Signal.author_name.is_(None),
    Signal.author_external_id.is_(None),
)
"""Left by a deletion whose original never came: nobody's words, so nothing to show."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of the stream; ``older`` is the cursor of the next page, None on the last one."""

    rows: tuple[SignalRow, ...]
    is_newest: bool
    older: str | None


@dataclass(frozen=True, slots=True)
class Changes:
    """Rows written since the cursor, oldest change first, and the cursor to come back with."""

    rows: tuple[SignalRow, ...]
    cursor: str


def page(session: Session, workspace_id: str, *, before: str | None = None) -> Page:
    """The newest signals, or those older than the cursor; what is not a cursor means the newest."""
    query = select(Signal).where(*_visible(workspace_id))
    place = read_cursor(before)
    if place is not None:
        query = query.where(tuple_(Signal.occurred_at, Signal.id) < _place(*place))
    newest_first = query.order_by(Signal.occurred_at.desc(), Signal.id.desc())
    signals = session.scalars(newest_first.limit(PAGE + 1)).all()
    shown = signals[:PAGE]
    older = write_cursor(shown[-1].occurred_at, shown[-1].id) if len(signals) > PAGE else None
    return Page(tuple(map(signal_row, shown)), place is None, older)


def changes(session: Session, workspace_id: str, *, since: str | None, now: datetime) -> Changes:
    """What was captured, edited or deleted since the cursor; what is not a cursor means since just now.

    Rows of the last seconds come again and again; they carry their version, by which repeats are told.
    """
    start = read_cursor(since) or (now - OVERLAP, "")
    query = select(Signal).where(*_visible(workspace_id), tuple_(Signal.updated_at, Signal.id) > _place(*start))
    signals = session.scalars(query.order_by(Signal.updated_at, Signal.id).limit(CHANGES)).all()
    if len(signals) == CHANGES:
        last = signals[-1]
        return Changes(tuple(map(signal_row, signals)), write_cursor(last.updated_at, last.id))
    return Changes(tuple(map(signal_row, signals)), write_cursor(*max(start, (now - OVERLAP, ""))))


def first_cursor(now: datetime) -> str:
    """Where a page that is rendered now starts to listen."""
    return write_cursor(now - OVERLAP)


def one(session: Session, workspace_id: str, signal_id: str) -> Signal | None:
    """The signal, unless it is another workspace's."""
    return session.scalars(select(Signal).where(*_visible(workspace_id), Signal.id == signal_id)).one_or_none()


def _visible(workspace_id: str) -> tuple[ColumnElement[bool], ...]:
    return (Signal.workspace_id == workspace_id, not_(_TOMBSTONE))


def _place(moment: datetime, row_id: str) -> ColumnElement[tuple[datetime, str]]:
    return tuple_(literal(moment, UtcDateTime()), literal(row_id, String()))

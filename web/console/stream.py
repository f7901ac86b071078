"""The stream of signals as the console shows it: newest first, and what changed since somebody looked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, and_, literal, not_, select, tuple_
from sqlalchemy.orm import Session

from core.errors import InvalidFields
from db import Signal
from db.base import UtcDateTime
from web.api.search import best_page, newest_page
from web.api.signal_filters import SignalChoice, conditions
from web.console.rows import SignalRow, signal_row
from web.console.search import Search
from web.paging import BEFORE_ALL, encode_cursor, position_in

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
    """Some rows of the stream; ``older`` is the cursor of the next page, None on the last one. ``is_newest`` when what
    is said next belongs on top.
    """

    rows: tuple[SignalRow, ...]
    is_newest: bool
    older: str | None


@dataclass(frozen=True, slots=True)
class Changes:
    """Rows written since the cursor, oldest change first, and the cursor to come back with."""

    rows: tuple[SignalRow, ...]
    cursor: str


def page(session: Session, workspace_id: str, search: Search, *, before: str | None = None) -> Page:
    """The newest signals of a search, or those older than the cursor; what is not a cursor means the newest.

    By relevance: those that fit best, or after the cursor.
    """
    if search.is_by_relevance and search.filters is not None:
        return _best(session, workspace_id, search.filters, before)
    place = before if position_in(before) else None
    if search.filters is None:
        return Page((), place is None, None)
    signals, older = newest_page(session, workspace_id, search.filters, not_(_TOMBSTONE), limit=PAGE, cursor=place)
    return Page(tuple(map(signal_row, signals)), place is None, older)


def changes(session: Session, workspace_id: str, search: Search, *, since: str | None, now: datetime) -> Changes:
    """What was captured, edited or deleted since the cursor; what is not a cursor means since just now.

    Rows of the last seconds come again and again; they carry their version, by which repeats are told.
    """
    start = position_in(since) or (now - OVERLAP, BEFORE_ALL)
    query = select(Signal.id, Signal.updated_at).where(
        Signal.workspace_id == workspace_id, tuple_(Signal.updated_at, Signal.id) > _place(*start)
    )
    written = session.execute(query.order_by(Signal.updated_at, Signal.id).limit(CHANGES)).all()
    found = _found(session, search, [signal_id for signal_id, _ in written])
    if len(written) == CHANGES:
        signal_id, updated_at = written[-1]
        return Changes(found, encode_cursor((updated_at, signal_id)))
    return Changes(found, encode_cursor(max(start, (now - OVERLAP, BEFORE_ALL))))


def first_cursor(now: datetime) -> str:
    """Where a page that is rendered now starts to listen."""
    return encode_cursor((now - OVERLAP, BEFORE_ALL))


def one(session: Session, workspace_id: str, signal_id: str) -> Signal | None:
    """The signal, unless it is another workspace's."""
    return session.scalars(select(Signal).where(*visible(workspace_id), Signal.id == signal_id)).one_or_none()


def of_conversation(session: Session, conversation_id: str) -> Sequence[Signal]:
    """What was said in a conversation, in order, whichever source it came from; at most 200 signals.

    The workspace is the conversation's and not asked for again: SQLite would read all of its signals in order.
    """
    query = select(Signal).where(not_(_TOMBSTONE), Signal.conversation_id == conversation_id)
    return session.scalars(query.order_by(Signal.occurred_at, Signal.id).limit(200)).all()


def visible(workspace_id: str) -> tuple[ColumnElement[bool], ...]:
    """The workspace's signals that have something to show."""
    return (Signal.workspace_id == workspace_id, not_(_TOMBSTONE))


def _best(session: Session, workspace_id: str, filters: SignalChoice, after: str | None) -> Page:
    try:
        signals, rest = best_page(session, workspace_id, filters, not_(_TOMBSTONE), limit=PAGE, cursor=after or None)
    except InvalidFields:  # the cursor is none
        signals, rest = best_page(session, workspace_id, filters, not_(_TOMBSTONE), limit=PAGE)
    return Page(tuple(map(signal_row, signals)), is_newest=False, older=rest)


def _found(session: Session, search: Search, ids: Sequence[str]) -> tuple[SignalRow, ...]:
    """Those of the workspace's signals that the search finds; a deletion is told whatever is looked for.

    The workspace is not asked for again: SQLite would prefer its index to that of the ids.
    """
    filters = search.with_deleted().filters
    if not ids or filters is None:
        return ()
    query = select(Signal).where(not_(_TOMBSTONE), Signal.id.in_(ids), *conditions(filters))
    order = {signal_id: number for number, signal_id in enumerate(ids)}
    return tuple(map(signal_row, sorted(session.scalars(query), key=lambda signal: order[signal.id])))


def _place(moment: datetime, row_id: str) -> ColumnElement[tuple[datetime, str]]:
    return tuple_(literal(moment, UtcDateTime()), literal(row_id, String()))

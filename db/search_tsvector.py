"""Search on PostgreSQL: a tsvector per signal, through GIN when matches are few and by time when they are many.

GIN hands over all matches before the first can be shown, and each costs a page to look at. The planner's statistics say
whether there are few. Of many, the newest signals are looked at one by one, which finds common words; from how many of
them match follows how far back GIN must search, and words that name the time keep it to that.
https://www.postgresql.org/docs/current/gin.html
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    FromClause,
    Integer,
    MetaData,
    Select,
    String,
    Subquery,
    Table,
    cast,
    func,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, TSVECTOR
from sqlalchemy.orm import Session

from core.search_text import Query
from db.base import UtcDateTime
from db.search_outlook import outlook
from db.search_terms import ANY_SCOPE, Asked, Hit, scope_of
from db.search_tsquery import Wanted, spans_between, wanted_of
from db.stream import Signal

FEW = 2_000
"""Matches that are looked at whole; words of which the statistics know nothing have no more. When there are more after
all, they are left.
"""

WALKED = 2_000
FARTHEST = 6_000
"""As far as a walk goes on that is likely to fill the page."""

TELLING = 5
"""So many matches in the walk tell how often others come."""

LONGEST_WALK = timedelta(days=100_000)
WIDER = 8
MOST_IN_SPANS = 300_000
"""Entries of a time above which its words cost GIN more than they spare."""

LONGEST_BOUNDS = timedelta(days=200)
EARLIEST = datetime(1, 1, 1, tzinfo=UTC)

_words = Table(
    "signal_words", MetaData(), Column("signal_id", String), Column("workspace_id", String),
    Column("occurred_at", UtcDateTime), Column("words", TSVECTOR), Column("shingles", ARRAY(Integer)),
)  # fmt: skip


def newest(session: Session, asked: Asked) -> list[Hit]:
    """The newest matches in the list's order."""
    scope = scope_of(asked.workspace_id)
    wanted = wanted_of(scope, asked.query.terms, asked.facets)
    bounded = wanted.within([scope + span for span in _bounds_in_words(session, asked)])
    expected, share = outlook(session, bounded, asked.workspace_id)
    are_few = expected <= FEW
    if are_few and (few := _search_few(session, asked, bounded)) is not None:
        return few
    hits = None  # not walked: the planner, which was not proven wrong, knows that a walk would not fill the page
    if are_few or asked.bounds.since or share * WALKED > asked.limit / 2:
        hits, share = _walk(session, asked, wanted, share)
        if len(hits) >= asked.enough:
            return hits
    count, first, last = session.execute(_extent(_nearest(asked, WALKED))).one()
    if count < WALKED:
        return _search(session, asked, bounded) if hits is None else hits
    for spans in _times(first, last, share, asked):
        hits = _search(session, asked, wanted.within([scope + span for span in spans]))
        if len(hits) >= asked.enough:
            break
    return hits or []


def holds(query: Query) -> ColumnElement[bool]:
    """Whether the query finds the signal of the enclosing statement."""
    scope = func.lower(func.right(Signal.workspace_id, 5))
    expression = cast(func.replace(wanted_of(ANY_SCOPE, query.terms).whole, ANY_SCOPE, scope), TSQUERY)
    found = select(literal(1)).where(_words.c.signal_id == Signal.id, _words.c.words.op("@@")(expression))
    return found.correlate(Signal).exists()


def _matches(entries: FromClause, expression: str) -> ColumnElement[bool]:
    return entries.c.words.op("@@", is_comparison=True)(cast(expression, TSQUERY))


def _nearest(asked: Asked, count: int) -> Subquery:
    """The newest entries within the bounds."""
    return _entries(asked).order_by(_words.c.occurred_at.desc(), _words.c.signal_id.desc()).limit(count).subquery()


def _walk(session: Session, asked: Asked, wanted: Wanted, expected: float) -> tuple[list[Hit], float]:
    """Matches among the newest entries, and what share of them match; farther if that is likely to fill the page, by
    the share that the planner expects or by what the first of them tell.
    """
    fills = asked.enough * 1.2 / FARTHEST
    count = FARTHEST if fills <= expected < asked.enough / WALKED else WALKED
    hits = _look_through(session, asked, wanted, count)
    share = len(hits) / count
    if count < FARTHEST and TELLING <= len(hits) < asked.enough and share >= fills:
        hits = _look_through(session, asked, wanted, FARTHEST)
    return hits, share


def _look_through(session: Session, asked: Asked, wanted: Wanted, count: int) -> list[Hit]:
    near = _nearest(asked, count)
    return _run(session, _found(asked, near, _matches(near, wanted.whole)))


def _search_few(session: Session, asked: Asked, wanted: Wanted) -> list[Hit] | None:
    """All matches through GIN; None when there are more than `FEW`."""
    few = _through_gin(asked, wanted, limit=FEW + 1)
    count = select(func.count().label("count")).select_from(few).subquery()
    page = _found(asked, _in_order(few)).subquery()
    query = select(count.c.count, page).select_from(count.outerjoin(page, true()))
    rows = session.execute(query.order_by(page.c.occurred_at.desc(), page.c.id.desc())).all()
    return None if rows[0][0] > FEW else [Hit(*row[1:]) for row in rows if row[1] is not None]


def _search(session: Session, asked: Asked, wanted: Wanted) -> list[Hit]:
    return _run(session, _found(asked, _in_order(_through_gin(asked, wanted))))


def _through_gin(asked: Asked, wanted: Wanted, limit: int | None = None) -> CTE:
    """Matches in no order, whatever the planner thinks of walking instead; their words only where they are ranked."""
    found = _entries(asked, has_words=asked.is_ranked).where(*(_matches(_words, key) for key in wanted.keys))
    if wanted.shingles:
        found = found.where(_words.c.shingles.contains(list(wanted.shingles)))
    if wanted.rest:  # IS TRUE keeps it from being looked up as well
        found = found.where(_matches(_words, " & ".join(f"({part})" for part in wanted.rest)).is_(true()))
    return found.limit(limit).cte().prefix_with("MATERIALIZED", dialect="postgresql")


def _in_order(entries: CTE) -> Subquery:
    """Sorted before their signals are looked up, so that this ends when the page is full."""
    return select(entries).order_by(entries.c.occurred_at.desc(), entries.c.signal_id.desc()).subquery()


def _entries(asked: Asked, *, has_words: bool = True) -> Select[Any]:
    """The entries that the bounds leave."""
    query = select(_words.c.signal_id, _words.c.occurred_at, *([_words.c.words] if has_words else []))
    query = query.where(_words.c.workspace_id == asked.workspace_id)
    bounds = asked.bounds
    if bounds.since is not None:
        query = query.where(_words.c.occurred_at >= bounds.since)
    if bounds.until is not None:
        query = query.where(_words.c.occurred_at < bounds.until)
    if bounds.before is not None:
        at, last = bounds.before
        place = tuple_(literal(at, UtcDateTime()), literal(last))
        query = query.where(tuple_(_words.c.occurred_at, _words.c.signal_id) < place)
    return query


def _run(session: Session, query: Select[str, datetime, float]) -> list[Hit]:
    return [Hit(*row) for row in session.execute(query)]


def _found(asked: Asked, entries: FromClause, *found: ColumnElement[bool]) -> Select[str, datetime, float]:
    """Of these entries, which come in order, the newest for which the conditions hold. OFFSET keeps the planner from
    looking for signals in another way than by their ids, one after the other.
    """
    holds_for = (Signal.id == entries.c.signal_id, Signal.workspace_id == asked.workspace_id, *asked.conditions)
    signal = select(Signal.id, Signal.occurred_at).where(*holds_for).offset(0).lateral()
    score = (_score(asked, entries.c.words) if asked.is_ranked else literal(0.0)).label("score")
    query = select(signal.c.id, signal.c.occurred_at, score).select_from(entries.join(signal, true())).where(*found)
    return query.order_by(entries.c.occurred_at.desc(), entries.c.signal_id.desc()).limit(asked.limit)


def _score(asked: Asked, words: ColumnElement[Any]) -> ColumnElement[float]:
    """How near to one another the words stand, and how often, for the length of the text."""
    whole = wanted_of(scope_of(asked.workspace_id), asked.query.wanted).whole
    return func.ts_rank_cd(words, cast(whole, TSQUERY), 1)


def _extent(entries: FromClause) -> Select[int, Any, Any]:
    """How many entries there are, and the times of the newest and the oldest of them."""
    moment = entries.c.occurred_at
    return select(func.count(), func.max(moment), func.min(moment)).select_from(entries)


def _bounds_in_words(session: Session, asked: Asked) -> list[str]:
    """The time that was asked for, if it is short."""
    since, until = asked.bounds.since, asked.bounds.newest
    if since is None:
        return []
    if until is None:
        until = session.scalar(
            select(func.max(_words.c.occurred_at)).where(_words.c.workspace_id == asked.workspace_id)
        )
    return spans_between(since, until) if until and since <= until <= since + LONGEST_BOUNDS else []


def _times(first: datetime, last: datetime, share: float, asked: Asked) -> Iterator[list[str]]:
    """Ever longer back from the newest, in words; at first as far as it takes when this share of the entries match, of
    which `WALKED` lie between ``first`` and ``last``. No words for all time, or for one with so much in it that they do
    not help.
    """
    ample = 1.5 if share * WALKED >= TELLING else 4.0  # to search once too far costs less than to search twice
    pace = max(min(first - last, LONGEST_WALK), timedelta(minutes=1)) / WALKED
    entries = ample * asked.limit / max(share, 0.5 / WALKED)
    earliest = asked.bounds.since or EARLIEST
    while entries <= MOST_IN_SPANS and entries * pace < first - earliest:
        yield spans_between(first - entries * pace, first)
        entries *= WIDER
    is_short = (first - earliest) / pace <= MOST_IN_SPANS
    yield spans_between(earliest, first) if is_short else []

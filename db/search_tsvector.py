"""Search on PostgreSQL: a tsvector per signal, read by time while matches are many and through GIN when they are few.

GIN hands over all matches before the first can be shown, and each costs a page to look at. So the newest signals are
looked at one by one, which finds common words; from how many of them match follows how far back GIN must search, and
words that name the day and the month keep it to that. https://www.postgresql.org/docs/current/gin.html
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    MetaData,
    Select,
    String,
    Table,
    cast,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR, insert
from sqlalchemy.orm import Session

from core.search_text import Query, Term
from db.base import UtcDateTime
from db.search_terms import ANY_SCOPE, Asked, Entry, Hit, scope_of
from db.stream import Signal

WALKED = 2_000
DAYS_BY_DAY = 31
MONTHS_BY_MONTH = 60
WIDER = 8
EARLIEST = datetime(1, 1, 1, tzinfo=UTC)

_words = Table(
    "signal_words", MetaData(), Column("signal_id", String), Column("workspace_id", String),
    Column("occurred_at", UtcDateTime), Column("words", TSVECTOR),
)  # fmt: skip


def write(session: Session, entries: Iterable[Entry]) -> None:
    """Replaces the entries of these signals, in the order of their ids, so that writers wait and never deadlock."""
    rows = [
        {
            "signal_id": entry.signal_id,
            "workspace_id": entry.workspace_id,
            "occurred_at": entry.occurred_at,
            "words": cast(_vector(entry), TSVECTOR),
        }
        for entry in sorted(entries)
    ]
    statement = insert(_words).values(rows)
    changes = {name: statement.excluded[name] for name in ("occurred_at", "words")}
    session.execute(statement.on_conflict_do_update(index_elements=[_words.c.signal_id], set_=changes))


def newest(session: Session, asked: Asked) -> list[Hit]:
    """The newest matches in the list's order."""
    scope = scope_of(asked.workspace_id)
    wanted = _expression(scope, asked.query.terms)
    entries = _entries(asked)
    walked = entries.order_by(_words.c.occurred_at.desc(), _words.c.signal_id.desc()).limit(WALKED)
    near = walked.subquery()
    hits = _read(session, asked, near, near.c.words.op("@@")(_query(wanted)))
    if len(hits) == asked.limit:
        return hits
    count, first, last = session.execute(_extent(near)).one()
    if count < WALKED:
        return hits
    for period in _periods(scope, first, last, len(hits), asked.limit):
        found = _words.c.words.op("@@")(_query(f"({wanted}) & ({period})" if period else wanted))
        far = entries.where(found).cte().prefix_with("MATERIALIZED", dialect="postgresql")
        hits = _read(session, asked, far)
        if len(hits) == asked.limit:
            break
    return hits


def holds(query: Query) -> ColumnElement[bool]:
    """Whether the query finds the signal of the enclosing statement."""
    scope = func.lower(func.right(Signal.workspace_id, 5))
    expression = cast(func.replace(_expression(ANY_SCOPE, query.terms), ANY_SCOPE, scope), TSQUERY)
    found = select(literal(1)).where(_words.c.signal_id == Signal.id, _words.c.words.op("@@")(expression))
    return found.correlate(Signal).exists()


def _vector(entry: Entry) -> str:
    """A tsvector as text: the words with their positions; the scope, its day and its month without one."""
    scope = scope_of(entry.workspace_id)
    positions: dict[str, list[str]] = {}
    for position, token in enumerate(entry.tokens, start=1):
        positions.setdefault(token, []).append(str(position))
    words = [f"{_quoted(scope + token)}:{','.join(places[:255])}" for token, places in positions.items()]
    times = ("", _day(entry.occurred_at), _month(entry.occurred_at))
    return " ".join([*(_quoted(scope + time) for time in times), *words])


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _day(moment: datetime) -> str:
    """Cannot be mistaken for a word, which has letters and digits only."""
    return f"@{moment:%Y%m%d}"


def _month(moment: datetime) -> str:
    return f"@{moment:%Y%m}"


def _expression(scope: str, terms: Sequence[Term]) -> str:
    """A tsquery as text, of quoted words alone: whatever people type is data."""
    parts = []
    for term in terms:
        *words, last = (_quoted(scope + token) for token in term.tokens)
        phrase = " <-> ".join([*words, last + ":*" * term.is_prefix])
        parts.append(f"!({phrase})" if term.is_excluded else f"({phrase})")
    scoped = [] if any(not term.is_excluded for term in terms) else [_quoted(scope)]
    return " & ".join([*scoped, *parts])


def _query(expression: str) -> ColumnElement[Any]:
    return cast(expression, TSQUERY)


def _entries(asked: Asked) -> Select[str, datetime, Any]:
    """The entries that the bounds leave."""
    query = select(_words.c.signal_id, _words.c.occurred_at, _words.c.words)
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


def _read(session: Session, asked: Asked, entries: FromClause, *found: ColumnElement[bool]) -> list[Hit]:
    joined = entries.join(Signal.__table__, Signal.id == entries.c.signal_id)
    query = select(Signal.id, Signal.occurred_at, _score(asked, entries.c.words)).select_from(joined)
    query = query.where(*found, Signal.workspace_id == asked.workspace_id, *asked.conditions)
    query = query.order_by(entries.c.occurred_at.desc(), entries.c.signal_id.desc()).limit(asked.limit)
    return [Hit(*row) for row in session.execute(query)]


def _score(asked: Asked, words: ColumnElement[Any]) -> ColumnElement[float]:
    """How near to one another the words stand, and how often, for the length of the text."""
    if not asked.is_ranked:
        return literal(0.0)
    return func.ts_rank_cd(words, _query(_expression(scope_of(asked.workspace_id), asked.query.wanted)), 1)


def _extent(entries: FromClause) -> Select[int, Any, Any]:
    """How many entries there are, and the times of the newest and the oldest of them."""
    moment = entries.c.occurred_at
    return select(func.count(), func.max(moment), func.min(moment)).select_from(entries)


def _periods(scope: str, newest: datetime, oldest: datetime, found: int, limit: int) -> Iterator[str | None]:
    """Ever longer times back from the newest, as words to search for; at last None, which is all time.

    The first is as long as it takes to fill the page if matches go on as in the walk from newest to oldest.
    """
    pace = max(newest - oldest, timedelta(minutes=1))
    length = pace * (1.5 * limit / max(found, 0.5))
    while length < timedelta(days=30 * MONTHS_BY_MONTH):
        start = newest - min(length, newest - EARLIEST)
        yield " | ".join(_quoted(scope + time) for time in _times(start, newest))
        length *= WIDER
    yield None


def _times(start: datetime, end: datetime) -> list[str]:
    days = (end.date() - start.date()).days
    if days <= DAYS_BY_DAY:
        return [_day(end - timedelta(days=back)) for back in range(days + 1)]
    months = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    return [_month(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)) for month in reversed(months)]

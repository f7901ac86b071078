"""Search on PostgreSQL: a tsvector per signal, through GIN when matches are few and by time when they are many.

GIN hands over all matches before the first can be shown, and each costs a page to look at. The planner's statistics say
whether there are few. Of many, the newest signals are looked at one by one, which finds common words; from how many of
them match follows how far back GIN must search, and words that name the time keep it to that.
https://www.postgresql.org/docs/current/gin.html
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    FromClause,
    MetaData,
    Select,
    String,
    Subquery,
    Table,
    cast,
    func,
    literal,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR, insert
from sqlalchemy.orm import Session

from core.search_text import Query, Term
from db.base import UtcDateTime
from db.search_terms import ANY_SCOPE, Asked, Entry, Hit, scope_of
from db.stream import Signal

FEW = 2_000
"""Matches that are looked at whole; words of which the statistics know nothing have no more. The planner takes words
for independent of one another, which those of a phrase are not: phrases are walked first, and when there are more after
all, they are left.
"""

WALKED = 2_000
TELLING = 5
"""So many matches in the walk tell how often others come."""

LONGEST_WALK = timedelta(days=100_000)
WIDER = 8
EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
SPAN_BITS = (0, 2, 4, 6, 8, 10, 12)
MOST_SPANS = 3
"""A time is told in at most so many spans of 1, 4, 16 … days: each is a word that GIN must follow."""

_words = Table(
    "signal_words", MetaData(), Column("signal_id", String), Column("workspace_id", String),
    Column("occurred_at", UtcDateTime), Column("words", TSVECTOR),
)  # fmt: skip


_ESTIMATE = text("EXPLAIN (FORMAT JSON) SELECT FROM signal_words WHERE words @@ CAST(:wanted AS tsquery)")


def write(session: Session, entries: Iterable[Entry]) -> None:
    """Replaces the entries of these signals, in the order of their ids, so that writers wait and never deadlock."""
    rows = [
        {
            "signal_id": entry.signal_id,
            "workspace_id": entry.workspace_id,
            "occurred_at": entry.occurred_at,
            "words": cast(entry_vector(entry), TSVECTOR),
        }
        for entry in sorted(entries)
    ]
    statement = insert(_words).values(rows)
    changes = {name: statement.excluded[name] for name in ("occurred_at", "words")}
    session.execute(statement.on_conflict_do_update(index_elements=[_words.c.signal_id], set_=changes))


def newest(session: Session, asked: Asked) -> list[Hit]:
    """The newest matches in the list's order."""
    scope = scope_of(asked.workspace_id)
    wanted = _expression(scope, asked.query.terms, asked.facets)
    are_few = _estimated(session, wanted) <= FEW
    is_phrase = any(len(term.tokens) > 1 for term in asked.query.wanted)
    if are_few and not is_phrase and (few := _search_few(session, asked, wanted)) is not None:
        return few
    walked = _entries(asked).order_by(_words.c.occurred_at.desc(), _words.c.signal_id.desc()).limit(WALKED)
    near = walked.subquery()
    hits = _run(session, _found(asked, near, near.c.words.op("@@")(_query(wanted))))
    if len(hits) == asked.limit:
        return hits
    count, first, last = session.execute(_extent(near)).one()
    if count < WALKED:
        return hits
    if are_few and is_phrase and len(hits) < TELLING and (few := _search_few(session, asked, wanted)) is not None:
        return few
    ample = 1.5 if len(hits) >= TELLING else 4.0  # to search once too far costs less than to search twice
    length = min(first - last, LONGEST_WALK) * (ample * asked.limit / max(len(hits), 0.5))
    for start in _starts(first, length, asked.bounds.since or EARLIEST):
        period = " | ".join(_quoted(scope + span) for span in _spans(start, first))
        hits = _search(session, asked, f"({wanted}) & ({period})" if period else wanted)
        if len(hits) >= asked.enough:
            break
    return hits


def holds(query: Query) -> ColumnElement[bool]:
    """Whether the query finds the signal of the enclosing statement."""
    scope = func.lower(func.right(Signal.workspace_id, 5))
    expression = cast(func.replace(_expression(ANY_SCOPE, query.terms), ANY_SCOPE, scope), TSQUERY)
    found = select(literal(1)).where(_words.c.signal_id == Signal.id, _words.c.words.op("@@")(expression))
    return found.correlate(Signal).exists()


def entry_vector(entry: Entry) -> str:
    """A tsvector as text: the words with their positions; the scope, its times and the facets without one."""
    scope = scope_of(entry.workspace_id)
    positions: dict[str, list[str]] = {}
    for position, token in enumerate(entry.tokens, start=1):
        positions.setdefault(token, []).append(str(position))
    words = [f"{_quoted(scope + token)}:{','.join(places[:255])}" for token, places in positions.items()]
    times = (_span(entry.occurred_at, bits) for bits in SPAN_BITS)
    others = ("", *times, *entry.facets)
    return " ".join([*(_quoted(scope + other) for other in others), *words])


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _span(moment: datetime, bits: int) -> str:
    """Cannot be mistaken for a word, which has letters and digits only."""
    return f"@{bits}.{moment.toordinal() >> bits}"


def _expression(scope: str, terms: Sequence[Term], facets: Iterable[str] = ()) -> str:
    """A tsquery as text, of quoted words alone: whatever people type is data."""
    parts = [_quoted(scope + facet) for facet in facets]
    for term in terms:
        *words, last = (_quoted(scope + token) for token in term.tokens)
        phrase = " <-> ".join([*words, last + ":*" * term.is_prefix])
        parts.append(f"!({phrase})" if term.is_excluded else f"({phrase})")
    scoped = [] if facets or any(not term.is_excluded for term in terms) else [_quoted(scope)]
    return " & ".join([*scoped, *parts])


def _query(expression: str) -> ColumnElement[Any]:
    return cast(expression, TSQUERY)


def _estimated(session: Session, wanted: str) -> float:
    """How many matches the planner expects. What is not among the commonest words of all it takes for rare."""
    ((plan,),) = session.execute(_ESTIMATE, {"wanted": wanted}).one()
    return float(plan["Plan"]["Plan Rows"])


def _search_few(session: Session, asked: Asked, wanted: str) -> list[Hit] | None:
    """All matches through GIN; None when there are more than `FEW`."""
    few = _through_gin(asked, wanted, limit=FEW + 1)
    count = select(func.count().label("count")).select_from(few).subquery()
    page = _found(asked, _in_order(few)).subquery()
    query = select(count.c.count, page).select_from(count.outerjoin(page, true()))
    rows = session.execute(query.order_by(page.c.occurred_at.desc(), page.c.id.desc())).all()
    return None if rows[0][0] > FEW else [Hit(*row[1:]) for row in rows if row[1] is not None]


def _search(session: Session, asked: Asked, wanted: str) -> list[Hit]:
    return _run(session, _found(asked, _in_order(_through_gin(asked, wanted))))


def _through_gin(asked: Asked, wanted: str, limit: int | None = None) -> CTE:
    """Matches in no order, whatever the planner thinks of walking instead; their words only where they are ranked."""
    found = _entries(asked, has_words=asked.is_ranked).where(_words.c.words.op("@@")(_query(wanted))).limit(limit)
    return found.cte().prefix_with("MATERIALIZED", dialect="postgresql")


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
    """Of these entries the newest for which the conditions hold."""
    joined = entries.join(Signal.__table__, Signal.id == entries.c.signal_id)
    score = (_score(asked, entries.c.words) if asked.is_ranked else literal(0.0)).label("score")
    query = select(Signal.id, Signal.occurred_at, score).select_from(joined)
    query = query.where(*found, Signal.workspace_id == asked.workspace_id, *asked.conditions)
    return query.order_by(entries.c.occurred_at.desc(), entries.c.signal_id.desc()).limit(asked.limit)


def _score(asked: Asked, words: ColumnElement[Any]) -> ColumnElement[float]:
    """How near to one another the words stand, and how often, for the length of the text."""
    return func.ts_rank_cd(words, _query(_expression(scope_of(asked.workspace_id), asked.query.wanted)), 1)


def _extent(entries: FromClause) -> Select[int, Any, Any]:
    """How many entries there are, and the times of the newest and the oldest of them."""
    moment = entries.c.occurred_at
    return select(func.count(), func.max(moment), func.min(moment)).select_from(entries)


def _starts(newest: datetime, length: timedelta, earliest: datetime) -> Iterator[datetime]:
    """Ever longer back from the newest, at first as long as it takes if matches go on as in the walk."""
    length = max(length, timedelta(minutes=1))
    while length < newest - earliest:
        yield newest - length
        length *= WIDER
    yield earliest


def _spans(start: datetime, end: datetime) -> list[str]:
    """The times in words, the spans that begin earlier and end later included; none for all time."""
    first, last = start.toordinal(), end.toordinal()
    for bits in SPAN_BITS:
        if (last >> bits) - (first >> bits) < MOST_SPANS:
            return [f"@{bits}.{number}" for number in range(first >> bits, (last >> bits) + 1)]
    return []

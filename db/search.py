"""Full text behind one function: FTS5 on SQLite, tsvector and GIN on PostgreSQL, tokens made by `core.search_text`.

Both answer newest first without sorting every match, so a common word costs no more than a rare one; relevance ranks
the newest matches only.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, event, false, inspect, select
from sqlalchemy.orm import Session

from core.search_text import Query, index_tokens
from db import search_facets, search_fts5, search_tsvector, search_vectors
from db.dialects import is_postgresql
from db.search_facets import facets_of
from db.search_matching import Matching
from db.search_terms import Asked, Bounds, Entry, Hit
from db.stream import Signal

RANKED = 500
RANKED_SLOWLY = 200
"""How many of the newest matches are ranked when relevance is asked for; fewer where finding them is dear: phrases are
compared signal by signal, and what begins with a prefix is merged from many words.
"""

INDEXED_AT_ONCE = 500

_INDEXED = (
    Signal.id, Signal.workspace_id, Signal.occurred_at, Signal.verbatim, Signal.interpretation, *search_facets.COLUMNS
)  # fmt: skip


def index_signals(session: Session, signal_ids: Iterable[str]) -> None:
    """Brings the index to what these signals say now; call it in the transaction that wrote them.

    What goes through a session as objects is indexed by `index_flushed`, and a signal that vanishes leaves the index by
    itself: only statements that insert or update need the call.
    """
    engine = search_vectors if is_postgresql(session) else search_fts5
    ids = sorted(set(signal_ids))
    for start in range(0, len(ids), INDEXED_AT_ONCE):
        chosen = Signal.id.in_(ids[start : start + INDEXED_AT_ONCE])
        entries = [entry_of(row) for row in session.execute(select(*_INDEXED).where(chosen))]
        if entries:
            engine.write(session, entries)


def entry_of(row: Any) -> Entry:
    """The entry of a signal, or of a row with all that is indexed of it."""
    tokens = index_tokens((row.verbatim, row.interpretation))
    return Entry(row.id, row.workspace_id, row.occurred_at, tuple(tokens), tuple(facets_of(row)))


def matching(query: Query) -> ColumnElement[bool]:
    """The same as a condition, for statements that choose signals by something else, such as their ids: it looks at one
    signal after the other.
    """
    return Matching(query) if query.terms else false()


def find_newest(
    session: Session,
    workspace_id: str,
    query: Query | None,
    *conditions: ColumnElement[bool],
    limit: int,
    bounds: Bounds,
    facets: Sequence[str] = (),
) -> Sequence[Signal]:
    """The workspace's signals that the query finds and for which the conditions hold, by ``(occurred_at, id)``, the
    newest first. ``facets`` are what of the conditions the index knows; without a query there must be some.
    """
    if query is not None and not query.terms:
        return []
    asked = Asked(workspace_id, query or Query(()), facets, conditions, bounds, limit)
    return _signals(session, _hits(session, asked))


def find_best(
    session: Session,
    workspace_id: str,
    query: Query,
    *conditions: ColumnElement[bool],
    limit: int,
    bounds: Bounds,
    facets: Sequence[str] = (),
    after: tuple[float, str] | None = None,
) -> Sequence[tuple[float, Signal]]:
    """Of the newest matches (`RANKED`) those that fit best, each with its score (higher is better); ``after`` is the
    score and the id of the last one seen.
    """
    if not query.terms:
        return []
    is_dear = any(term.is_prefix or len(term.tokens) > 1 for term in query.terms)
    most = RANKED_SLOWLY if is_dear else RANKED
    hits = _hits(session, Asked(workspace_id, query, facets, conditions, bounds, most, is_ranked=True))
    ranked = sorted(((round(hit.score, 6), hit.id, hit) for hit in hits), key=lambda each: each[:2], reverse=True)
    page = [each for each in ranked if after is None or each[:2] < after][:limit]
    scores = {signal_id: score for score, signal_id, _ in page}
    return [(scores[signal.id], signal) for signal in _signals(session, [hit for _, _, hit in page])]


def _hits(session: Session, asked: Asked) -> list[Hit]:
    return search_tsvector.newest(session, asked) if is_postgresql(session) else search_fts5.newest(session, asked)


def _signals(session: Session, hits: Sequence[Hit]) -> list[Signal]:
    """The signals in the order of the hits."""
    if not hits:
        return []
    found = {signal.id: signal for signal in session.scalars(select(Signal).where(Signal.id.in_([h.id for h in hits])))}
    return [found[hit.id] for hit in hits if hit.id in found]


def index_flushed(session: Session, _: object) -> None:
    """Indexes the signals that a session has just written as objects, if their words or their time changed."""
    flushed = (row for row in (*session.new, *session.dirty) if isinstance(row, Signal))
    index_signals(session, [row.id for row in flushed if _is_changed(row)])


def _is_changed(signal: Signal) -> bool:
    attributes = inspect(signal).attrs
    return any(attributes[column.key].history.has_changes() for column in _INDEXED)


event.listen(Session, "after_flush", index_flushed)

"""Search on SQLite: FTS5 whose row ids are in the order of time, so that it walks a word's matches newest first.

Ids begin with the second of ``occurred_at``; signals of one second are put in order after reading.
https://sqlite.org/fts5.html
"""

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    FromClause,
    Join,
    MetaData,
    Select,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    literal,
    literal_column,
    not_,
    select,
    tuple_,
)  # fmt: skip
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session

from core.search_text import Query, Term
from db.base import UtcDateTime
from db.search_terms import ANY_SCOPE, Asked, Bounds, Entry, Hit, scope_of
from db.stream import Signal

USUAL_SIZE = 420
"""Characters of the words and facets of a signal, as a rule."""

SLOT_BITS = 20
LAST_SECOND = (1 << 34) - 1
WALKED = 2_000
"""How many of the newest signals are looked at, an eighth of them first, before the matches of a prefix are collected,
all of them at once.
"""

_metadata = MetaData()
_words = Table(
    "signal_words", _metadata, Column("docid", BigInteger), Column("signal_id", String), Column("words", Text)
)
_index = Table("signal_words_index", _metadata, Column("rowid", BigInteger))
_MATCH: ColumnElement[str] = literal_column("signal_words_index")


_Rows: TypeAlias = Select[str, datetime, float, int]
"""A signal's id, when it was said, its score, and its docid."""


class _Span(NamedTuple):
    """Docids from the first to before the end; with ``is_whole`` none of them may be left out."""

    first: int
    end: int
    is_whole: bool = False


class _InOrder(Join):
    """A join whose left side SQLite reads first: https://sqlite.org/lang_select.html#crossjoin."""

    inherit_cache = True


@compiles(_InOrder)
def _in_order(join: Join, compiler: Any, **options: Any) -> str:
    options.pop("asfrom", None)
    left, right = (compiler.process(side, asfrom=True, **options) for side in (join.left, join.right))
    return f"{left} CROSS JOIN {right} ON {compiler.process(join.onclause, **options)}"


def write(session: Session, entries: Iterable[Entry]) -> None:
    """Replaces the entries of these signals; triggers carry them to FTS5."""
    entries = list(entries)
    session.execute(delete(_words).where(_words.c.signal_id.in_([entry.signal_id for entry in entries])))
    # In the order of the ids: FTS5 writes its buffer out whenever they do not ascend.
    placed = sorted((docid, entry.signal_id, entry_text(entry)) for docid, entry in _placed(session, entries))
    session.execute(insert(_words), [dict(zip(_words.c.keys(), row, strict=True)) for row in placed])


def newest(session: Session, asked: Asked) -> list[Hit]:
    """The newest matches in the list's order."""
    if any(term.is_prefix for term in asked.query.terms):
        for count in (WALKED // 8, WALKED):
            hits = _read(session, asked, partial(_walk, count=count))
            if len(hits) == asked.limit:
                return hits
    return _read(session, asked, _matches)


def holds(query: Query) -> ColumnElement[bool]:
    """Whether the query finds the signal of the enclosing statement."""
    scope = func.lower(func.substr(Signal.workspace_id, -5))
    expression = func.replace(_expression(ANY_SCOPE, query.terms), ANY_SCOPE, scope)
    own = _InOrder(_words, _index, _index.c.rowid == _words.c.docid)
    found = select(literal(1)).select_from(own).where(_words.c.signal_id == Signal.id, _MATCH.op("MATCH")(expression))
    return found.correlate(Signal).exists()


def _placed(session: Session, entries: Sequence[Entry]) -> Iterator[tuple[int, Entry]]:
    """A free id for each, as near to the signal's own place as there is one."""
    wanted = {entry.signal_id: first_docid(entry.occurred_at) + slot_of(entry.signal_id) for entry in entries}
    taken = set(session.scalars(select(_words.c.docid).where(_words.c.docid.in_(wanted.values()))))
    for entry in entries:
        docid = wanted[entry.signal_id]
        while docid in taken:
            docid = (docid >> SLOT_BITS << SLOT_BITS) + (docid + 1) % (1 << SLOT_BITS)
            if docid not in taken and session.scalar(select(_words.c.docid).where(_words.c.docid == docid)):
                taken.add(docid)
        taken.add(docid)
        yield docid, entry


def slot_of(signal_id: str) -> int:
    """Where a signal wants to stand within its second."""
    return zlib.crc32(signal_id.encode()) % (1 << SLOT_BITS)


def first_docid(moment: datetime) -> int:
    """The first docid of that second."""
    return max(0, min(int(moment.timestamp()), LAST_SECOND)) << SLOT_BITS


def entry_text(entry: Entry) -> str:
    """The scope itself stands before the facets and the words: it finds every signal of the workspace."""
    scope = scope_of(entry.workspace_id)
    return " ".join([scope, *(scope + token for token in (*entry.facets, *entry.tokens))])


def _span(bounds: Bounds) -> _Span:
    first = first_docid(bounds.since) if bounds.since else 0
    last = first_docid(bounds.newest) if bounds.newest else LAST_SECOND << SLOT_BITS
    return _Span(first, last + (1 << SLOT_BITS))


def _within(bounds: Bounds) -> Iterator[ColumnElement[bool]]:
    if bounds.since is not None:
        yield Signal.occurred_at >= bounds.since
    if bounds.until is not None:
        yield Signal.occurred_at < bounds.until
    if bounds.before is not None:
        at, last = (literal(bounds.before[0], UtcDateTime()), literal(bounds.before[1]))
        yield tuple_(Signal.occurred_at, Signal.id) < tuple_(at, last)


def _expression(scope: str, terms: Iterable[Term], facets: Iterable[str] = ()) -> str:
    """FTS5's own language, of quoted tokens alone: whatever people type is data."""
    wanted = [f'"{scope}{facet}"' for facet in facets]
    excluded: list[str] = []
    for term in terms:
        phrase = " ".join(scope + token for token in term.tokens)
        (excluded if term.is_excluded else wanted).append(f'"{phrase}"' + " *" * term.is_prefix)
    every = [f'"{scope}"']
    return " NOT ".join([f"({' AND '.join(wanted or every)})", *excluded])


def _read(session: Session, asked: Asked, find: Callable[[Asked, _Span], _Rows]) -> list[Hit]:
    """Hits in the list's order: as many rows as asked for by docid, and what else belongs to the last one's second."""
    rows = list(session.execute(find(asked, _span(asked.bounds)).limit(asked.limit)))
    if len(rows) == asked.limit and not asked.is_ranked:
        last = rows[-1].docid
        rows += session.execute(find(asked, _Span(last >> SLOT_BITS << SLOT_BITS, last, is_whole=True)))
    hits = sorted((Hit(*row[:3]) for row in rows), key=lambda hit: (hit.occurred_at, hit.id), reverse=True)
    return hits[: asked.limit]


def _matches(asked: Asked, span: _Span) -> _Rows:
    """What FTS5 finds. It collects all that begins with a prefix before it hands over the first."""
    found = _found(_expression(scope_of(asked.workspace_id), asked.query.terms, asked.facets), span)
    return _rows(asked, _index, _index.c.rowid).where(*found)


def _walk(asked: Asked, span: _Span, count: int) -> _Rows:
    """The newest signals that the terms without a prefix find, and of these what their own words say of the others."""
    scope = scope_of(asked.workspace_id)
    plain = [term for term in asked.query.terms if not term.is_prefix]
    newest_first = select(_index.c.rowid).where(*_found(_expression(scope, plain, asked.facets), span))
    newest_first = newest_first.order_by(_index.c.rowid.desc())
    near = (newest_first if span.is_whole else newest_first.limit(count)).subquery()
    rows = _rows(asked, near, near.c.rowid)
    for term in asked.query.terms:
        if term.is_prefix:
            has = func.instr(_words.c.words, _needle(scope, term)) > 0
            rows = rows.where(not_(has) if term.is_excluded else has)
    return rows


def _found(expression: str, span: _Span) -> Iterator[ColumnElement[bool]]:
    """FTS5 heeds one bound at each end; what it does not know of it reads."""
    yield from (_MATCH.op("MATCH")(expression), _index.c.rowid >= span.first, _index.c.rowid < span.end)


def _rows(asked: Asked, docids: FromClause, docid: ColumnElement[int]) -> _Rows:
    """The signals of these docids for which the conditions hold, the newest second first."""
    with_words = _InOrder(docids, _words, _words.c.docid == docid)
    joined = _InOrder(with_words, Signal.__table__, Signal.id == _words.c.signal_id)
    score = _score(scope_of(asked.workspace_id), asked.query) if asked.is_ranked else literal(0.0)
    query = select(Signal.id, Signal.occurred_at, score, docid.label("docid")).select_from(joined)
    query = query.where(Signal.workspace_id == asked.workspace_id, *_within(asked.bounds), *asked.conditions)
    return query.order_by(docid.desc())


def _needle(scope: str, term: Term) -> str:
    """How a term stands in the words of an entry, where a space is before and, but for the last one, after each."""
    return " ".join(["", *(scope + token for token in term.tokens)]) + " " * (not term.is_prefix)


def _score(scope: str, query: Query) -> ColumnElement[float]:
    """How often the terms stand there, each repetition counting less, and less in longer texts: BM25 without the rarity
    of words, which would have to be counted over all signals.
    """
    words = _words.c.words.concat(" ")
    size = func.length(words)
    total: ColumnElement[float] = literal(0.0)
    for term in query.wanted:
        needle = _needle(scope, term)
        count = (size - func.length(func.replace(words, needle, ""))) * 1.0 / len(needle)
        total += count / (count + 0.3 + 0.9 * size / USUAL_SIZE)
    return total

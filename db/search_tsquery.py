"""Queries of PostgreSQL's text search: what GIN looks up, and what is compared with each entry that it hands over.

https://www.postgresql.org/docs/current/datatype-textsearch.html#DATATYPE-TSQUERY
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from core.search_text import BREAK, Term

SHINGLE_BITS = 20
"""So many bits of a digest stand for two words in a row. Pairs that share them cost time and nothing else."""

SPAN_BITS = (0, 2, 4, 6, 8, 10, 12)
MOST_SPANS = 3
"""A time is told in at most so many spans of 1, 4, 16 … days: each is a word that GIN must follow."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query. GIN looks up each of the ``keys`` for itself and skips from one entry that they share to the next; in
    one query of several words it would follow the longest lists from end to end. ``shingles`` are looked up as well,
    for phrases: which entries have these words in a row, short of a collision. What neither can say is the ``rest``:
    that words really follow one another, and which must not be there.
    """

    keys: tuple[str, ...]
    shingles: tuple[int, ...]
    rest: tuple[str, ...]

    @property
    def shared(self) -> str:
        """What words an entry must have for GIN to hand it over, as one tsquery; empty when it is known by shingles."""
        return " & ".join(f"({key})" for key in self.keys)

    @property
    def whole(self) -> str:
        """All of it as one tsquery."""
        return " & ".join(f"({part})" for part in (*self.keys, *self.rest))

    def within(self, spans: Sequence[str]) -> "Wanted":
        """The same, but only of these times; of all times without any."""
        return replace(self, keys=(*self.keys, " | ".join(map(quoted, spans)))) if spans else self


def wanted_of(scope: str, terms: Sequence[Term], facets: Iterable[str] = ()) -> Wanted:
    """The query, of quoted words alone: whatever people type is data."""
    keys, shingles, rest = [quoted(scope + facet) for facet in facets], [], []
    for term in terms:
        *words, last = (quoted(scope + token) for token in term.tokens)
        phrase = [*words, last + ":*" * term.is_prefix]
        if term.is_excluded:
            rest.append(f"!({' <-> '.join(phrase)})")
        elif words:
            shingles += shingles_of(scope, term.tokens[:-1] if term.is_prefix else term.tokens)
            keys += words if len(words) == 1 and term.is_prefix else ()
            rest.append(" <-> ".join(phrase))
        else:
            keys += phrase
    if not (keys or shingles):
        keys = [quoted(scope)]
    return Wanted(tuple(dict.fromkeys(keys)), tuple(shingles), tuple(rest))


def shingles_of(scope: str, tokens: Sequence[str]) -> list[int]:
    """Every two words in a row, as numbers in order without repeats:
    https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/index-phrases.
    """
    pairs = (f"{scope}{one} {other}" for one, other in pairwise(tokens) if BREAK not in (one, other))
    return sorted({_shingle(pair) for pair in pairs})


def _shingle(pair: str) -> int:
    digest = hashlib.blake2b(pair.encode("utf-8", "replace"), digest_size=4).digest()
    return int.from_bytes(digest) >> (32 - SHINGLE_BITS)


def quoted(word: str) -> str:
    """A word of a tsquery or a tsvector."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def spans_of(moment: datetime) -> Iterator[str]:
    """The moment in words, from the day to ever longer times. None can be mistaken for a word of a text, which has
    letters and digits only.
    """
    return (_span(moment.toordinal() >> bits, bits) for bits in SPAN_BITS)


def spans_between(start: datetime, end: datetime) -> list[str]:
    """The time in words, the spans that begin earlier and end later included; none for all time."""
    first, last = start.toordinal(), end.toordinal()
    for bits in SPAN_BITS:
        if (last >> bits) - (first >> bits) < MOST_SPANS:
            return [_span(number, bits) for number in range(first >> bits, (last >> bits) + 1)]
    return []


def _span(number: int, bits: int) -> str:
    return f"@{bits}.{number}"

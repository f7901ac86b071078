"""Queries of PostgreSQL's text search: what GIN looks up, and what is compared with each entry that it hands over.

https://www.postgresql.org/docs/current/datatype-textsearch.html#DATATYPE-TSQUERY
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.search_text import Term

SPAN_BITS = (0, 2, 4, 6, 8, 10, 12)
MOST_SPANS = 3
"""A time is told in at most so many spans of 1, 4, 16 … days: each is a word that GIN must follow."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query. GIN looks up each of the ``keys`` for itself and skips from one entry that they share to the next; in
    one query of several words it would follow the longest lists from end to end. What keys cannot say is the ``rest``:
    which words follow one another, and which must not be there.
    """

    keys: tuple[str, ...]
    rest: tuple[str, ...]

    @property
    def shared(self) -> str:
        """What an entry must have for GIN to hand it over, as one tsquery."""
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
    keys, rest = [quoted(scope + facet) for facet in facets], []
    for term in terms:
        *words, last = (quoted(scope + token) for token in term.tokens)
        phrase = [*words, last + ":*" * term.is_prefix]
        if term.is_excluded:
            rest.append(f"!({' <-> '.join(phrase)})")
        elif words:
            keys += words if term.is_prefix else phrase
            rest.append(" <-> ".join(phrase))
        else:
            keys += phrase
    return Wanted(tuple(dict.fromkeys(keys)) or (quoted(scope),), tuple(rest))


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

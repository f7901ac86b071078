"""What a list is narrowed by besides words, as tokens of the index, so that a search reads only what both leave.

A facet's token is shared by all values that the database could call equal (``Ada`` and ``ada``), so it finds all that
is asked for and perhaps more: the condition on the row itself decides.
"""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, TypeAlias

from core.search_text import folded
from db.stream import Signal

FacetKind: TypeAlias = Literal["source", "status", "severity", "account", "author", "channel"]

_COLUMNS: dict[FacetKind, tuple[str, ...]] = {
    "source": ("source",),
    "status": ("status",),
    "severity": ("severity",),
    "account": ("account_external_id", "account_name"),
    "author": ("author_name", "author_email", "author_external_id"),
}
_LETTERS: dict[FacetKind, str] = {
    "source": "p", "status": "s", "severity": "v", "account": "a", "author": "u", "channel": "c",
}  # fmt: skip

COLUMNS = (*(getattr(Signal, name) for names in _COLUMNS.values() for name in names), Signal.source_ref)
"""What must be read of a signal to know its facets."""


@lru_cache(maxsize=65_536)
def facet(kind: FacetKind, value: str) -> str:
    """The token; words cannot be mistaken for it, for they have letters and digits only."""
    place = value.partition(":")[0] if kind == "channel" else value
    return f"-{_LETTERS[kind]}{hashlib.blake2b(folded(place).encode('utf-8', 'replace'), digest_size=6).hexdigest()}"


def facets_of(row: object) -> Iterator[str]:
    """The facets of a signal, or of a row with its `COLUMNS`."""
    for kind, names in _COLUMNS.items():
        yield from sorted({facet(kind, value) for name in names if (value := getattr(row, name))})
    if getattr(row, "source", "") == "slack":
        yield facet("channel", str(getattr(row, "source_ref", "")))

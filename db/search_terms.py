"""What both search engines speak of: entries, what is asked, hits, and the scope that keeps workspaces apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement

from core.search_text import Query


class Entry(NamedTuple):
    """A signal for the index: its words, and what else lists are narrowed by."""

    signal_id: str
    workspace_id: str
    occurred_at: datetime
    tokens: tuple[str, ...]
    facets: tuple[str, ...] = ()


class Hit(NamedTuple):
    """A signal that was found; the score is 0 unless it was asked for."""

    id: str
    occurred_at: datetime
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """Said at ``since`` or later and before ``until``; after ``before`` in the order of the list."""

    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, str] | None = None

    @property
    def newest(self) -> datetime | None:
        """No signal within the bounds is newer."""
        moments = [moment for moment in (self.until, self.before and self.before[0]) if moment is not None]
        return min(moments, default=None)


@dataclass(frozen=True, slots=True)
class Asked:
    """Up to ``limit`` of the newest signals of a workspace that the query finds and for which the conditions hold;
    the ``facets`` are what of the conditions the index knows.
    """

    workspace_id: str
    query: Query
    facets: Sequence[str]
    conditions: Sequence[ColumnElement[bool]]
    bounds: Bounds
    limit: int
    is_ranked: bool = False

    @property
    def enough(self) -> int:
        """How many need no further search: what is ranked is a sample of the newest, a list is not."""
        return self.limit // 4 if self.is_ranked else self.limit


def scope_of(workspace_id: str) -> str:
    """What begins every word of a workspace in the index: two workspaces share no posting list, short of a rare
    collision, which costs time and nothing else, for rows are compared with the workspace's id.
    """
    return workspace_id[-5:].lower()


ANY_SCOPE = "¤"
"""Stands for a scope that the database fills in; no word holds it."""

"""A query as a condition on signals, which each database compiles in its own words."""

from typing import Any

from sqlalchemy import Boolean, ColumnElement
from sqlalchemy.ext.compiler import compiles

from core.search_text import Query
from db import search_fts5, search_tsvector


class Matching(ColumnElement[bool]):
    """Holds for a signal that the query finds."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, query: Query) -> None:
        self.query = query


@compiles(Matching, "sqlite")
def _on_sqlite(element: Matching, compiler: Any, **options: Any) -> str:
    return str(compiler.process(search_fts5.holds(element.query), **options))


@compiles(Matching, "postgresql")
def _on_postgresql(element: Matching, compiler: Any, **options: Any) -> str:
    return str(compiler.process(search_tsvector.holds(element.query), **options))

"""Keyset paging, newest first: pages neither repeat nor skip rows while new ones come in."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Select, or_
from sqlalchemy.orm import InstrumentedAttribute

from core.errors import FieldError, InvalidFields
from core.taming import instant

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])
Item = TypeVar("Item")
Position: TypeAlias = tuple[datetime, str]
"""Where a row stands: its moment, then its id."""

BEFORE_ALL = "0"
"""Smaller than every id: with it, a position stands before the first row of its moment."""


def newest_first(
    query: Query,
    moment: InstrumentedAttribute[datetime],
    identity: InstrumentedAttribute[str],
    *,
    limit: int,
    cursor: str | None,
) -> Query:
    """The query for one page and the row after it, which `cut` takes off. Raises `InvalidFields` naming ``cursor``."""
    if cursor is not None:
        at, last = decode_cursor(cursor)
        query = query.where(moment <= at, or_(moment < at, identity < last))  # in this form an index finds the place
    return query.order_by(moment.desc(), identity.desc()).limit(limit + 1)


def cut(rows: Sequence[Item], limit: int, place: Callable[[Item], Position]) -> tuple[Sequence[Item], str | None]:
    """The page's rows and the cursor of the next page (None when there is none)."""
    page = rows[:limit]
    return page, encode_cursor(place(page[-1])) if len(rows) > limit else None


def encode_cursor(position: Position) -> str:
    """An opaque text for URLs."""
    moment, identity = position
    return base64.urlsafe_b64encode(f"{moment.isoformat()} {identity}".encode()).decode().rstrip("=")


def position_in(cursor: str | None) -> Position | None:
    """The position in a cursor; None for whatever is none, where a page begins anew instead of failing."""
    try:
        return decode_cursor(cursor) if cursor else None
    except InvalidFields:
        return None


def decode_cursor(cursor: str) -> Position:
    """The position in a cursor. Raises `InvalidFields` for anything that `encode_cursor` did not make."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        moment, _, identity = text.decode("ascii").partition(" ")
    except (binascii.Error, ValueError):
        moment = identity = ""
    at = instant(moment)
    if at is None or not identity or not identity.isprintable():
        raise InvalidFields([FieldError("cursor", "Send the next_cursor of a page as it came, or none.")])
    return at, identity

"""The page of signals that a list shows: by its filters, and by words through the search index."""

import base64
import binascii
import math
from collections.abc import Sequence
from typing import TypeAlias

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from core.errors import FieldError, InvalidFields
from core.search_text import parse_query
from db import Signal
from db.search import find_best, find_newest
from db.search_terms import Bounds
from web.api.signal_filters import SignalChoice, besides_words, conditions, facets_asked
from web.paging import cut, decode_cursor, newest_first

Page: TypeAlias = tuple[Sequence[Signal], str | None]
"""The rows and the cursor of the next page."""


def newest_page(
    session: Session,
    workspace_id: str,
    choice: SignalChoice,
    *also: ColumnElement[bool],
    limit: int,
    cursor: str | None = None,
) -> Page:
    """A page of the workspace's signals, newest first. Raises `InvalidFields` naming ``cursor``."""
    words, facets = parse_query(choice.q) if choice.q is not None else None, facets_asked(choice)
    if choice.conversation is not None or (words is None and not facets):
        query = select(Signal).where(Signal.workspace_id == workspace_id, *conditions(choice), *also)
        query = newest_first(query, Signal.occurred_at, Signal.id, limit=limit, cursor=cursor)
        rows = session.scalars(query).all()
    else:
        bounds = Bounds(choice.since, choice.until, decode_cursor(cursor) if cursor is not None else None)
        rows = find_newest(
            session, workspace_id, words, *besides_words(choice), *also, limit=limit + 1, bounds=bounds, facets=facets
        )
    return cut(rows, limit, lambda row: (row.occurred_at, row.id))


def best_page(
    session: Session,
    workspace_id: str,
    choice: SignalChoice,
    *also: ColumnElement[bool],
    limit: int,
    cursor: str | None = None,
) -> Page:
    """A page of the newest matches (`db.search.RANKED`), the best first; without words it is the newest page."""
    if choice.q is None:
        return newest_page(session, workspace_id, choice, *also, limit=limit, cursor=cursor)
    found = find_best(
        session, workspace_id, parse_query(choice.q), *besides_words(choice), *also,
        limit=limit + 1, bounds=Bounds(choice.since, choice.until), facets=facets_asked(choice),
        after=_read_score(cursor) if cursor else None,
    )  # fmt: skip
    page = found[:limit]
    following = _write_score(page[-1][0], page[-1][1].id) if len(found) > limit else None
    return [signal for _, signal in page], following


def _write_score(score: float, signal_id: str) -> str:
    return base64.urlsafe_b64encode(f"{score:.6f} {signal_id}".encode()).decode().rstrip("=")


def _read_score(cursor: str) -> tuple[float, str]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        score, _, signal_id = text.partition(" ")
        place = float(score), signal_id
    except (binascii.Error, ValueError):
        place = math.nan, ""
    if not math.isfinite(place[0]) or not place[1]:
        raise InvalidFields([FieldError("cursor", "Send the next_cursor of a page as it came, or none.")])
    return place

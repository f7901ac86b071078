"""Signals in short, for surfaces with little room."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.desk import Brief
from core.search_text import parse_query
from db import Signal
from db.search import find_newest
from db.search_terms import Bounds
from web.console.rows import signal_row

_LIVE = Signal.deleted_at.is_(None)
_TELLING = Signal.is_trivial.is_(False)


def brief_of(signal: Signal, console_url: str) -> Brief:
    """The signal in short."""
    row = signal_row(signal)
    return Brief(
        url=f"{console_url}signals/{signal.id}",
        words=row.verbatim,
        author=row.author,
        account=row.account,
        where=row.where,
        severity=row.severity,
        status=row.status,
        occurred_at=row.occurred_at,
    )


def latest(session: Session, workspace_id: str, limit: int) -> Sequence[Signal]:
    """The newest signals that say something."""
    query = select(Signal).where(Signal.workspace_id == workspace_id, _LIVE, _TELLING)
    return session.scalars(query.order_by(Signal.occurred_at.desc(), Signal.id.desc()).limit(limit)).all()


def found(session: Session, workspace_id: str, words: str, limit: int) -> Sequence[Signal]:
    """The newest signals with these words; none without words."""
    return find_newest(session, workspace_id, parse_query(words), _LIVE, limit=limit, bounds=Bounds())


def of_workspace(session: Session, workspace_id: str, signal_id: str) -> Signal | None:
    """That signal, if it is the workspace's and still there."""
    query = select(Signal).where(Signal.workspace_id == workspace_id, Signal.id == signal_id, _LIVE)
    return session.scalars(query).one_or_none()

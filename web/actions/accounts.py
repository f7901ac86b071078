"""Which customers spoke, how often and when last: gathered from the newest signals, so that the work stays bounded."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from db import Signal, SignalCopy

NEWEST = 3000
"""This many signals are looked at, whatever was collected."""


@dataclass(frozen=True, slots=True)
class Account:
    """A customer; ``key`` is its name, or its id when it has none, and finds its signals. ``sources`` are sorted."""

    key: str
    name: str | None
    sources: tuple[str, ...]
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Accounts:
    """The one that spoke last first; ``since`` is from when on signals are counted (None: every signal is)."""

    rows: tuple[Account, ...]
    since: datetime | None


def accounts_of(session: Session, workspace_id: str) -> Accounts:
    """The workspace's. A customer who is heard through several sources is one."""
    newest = _newest(workspace_id).subquery()
    key = func.coalesce(newest.c.account_name, newest.c.account_external_id).label("key")
    said = newest.c.occurred_at
    through = select(
        key, newest.c.source, func.max(newest.c.account_name).label("name"), func.count().label("count"),
        func.max(said).label("last_at"), func.min(said).label("first_at"),
    ).group_by(key, newest.c.source).subquery()  # fmt: skip
    count = func.sum(through.c.count)
    query = select(
        through.c.key, func.max(through.c.name), func.aggregate_strings(through.c.source, " "), count,
        func.max(through.c.last_at), func.sum(count).over(), func.min(func.min(through.c.first_at)).over(),
    ).group_by(through.c.key)  # fmt: skip
    found = session.execute(query).all()
    rows = [
        Account(key, name, tuple(sorted(sources.split())), int(count), last_at)
        for key, name, sources, count, last_at, _, _ in found
        if key is not None
    ]
    rows.sort(key=lambda row: (row.last_at, row.key), reverse=True)
    total, since = found[0][5:] if found else (0, None)
    return Accounts(tuple(rows), since if total >= NEWEST else None)


def _newest(workspace_id: str) -> Select[str, str | None, str | None, datetime]:
    query = select(Signal.source, Signal.account_name, Signal.account_external_id, Signal.occurred_at).where(
        Signal.workspace_id == workspace_id,
        Signal.deleted_at.is_(None),
        Signal.is_trivial.is_(False),
        ~exists().where(SignalCopy.signal_id == Signal.id),
    )
    return query.order_by(Signal.occurred_at.desc(), Signal.id.desc()).limit(NEWEST)

"""Which customers spoke, how often and when last: gathered from the newest signals, so that the work stays bounded."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import exists, func, select
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
    newest = (
        select(Signal.source, Signal.account_name, Signal.account_external_id, Signal.occurred_at)
        .where(
            Signal.workspace_id == workspace_id,
            Signal.deleted_at.is_(None),
            Signal.is_trivial.is_(False),
            ~exists().where(SignalCopy.signal_id == Signal.id),
        )
        .order_by(Signal.occurred_at.desc(), Signal.id.desc())
        .limit(NEWEST)
        .subquery()
    )
    name, external_id, said = newest.c.account_name, newest.c.account_external_id, newest.c.occurred_at
    key = func.coalesce(name, external_id)
    grouped = select(key, newest.c.source, func.max(name), func.count(), func.max(said), func.min(said))
    parts = session.execute(grouped.group_by(key, newest.c.source)).all()
    found: dict[str, Account] = {}
    for account, source, named, count, last_at, _ in parts:
        if account is not None:
            row = Account(account, named, (source,), count, last_at)
            found[account] = _merged(found[account], row) if account in found else row
    rows = sorted(found.values(), key=lambda row: (row.last_at, row.key), reverse=True)
    is_all = sum(part[3] for part in parts) < NEWEST
    return Accounts(tuple(rows), None if is_all else min(part[5] for part in parts))


def _merged(one: Account, other: Account) -> Account:
    return replace(
        one,
        name=one.name or other.name,
        sources=tuple(sorted({*one.sources, *other.sources})),
        count=one.count + other.count,
        last_at=max(one.last_at, other.last_at),
    )

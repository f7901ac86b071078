"""Leases over rows of recurring or resumable work: the claim of `pipeline.claim` for whatever leaves the database.

`lease_due` takes due rows in one short transaction; the work is done without one; `held` finds the row again, for the
transaction that writes the result, only while the lease is still ours. Whoever dies is relieved after `LEASE`.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, func, inspect, select
from sqlalchemy.orm import Session

from core.errors import StepFailed
from core.ids import new_id
from db import Database, DirectoryEntry, Duty, Import
from db.dialects import claiming
from pipeline.claim import LEASE
from pipeline.retry import after_failure

Work = TypeVar("Work", Import, Duty, DirectoryEntry)


def lease_due(
    database: Database,
    model: type[Work],
    now: datetime,
    *,
    limit: int,
    where: Sequence[ColumnElement[bool]] = (),
    lease: timedelta = LEASE,
) -> list[Work]:
    """Up to ``limit`` due rows, longest due first, leased to the caller. Looks without a lock before it takes one."""
    due = select(model).where(model.due_at <= now, *where).order_by(model.due_at).limit(limit)
    with database.read() as session:
        if session.scalars(due.limit(1)).first() is None:
            return []
    with database.write() as session:
        rows = session.scalars(claiming(due)).all()
        for row in rows:
            row.lease_token, row.due_at = new_id("lea"), now + lease
    return list(rows)


def held(session: Session, row: Work) -> Work | None:
    """The row as it is stored now, locked, if its lease is still the one in ``row``."""
    model = type(row)
    mapper = inspect(model)
    same = (column == getattr(row, mapper.get_property_by_column(column).key) for column in mapper.primary_key)
    return session.scalars(select(model).where(model.lease_token == row.lease_token, *same).with_for_update()).first()


def next_due_at(database: Database, model: type[Work], *where: ColumnElement[bool]) -> datetime | None:
    """When the earliest such row falls due."""
    with database.read() as session:
        return session.scalar(select(func.min(model.due_at)).where(model.due_at.is_not(None), *where))


def let_go(row: Work, *, due_at: datetime | None) -> None:
    """The work went well; it is due again at ``due_at``, or never."""
    row.lease_token, row.reason, row.attempts, row.due_at = None, None, 0, due_at


def put_off(row: Work, failure: StepFailed, now: datetime) -> bool:
    """Notes the failure and when to try again. False when there is no next time: the failure is permanent or was the
    last of its schedule, and ``due_at`` is empty.
    """
    row.lease_token, row.reason = None, failure.reason
    jitter = random.random()  # noqa: S311  # it spreads load, it protects nothing
    row.due_at, row.attempts = after_failure(failure, attempts=row.attempts, now=now, jitter=jitter)
    return row.due_at is not None

"""Replay: an event goes through the pipeline again, whatever became of it the first time."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from db import Event


def replay(session: Session, event_ids: Sequence[str], now: datetime) -> list[str]:
    """Makes these events pending again, with fresh attempts; returns the ids of those that exist. Signals are not
    doubled: the same version of the same message is written once.
    """
    values = {"state": "pending", "due_at": now, "attempts": 0, "reason": None, "lane": "decide"}
    query = (
        update(Event)
        .where(Event.id.in_(event_ids))
        .values(**values, lease_token=None, processed_at=None)
        .returning(Event.id)
    )
    return list(session.scalars(query))

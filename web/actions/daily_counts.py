"""How many signals were said each day, by source; a text that came from two sources counts once."""

from datetime import date, datetime, timedelta
from typing import TypeAlias

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import Signal, SignalCopy

Counts: TypeAlias = dict[tuple[date, str], int]
"""By day (UTC) and source."""


def counts_by_day(session: Session, workspace_id: str, now: datetime, days: int) -> Counts:
    """The last ``days``, today included, without what was deleted at its source and small talk."""
    first = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)
    # Both databases hold UTC and know the function ``date``.
    day = func.date(Signal.occurred_at)
    conditions = (
        Signal.workspace_id == workspace_id,
        Signal.deleted_at.is_(None),
        Signal.is_trivial.is_(False),
        Signal.occurred_at >= first,
        Signal.occurred_at <= now,
    )
    said = select(day, Signal.source, func.count()).where(*conditions).group_by(day, Signal.source)
    # Copies are few: taking them off leaves the large count to one index.
    copies = select(day, Signal.source, -func.count()).join(SignalCopy, SignalCopy.signal_id == Signal.id)
    counts: Counts = {}
    for when, source, count in session.execute(said.union_all(copies.where(*conditions).group_by(day, Signal.source))):
        key = date.fromisoformat(str(when)), source
        counts[key] = counts.get(key, 0) + count
    return {key: count for key, count in counts.items() if count}

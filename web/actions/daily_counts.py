"""How many signals were said each day, by source; a text that came from two sources counts once."""

from datetime import date, datetime, timedelta
from typing import TypeAlias, cast

from flask import current_app
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from db import Signal, SignalCopy

Counts: TypeAlias = dict[tuple[date, str], int]
"""By day (UTC) and source."""

LARGE = 10_000
KEPT = timedelta(minutes=1)
"""How long counts of more than `LARGE` signals are told again instead of being counted anew."""

_EXTENSION = "signalbox_daily_counts"


def counts_by_day(session: Session, workspace_id: str, now: datetime, days: int) -> Counts:
    """The last ``days``, today included, without what was deleted at its source and small talk; large counts may be
    `KEPT` old.
    """
    kept = cast("dict[tuple[str, int], tuple[datetime, Counts]]", current_app.extensions.setdefault(_EXTENSION, {}))
    until, known = kept.get((workspace_id, days), (now, {}))
    if now < until:
        return known
    counts = _counted(session, workspace_id, now, days)
    if sum(counts.values()) > LARGE:
        kept[workspace_id, days] = now + KEPT, counts
    return counts


def _counted(session: Session, workspace_id: str, now: datetime, days: int) -> Counts:
    first = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)
    # Both databases hold UTC and know the function ``date``.
    day = func.date(Signal.occurred_at)
    # All of it stands in one index, the id too, by which copies are told.
    said = select(day, Signal.source, func.count()).where(
        Signal.workspace_id == workspace_id,
        Signal.deleted_at.is_(None),
        Signal.is_trivial.is_(False),
        Signal.occurred_at >= first,
        Signal.occurred_at <= now,
        ~exists().where(SignalCopy.signal_id == Signal.id),
    )
    rows = session.execute(said.group_by(day, Signal.source))
    return {(date.fromisoformat(str(when)), source): count for when, source, count in rows}

"""What is new to tell since the last time: each text once, whichever of its sources came first.

What still waits for its copy when an interval ends (`pipeline.pairs.hold_off`) is kept back for the next one.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from db import Signal, SignalCopy
from pipeline.pairs.hold_off import HOLD_OFF, may_be_told_at

MOST_KEPT_BACK = 1000
"""An import may bring more in two minutes: of those beyond it, the older ones do not wait."""


@dataclass(frozen=True, slots=True)
class Interval:
    """What came from ``since`` to before ``until``, and the signals (by id) that the interval before kept back."""

    since: datetime
    until: datetime
    kept_back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """``conditions``: what holds of a signal that is to be told; ``kept_back``: the ids of those that are not yet."""

    conditions: tuple[ColumnElement[bool], ...]
    kept_back: tuple[str, ...]


def news_of(session: Session, workspace_id: str, interval: Interval) -> News:
    """What of the workspace's signals is to be told at the end of the interval. Small talk and copies are not."""
    came = and_(Signal.created_at >= interval.since, Signal.created_at < interval.until)
    new = (
        Signal.workspace_id == workspace_id,
        or_(came, Signal.id.in_(interval.kept_back)),
        Signal.deleted_at.is_(None),
        Signal.is_trivial.is_(False),
        ~exists().where(SignalCopy.signal_id == Signal.id),
        ~_was_told_as_copy(interval),
    )
    kept_back = _waiting(session, workspace_id, new, interval.until)
    return News((*new, Signal.id.not_in(kept_back)), kept_back)


def _was_told_as_copy(interval: Interval) -> ColumnElement[bool]:
    """The copy came in an earlier interval, when nobody could know that it was one."""
    copy = aliased(Signal)
    return exists().where(
        SignalCopy.original_id == Signal.id,
        copy.id == SignalCopy.signal_id,
        copy.created_at < interval.since,
        copy.id.not_in(interval.kept_back),
        copy.is_trivial.is_(False),
        or_(copy.deleted_at.is_(None), copy.deleted_at >= interval.since),
    )


def _waiting(
    session: Session, workspace_id: str, new: tuple[ColumnElement[bool], ...], until: datetime
) -> tuple[str, ...]:
    recent = select(Signal).where(*new, Signal.created_at > until - HOLD_OFF)
    newest = session.scalars(recent.order_by(Signal.created_at.desc(), Signal.id.desc()).limit(MOST_KEPT_BACK)).all()
    moments = may_be_told_at(session, workspace_id, newest)
    return tuple(sorted(id_ for id_, moment in moments.items() if moment > until))

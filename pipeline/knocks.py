"""Knocks: the last requests at an integration's door and how their checks went. Never what they said."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import Session, aliased

from core.ids import new_id
from db import Database, Event, Knock
from db.dialects import insert_into

KEPT = 20
SAME_WITHIN = timedelta(seconds=1)
"""A stream of equal requests leaves one knock a second."""


@dataclass(frozen=True, slots=True)
class NewKnock:
    """What is kept of one request: why it was refused, if it was, and its findings as slugs."""

    integration_id: str
    findings: tuple[str, ...]
    refusal: str | None = None
    event_id: str | None = None


def note_knock(database: Database, new: NewKnock, now: datetime) -> None:
    """Keeps the knock and forgets all but the last `KEPT` of its integration.

    Noise that nobody vouches for is looked up before it is written: a stream of it costs one write a second. What was
    authentic leaves a knock of its own, on which its exact repeats are counted.
    """
    if new.event_id is None and _is_noise(database, new, now):
        return
    with database.write() as session:
        id_ = _id_of(session, new, now)
        row = {"id": id_, "integration_id": new.integration_id, "findings": list(new.findings),
               "refusal": new.refusal, "event_id": new.event_id, "times": 1, "created_at": now}  # fmt: skip
        once_more = {"times": Knock.__table__.c.times + 1}
        insert = insert_into(session, Knock).on_conflict_do_update(index_elements=["id"], set_=once_more)
        session.execute(insert, [row])
        kept = session.scalars(_newest_first(new).with_only_columns(Knock.id).limit(KEPT)).all()
        forgotten = (Knock.integration_id == new.integration_id, Knock.id.not_in(kept))
        session.execute(delete(Knock).where(*forgotten))


def _newest_first(new: NewKnock) -> Select[Knock]:
    return select(Knock).where(Knock.integration_id == new.integration_id).order_by(Knock.id.desc())


def _is_noise(database: Database, new: NewKnock, now: datetime) -> bool:
    """Whether the last knock was refused for the same and within a moment."""
    with database.read() as session:
        last = session.scalars(_newest_first(new).limit(1)).first()
    same = last is not None and (tuple(last.findings), last.refusal) == (new.findings, new.refusal)
    return same and last is not None and now - last.created_at < SAME_WITHIN


def _id_of(session: Session, new: NewKnock, now: datetime) -> str:
    """An event's knock has its number, so that those who repeat it at the same time count on the same row; what
    repeats the body of another event within a moment counts on that one's.
    """
    if new.event_id is None:
        return new_id(Knock.id_prefix)
    other = aliased(Event)
    same_body = (
        select(Knock.id)
        .join(other, other.id == Knock.event_id)
        .join(Event, Event.payload == other.payload)
        .where(Event.id == new.event_id, Knock.integration_id == new.integration_id)
        .where(or_(Knock.event_id == new.event_id, Knock.created_at > now - SAME_WITHIN))
        .order_by((Knock.event_id == new.event_id).desc())
    )
    return session.scalars(same_body.limit(1)).first() or Knock.id_prefix + new.event_id.removeprefix(Event.id_prefix)

"""Knocks: the last requests at an integration's door and how their checks went. Never what they said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from db import Database, Knock

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
    """Keeps the knock and forgets all but the last `KEPT` of its integration."""
    newest_first = select(Knock).where(Knock.integration_id == new.integration_id).order_by(Knock.id.desc())
    with database.read() as session:
        last = session.scalars(newest_first.limit(1)).first()
    if last is not None and _is_same(last, new) and now - last.created_at < SAME_WITHIN:
        return
    with database.write() as session:
        session.add(
            Knock(
                integration_id=new.integration_id,
                findings=list(new.findings),
                refusal=new.refusal,
                event_id=new.event_id,
                created_at=now,
            )
        )
        session.flush()
        kept: Sequence[str] = session.scalars(newest_first.with_only_columns(Knock.id).limit(KEPT)).all()
        forgotten = (Knock.integration_id == new.integration_id, Knock.id.not_in(kept))
        session.execute(delete(Knock).where(*forgotten))


def _is_same(last: Knock, new: NewKnock) -> bool:
    return (tuple(last.findings), last.refusal) == (new.findings, new.refusal)

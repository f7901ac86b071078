"""How far everything is known to be here: what the gap detector says of each channel, and of all of them together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import Duty, Integration


@dataclass(frozen=True, slots=True)
class Completeness:
    """Nothing said before ``until`` is missing; ``reason`` is why looking for gaps does not get on, if it does not."""

    until: datetime
    reason: str | None = None


def completeness(session: Session, integration_id: str) -> Mapping[str, Completeness]:
    """By channel id, for the channels that are captured."""
    mine = (Duty.integration_id == integration_id, Duty.kind.like("%.reconcile"))
    query = select(Duty.scope, Duty.complete_until, Duty.reason).where(*mine, Duty.complete_until.is_not(None))
    return {channel: Completeness(until, reason) for channel, until, reason in session.execute(query) if until}


def complete_until(session: Session, integration_id: str) -> datetime | None:
    """The moment up to which every captured channel of the connection is complete; None while nobody has looked."""
    return min((each.until for each in completeness(session, integration_id).values()), default=None)


def workspace_complete_until(session: Session, workspace_id: str) -> datetime | None:
    """The moment up to which every captured channel of the workspace's active connections is complete."""
    active = (Integration.workspace_id == workspace_id, Integration.state == "active", Integration.is_active.is_(True))
    ids = session.scalars(select(Integration.id).where(*active)).all()
    return min((until for each in ids if (until := complete_until(session, each))), default=None)

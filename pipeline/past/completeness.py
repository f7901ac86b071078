"""How far everything is known to be here: what the gap detector says of each channel, and of all of them together."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
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
    return complete_until_each(session, [integration_id]).get(integration_id)


def complete_until_each(session: Session, integration_ids: Collection[str]) -> Mapping[str, datetime]:
    """`complete_until` of several connections, by id, without those at which nobody has looked."""
    theirs = (Duty.integration_id.in_(integration_ids), Duty.kind.like("%.reconcile"))
    query = select(Duty.integration_id, func.min(Duty.complete_until)).where(*theirs).group_by(Duty.integration_id)
    return {integration_id: until for integration_id, until in session.execute(query) if until is not None}


def workspace_complete_until(session: Session, workspace_id: str) -> datetime | None:
    """The moment up to which every captured channel of the workspace's active connections is complete."""
    return session.scalar(complete_until_of(workspace_id))


def complete_until_of(workspace_id: str) -> Select[datetime | None]:
    """`workspace_complete_until` as a query."""
    query = select(func.min(Duty.complete_until)).join(Integration, Integration.id == Duty.integration_id)
    active = (Integration.workspace_id == workspace_id, Integration.state == "active", Integration.is_active.is_(True))
    return query.where(Duty.kind.like("%.reconcile"), *active)

"""What goes on for a channel that gets another id: it is known by it at once, and the work on its past carries on."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import DirectoryEntry, Duty, Import
from pipeline.past.imports import UNFINISHED


def carry_on(session: Session, integration_id: str, old_id: str, new_id: str, now: datetime) -> None:
    """The platform does not know the old id any more: whoever reads by it would be refused."""
    _carry_entry(session, integration_id, old_id, new_id)
    _carry_duties(session, integration_id, old_id, new_id, now)
    _carry_imports(session, integration_id, old_id, new_id)


def _carry_entry(session: Session, integration_id: str, old_id: str, new_id: str) -> None:
    """What was told of the channel, unless its new id is known already."""
    old = session.get(DirectoryEntry, (integration_id, "channel", old_id))
    if old is None:
        return
    if session.get(DirectoryEntry, (integration_id, "channel", new_id)) is None:
        known = {name: getattr(old, name) for name in ("name", "facts", "fetched_at", "expires_at")}
        session.add(DirectoryEntry(integration_id=integration_id, kind="channel", ref=new_id, **known))
    session.delete(old)


def _carry_duties(session: Session, integration_id: str, old_id: str, new_id: str, now: datetime) -> None:
    """Gaps are looked for from where the old id was complete. Its walk begins anew: positions are the old id's."""
    of_old = (Duty.integration_id == integration_id, Duty.kind.like("%.reconcile"), Duty.scope == old_id)
    for old in session.scalars(select(Duty).where(*of_old).with_for_update()).all():
        new = session.get(Duty, (integration_id, old.kind, new_id), with_for_update=True)
        if new is None:
            new = Duty(integration_id=integration_id, kind=old.kind, scope=new_id, created_at=old.created_at)
            new.complete_until, new.done_at = old.complete_until, old.done_at
            session.add(new)
        elif old.complete_until and new.complete_until:
            new.created_at = min(old.created_at, new.created_at)
            new.complete_until = min(old.complete_until, new.complete_until)
        new.cursor = {name: fact for name, fact in old.cursor.items() if name in ("allowance", "repaired")}
        new.lease_token, new.due_at = None, now
        session.delete(old)


def _carry_imports(session: Session, integration_id: str, old_id: str, new_id: str) -> None:
    """Whoever reads a page meanwhile stores it under the old id, which leads to the new one."""
    running = select(Import).where(Import.integration_id == integration_id, Import.state.in_(UNFINISHED))
    for row in session.scalars(running.with_for_update()):
        at, left = row.cursor.get("channel"), row.cursor.get("left", ())
        if old_id not in (row.channel_id, at, *left):
            continue
        row.channel_id = new_id if row.channel_id == old_id else row.channel_id
        row.cursor = row.cursor | {
            "channel": new_id if at == old_id else at,
            "left": [new_id if each == old_id else each for each in left],
        }

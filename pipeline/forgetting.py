"""Forgetting what was said: words, their earlier versions and the payloads that brought them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from db import Event, Receipt, Signal, SignalCopy, SignalRevision
from db.search import index_signals

BATCH = 500


def forget_payloads(session: Session, workspace_id: str, signal_ids: Sequence[str], *, reason: str) -> None:
    """The receipts of these signals say why; a payload that only this workspace received is emptied."""
    ours = (Receipt.workspace_id == workspace_id, Receipt.signal_id.in_(signal_ids))
    event_ids = session.scalars(select(Receipt.event_id).where(*ours)).all()
    session.execute(update(Receipt).where(*ours).values(reason=reason))
    other = aliased(Receipt)
    shared = exists().where(other.event_id == Event.id, other.workspace_id != workspace_id)
    for start in range(0, len(event_ids), BATCH):
        these = Event.id.in_(event_ids[start : start + BATCH])
        emptied = {"payload": b"", "state": "ignored", "reason": reason, "due_at": None, "lease_token": None}
        session.execute(update(Event).where(these, ~shared).values(**emptied), {"synchronize_session": False})


def redact(session: Session, workspace_id: str, signal_ids: Sequence[str], now: datetime) -> None:
    """Empties these signals, their copies and originals, as their source did: place, author and times remain."""
    pair = or_(SignalCopy.signal_id.in_(signal_ids), SignalCopy.original_id.in_(signal_ids))
    pairs = session.execute(select(SignalCopy.signal_id, SignalCopy.original_id).where(pair))
    ids = sorted({*signal_ids, *(id_ for both in pairs for id_ in both)})
    if not ids:
        return
    forget_payloads(session, workspace_id, ids, reason="redacted")
    session.execute(delete(SignalRevision).where(SignalRevision.signal_id.in_(ids)))
    emptied = {"verbatim": "", "source_metadata": {}, "deleted_at": func.coalesce(Signal.deleted_at, now)}
    session.execute(
        update(Signal).where(Signal.id.in_(ids)).values(**emptied, updated_at=now), {"synchronize_session": False}
    )
    index_signals(session, ids)

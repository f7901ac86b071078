"""Forgetting what was said: words, their earlier versions and the payloads that brought them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from db import Event, Receipt, Signal, SignalCopy, SignalRevision
from db.search import index_signals

BATCH = 500
ERASED, REDACTED = "erased", "redacted"
FORGOTTEN = frozenset({ERASED, REDACTED})
"""The reasons that stand where words were forgotten."""


def forget_payloads(session: Session, workspace_id: str, signal_ids: Sequence[str], *, reason: str) -> None:
    """The receipts of these signals say why; a payload that only this workspace received is emptied."""
    ours = (Receipt.workspace_id == workspace_id, Receipt.signal_id.in_(signal_ids))
    event_ids = session.scalars(select(Receipt.event_id).where(*ours)).all()
    session.execute(update(Receipt).where(*ours).values(reason=reason))
    _empty(session, workspace_id, event_ids, reason)


def _empty(session: Session, workspace_id: str, event_ids: Sequence[str], reason: str) -> None:
    other = aliased(Receipt)
    shared = exists().where(other.event_id == Event.id, other.workspace_id != workspace_id)
    for start in range(0, len(event_ids), BATCH):
        these = Event.id.in_(event_ids[start : start + BATCH])
        emptied = {"payload": b"", "state": "ignored", "reason": reason, "due_at": None, "lease_token": None}
        session.execute(update(Event).where(these, ~shared).values(**emptied), {"synchronize_session": False})


def forget_unkept(session: Session, workspace_id: str, people: Collection[str], *, reason: str) -> int:
    """Forgets a batch of what these people (ids at the source) said and what was not kept: with every event about the
    same messages. Returns how many messages; come again until there are none.
    """
    said = Receipt.workspace_id == workspace_id, Receipt.thread.is_not(None), Receipt.author.in_(people)
    found = select(Event.id, Event.subject).join(Receipt, Receipt.event_id == Event.id).where(*said)
    rows = session.execute(found.order_by(Event.id).limit(BATCH)).all()
    about = select(Event.id).where(Event.subject.in_({row.subject for row in rows if row.subject}))
    ids = {row.id for row in rows} | set(session.scalars(about))
    ours = (Receipt.workspace_id == workspace_id, Receipt.event_id.in_(ids), Receipt.signal_id.is_(None))
    event_ids = session.scalars(select(Receipt.event_id).where(*ours)).all()
    gone = {"reason": reason, "thread": None, "author": None, "waits": False}
    session.execute(update(Receipt).where(*ours).values(**gone))
    _empty(session, workspace_id, event_ids, reason)
    return len(rows)


def redact(session: Session, workspace_id: str, signal_ids: Sequence[str], now: datetime) -> None:
    """Empties these signals, their copies and originals, as their source did: place, author and times remain."""
    pair = or_(SignalCopy.signal_id.in_(signal_ids), SignalCopy.original_id.in_(signal_ids))
    pairs = session.execute(select(SignalCopy.signal_id, SignalCopy.original_id).where(pair))
    ids = sorted({*signal_ids, *(id_ for both in pairs for id_ in both)})
    if not ids:
        return
    forget_payloads(session, workspace_id, ids, reason=REDACTED)
    session.execute(delete(SignalRevision).where(SignalRevision.signal_id.in_(ids)))
    emptied = {"verbatim": "", "source_metadata": {}, "deleted_at": func.coalesce(Signal.deleted_at, now)}
    session.execute(
        update(Signal).where(Signal.id.in_(ids)).values(**emptied, updated_at=now), {"synchronize_session": False}
    )
    index_signals(session, ids)

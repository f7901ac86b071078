"""What people decided when they asked for a capture: their word reaches the signal, once, and is recorded.

A source never overwrites what people decided. Whoever asks fills in what nobody decided; whoever may change signals in
the console may also change what was decided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from core.signal import Asked, Capture
from core.taming import JsonObject
from db import AuditEntry, Duty, Receipt, Signal, UserIdentity, WorkspaceMember
from db.dialects import insert_into

DECIDED = ("interpretation", "severity", "frequency")
ANSWER = "answer"
"""The duty to tell somebody what came of their asking; its scope is the event."""

_DECIDERS = ("owner", "admin", "member")
_CARRIED_OUT = ("captured", "updated", "superseded")


@dataclass(frozen=True, slots=True)
class Request:
    """A capture that somebody asked for, and the signal it came to."""

    event_id: str
    workspace_id: str
    integration_id: str | None
    signal_id: str
    capture: Capture
    asked: Asked


class _Member(NamedTuple):
    user_id: str
    role: str


def carry_out(session: Session, requests: Sequence[Request], now: datetime) -> None:
    """Applies and records each request that was not carried out before: a replay finds its receipt. Call it in the
    transaction that wrote the signals, before it writes the receipts.
    """
    if not requests:
        return
    done = _carried_out(session, requests)
    fresh = [each for each in requests if (each.event_id, each.workspace_id) not in done]
    signals = _locked(session, {each.signal_id for each in fresh})
    for request in fresh:
        signal = signals.get(request.signal_id)
        if signal is not None and signal.deleted_at is None:
            _carry_out(session, request, signal, now)


def _carry_out(session: Session, request: Request, signal: Signal, now: datetime) -> None:
    asker = _member(session, request)
    may_replace = asker is not None and asker.role in _DECIDERS
    changed = []
    for name in DECIDED:
        word, present = getattr(request.capture, name), getattr(signal, name)
        if word is None or not (present in (None, word) or may_replace):
            continue
        changed.append(name)
        if word != present:
            setattr(signal, name, word)
            signal.updated_at = now
    details: JsonObject = {"way": request.asked.way, "by": request.asked.subject, "fields": [*changed]}
    session.add(
        AuditEntry(
            workspace_id=request.workspace_id,
            actor_id=asker.user_id if asker else None,
            action="signal.asked_for",
            target_id=signal.id,
            details=details,
            created_at=now,
        )
    )
    _promise_answer(session, request, now)


def _promise_answer(session: Session, request: Request, now: datetime) -> None:
    if request.asked.tell is None or request.integration_id is None:
        return
    row = {
        "integration_id": request.integration_id,
        "kind": ANSWER,
        "scope": request.event_id,
        "cursor": {"tell": request.asked.tell, "signal_id": request.signal_id},
        "due_at": now,
        "attempts": 0,
        "created_at": now,
        "updated_at": now,
    }
    session.execute(insert_into(session, Duty).on_conflict_do_nothing(), [row])


def _carried_out(session: Session, requests: Sequence[Request]) -> set[tuple[str, str]]:
    keys = [(each.event_id, each.workspace_id) for each in requests]
    query = select(Receipt.event_id, Receipt.workspace_id).where(
        tuple_(Receipt.event_id, Receipt.workspace_id).in_(keys), Receipt.outcome.in_(_CARRIED_OUT)
    )
    return {(event_id, workspace_id) for event_id, workspace_id in session.execute(query)}


def _locked(session: Session, ids: set[str]) -> dict[str, Signal]:
    """The rows as they are written now, locked in one order."""
    query = select(Signal).where(Signal.id.in_(ids)).order_by(Signal.id).with_for_update()
    return {signal.id: signal for signal in session.scalars(query, execution_options={"populate_existing": True})}


def _member(session: Session, request: Request) -> _Member | None:
    query = (
        select(WorkspaceMember.user_id, WorkspaceMember.role)
        .join(UserIdentity, UserIdentity.user_id == WorkspaceMember.user_id)
        .where(WorkspaceMember.workspace_id == request.workspace_id)
        .where(UserIdentity.issuer == request.asked.issuer, UserIdentity.subject == request.asked.subject)
    )
    found = session.execute(query).first()
    return _Member(*found) if found else None

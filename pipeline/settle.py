"""Writes down what was decided: signals, conversations, receipts and the events' states, in one transaction."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, update
from sqlalchemy.event import listen
from sqlalchemy.orm import Session

from core.signal import Capture, Ignored, Writes
from core.tally import tally_events
from core.taming import bounded
from db import Event, Integration, Receipt, WebhookKey
from db.dialects import insert_into
from pipeline.asking import Request, carry_out
from pipeline.claim import without_waiting
from pipeline.names.introduce import introduce
from pipeline.pairs.copies import match_copies
from pipeline.pairs.topics import describe, missing_of
from pipeline.places import Place, Placed, Written
from pipeline.plan import Failed, Handled, Part, Plan
from pipeline.signals import write_signals
from pipeline.waiting import enter, release

USED_RESOLUTION = timedelta(minutes=1)
"""How exact ``last_used_at`` is: one write a minute, not one per event."""

_OF_RECEIPT = ("integration_id", "outcome", "reason", "signal_id", "thread", "author", "waits")
_ENDED = "events_ended"
"""In a session: how many events of a platform ended in a state, to be told once that is committed."""

_RANK = ("captured", "updated", "deleted", "handled", "superseded", "failed", "ignored")


def settle(session: Session, plans: Sequence[Plan], now: datetime) -> int:
    """Commits nothing itself. Every part of every plan must be settled. Returns how many other events are pending again
    for what was written.
    """
    enter(session, plans)
    plans = introduce(session, plans, now)
    topics = [(part.recipient.workspace_id, topic) for _, part, told in _told(plans) for topic in told.topics]
    described = describe(session, topics, now)
    placed = {id(part): _placed(plan, part) for plan in plans for part in plan.parts}
    for plan, part, told in _told(plans):
        for inventory in told.inventories:
            placed[id(part)] += missing_of(session, part.recipient.workspace_id, plan.event.platform, inventory)
    written = write_signals(session, (write for writes in placed.values() for write in writes), now)
    workspaces = {part.recipient.workspace_id for plan in plans for part in plan.parts}
    match_copies(session, workspaces, {each.signal_id for each in written.values() if each.signal_id}, described)
    receipts = [
        _receipt(plan, part, [written[id(write)] for write in placed[id(part)]], now)
        for plan in plans
        for part in plan.parts
    ]
    carry_out(session, [*_requests(placed, written, plans)], now)
    _store_receipts(session, receipts)
    kept = {receipt["event_id"] for receipt in receipts if receipt["outcome"] != "ignored"}
    _finish_events(session, plans, kept, now)
    _touch(session, Integration, {part.recipient.integration_id for plan in plans for part in plan.parts}, now)
    keyed = [part for plan in plans if plan.event.platform == "webhook" for part in plan.parts]
    _touch(session, WebhookKey, {part.recipient.scope for part in keyed}, now)
    came = [(each, written[id(each)]) for writes in placed.values() for each in writes]
    return release(session, came, sorted(described), now)


def _told(plans: Sequence[Plan]) -> Iterator[tuple[Plan, Part, Writes]]:
    for plan in plans:
        for part in plan.parts:
            if isinstance(part.settlement, Writes) and (part.settlement.topics or part.settlement.inventories):
                yield plan, part, part.settlement


def _placed(plan: Plan, part: Part) -> list[Placed]:
    if not isinstance(part.settlement, Writes):
        return []
    workspace, source = part.recipient.workspace_id, plan.event.platform
    return [
        Placed(Place(workspace, source, part.recipient.scope, write.ref), write) for write in part.settlement.writes
    ]


def _requests(placed: dict[int, list[Placed]], written: dict[int, Written], plans: Sequence[Plan]) -> Iterator[Request]:
    """The captures that people asked for and that have a signal."""
    every = (
        (plan.event.id, part.recipient, each) for plan in plans for part in plan.parts for each in placed[id(part)]
    )
    for event_id, recipient, each in every:
        signal_id = written[id(each)].signal_id
        if isinstance(each.write, Capture) and each.write.asked and signal_id:
            yield Request(
                event_id, recipient.workspace_id, recipient.integration_id, signal_id, each.write, each.write.asked
            )


def _receipt(plan: Plan, part: Part, written: list[Written], now: datetime) -> dict[str, Any]:
    """The receipt of one part; of several writes, the most telling one."""
    best = min(written, key=lambda w: _RANK.index(w.outcome), default=None) or _unwritten(part)
    noted = part.settlement.reason if isinstance(part.settlement, Writes) else None
    return {
        "event_id": plan.event.id,
        "workspace_id": part.recipient.workspace_id,
        "integration_id": part.recipient.integration_id,
        "outcome": best.outcome,
        "reason": noted or best.reason,
        "signal_id": best.signal_id,
        "thread": best.said.conversation.ref if best.said else None,
        "author": bounded(best.said.author) if best.said and best.said.author else None,
        "waits": best.waits,
        "created_at": now,
    }


def _unwritten(part: Part) -> Written:
    settlement = part.settlement
    if isinstance(settlement, Failed):
        return Written("failed", None, settlement.reason)
    if isinstance(settlement, Handled):
        return Written("handled", None, settlement.reason)
    if isinstance(settlement, Writes) and settlement.topics:
        return Written("handled", None, settlement.reason or "conversation_described")
    if isinstance(settlement, Ignored):
        return Written("ignored", None, settlement.reason, settlement.said)
    return Written("ignored", None, "nothing_to_write")


def _store_receipts(session: Session, receipts: list[dict[str, Any]]) -> None:
    """One receipt per event and workspace: the most telling one where a workspace is connected twice."""
    best: dict[tuple[str, str], dict[str, Any]] = {}
    for receipt in sorted(receipts, key=lambda r: _RANK.index(r["outcome"])):
        best.setdefault((receipt["event_id"], receipt["workspace_id"]), receipt)
    if not best:
        return
    insert = insert_into(session, Receipt)
    changes = {name: insert.excluded[name] for name in _OF_RECEIPT}
    upsert = insert.on_conflict_do_update(index_elements=["event_id", "workspace_id"], set_=changes)
    session.execute(upsert, list(best.values()))


def _finish_events(session: Session, plans: Iterable[Plan], kept: set[str], now: datetime) -> None:
    """One UPDATE per kind of end. An event whose every write came to nothing is ignored, not processed."""
    ends: dict[tuple[str, str | None], list[str]] = defaultdict(list)
    ended: Counter[tuple[str, str]] = session.info.setdefault(_ENDED, Counter())
    for plan in plans:
        came_to_nothing = plan.state == "processed" and plan.event.id not in kept
        end = ("ignored", "nothing_to_change") if came_to_nothing else (plan.state, plan.final_reason)
        ends[end].append(plan.event.id)
        ended[plan.event.platform, end[0]] += 1
    for (state, reason), ids in ends.items():
        values = {"state": state, "reason": reason, "processed_at": now, "due_at": None, "lease_token": None}
        session.execute(
            update(Event)
            .where(Event.id.in_(ids))
            .values(**values, attempts=Event.attempts + 1, external_id=without_waiting()),
            execution_options={"synchronize_session": False},
        )


def _touch(session: Session, model: type[Integration | WebhookKey], ids: set[str | None], now: datetime) -> None:
    present = [id_ for id_ in ids if id_]
    if not present:
        return
    stale = or_(model.last_used_at.is_(None), model.last_used_at < now - USED_RESOLUTION)
    values: dict[str, Any] = {"last_used_at": now}
    if model is Integration:
        values["updated_at"] = Integration.updated_at  # being used is not a change
    session.execute(
        update(model).where(model.id.in_(present), stale).values(**values),
        execution_options={"synchronize_session": False},
    )


def _tell_ended(session: Session) -> None:
    for (platform, state), number in session.info.pop(_ENDED, {}).items():
        tally_events(platform, state, number)


listen(Session, "after_commit", _tell_ended)

"""The last deliveries at a connection's door: how their checks went, what became of them, and what there is to mend."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from core.adapter import Check, Inspector
from db import Event, Integration, Knock, Receipt, Signal
from web.actions.connecting import is_limited
from web.services import services

KnockOutcome: TypeAlias = Literal["refused", "waiting", "hydrated", "limited", "ignored", "failed", "forgotten"]
"""``hydrated``: read again from the platform; ``limited``: only what the delivery itself said; ``forgotten``: the
event is not kept any more."""

_NO_CHECKS: Mapping[str, Check] = {}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of a delivery; see `core.adapter.Check`."""

    slug: str
    about: str
    is_well: bool | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A delivery: its checks, what became of it and why, and what to fix (None when there is nothing).

    Also what it was about, as far as that could be read, and how many ``times`` it came.
    """

    id: str
    created_at: datetime
    checks: tuple[Finding, ...]
    outcome: KnockOutcome
    reason: str | None
    event_id: str | None
    signal_id: str | None
    fix: str | None
    event_type: str | None = None
    subject: str | None = None
    times: int = 1


def heard_at(session: Session, row: Integration, knocks: Sequence[Knock]) -> list[Heard]:
    """What to tell of these knocks at the connection's door, in their order."""
    fates = _fates(session, row, [knock.event_id for knock in knocks if knock.event_id])
    inspector = services().inspectors.get(row.platform)
    return [_heard(knock, fates.get(knock.event_id or ""), inspector) for knock in knocks]


def last_heard(session: Session, row: Integration, limit: int = 10) -> list[Heard]:
    """The last deliveries, the newest first."""
    query = select(Knock).where(Knock.integration_id == row.id).order_by(Knock.created_at.desc(), Knock.id.desc())
    return heard_at(session, row, session.scalars(query.limit(limit)).all())


@dataclass(frozen=True, slots=True)
class _Fate:
    outcome: KnockOutcome
    reason: str | None = None
    signal_id: str | None = None
    event_type: str | None = None
    subject: str | None = None


def _fates(session: Session, row: Integration, event_ids: Sequence[str]) -> dict[str, _Fate]:
    """What became of these events in the connection's workspace, by their ids."""
    shown = load_only(Event.state, Event.reason, Event.type, Event.subject)
    events = session.scalars(select(Event).options(shown).where(Event.id.in_(event_ids))).all() if event_ids else ()
    receipts = select(Receipt).where(Receipt.workspace_id == row.workspace_id, Receipt.event_id.in_(event_ids))
    receipt_of = {receipt.event_id: receipt for receipt in session.scalars(receipts)} if event_ids else {}
    said = {receipt.signal_id for receipt in receipt_of.values() if receipt.signal_id}
    signals = select(Signal.id, Signal.source_metadata).where(Signal.id.in_(said))
    limited: set[str | None] = {id_ for id_, facts in session.execute(signals) if facts.get("limited") is True}
    if is_limited(row):
        limited.add(None)  # an event that brought no words of its own was not read again either
    return {
        event.id: replace(_fate(event, receipt_of.get(event.id), limited), event_type=event.type, subject=event.subject)
        for event in events
    }


def _fate(event: Event, receipt: Receipt | None, limited: set[str | None]) -> _Fate:
    if event.state in ("pending", "failed"):
        return _Fate("waiting" if event.state == "pending" else "failed", event.reason)
    if receipt is None or receipt.outcome == "ignored" or event.state == "ignored":
        return _Fate("ignored", receipt.reason if receipt else event.reason)
    if receipt.outcome == "failed":
        return _Fate("failed", receipt.reason)
    return _Fate("limited" if receipt.signal_id in limited else "hydrated", receipt.reason, receipt.signal_id)


def _heard(knock: Knock, fate: _Fate | None, inspector: Inspector | None) -> Heard:
    checks = inspector.checks if inspector else _NO_CHECKS
    found = tuple(_findings(knock.findings, checks))
    fate = _Fate("refused", knock.refusal) if knock.refusal else fate or _Fate("forgotten")
    return Heard(
        id=knock.id, created_at=knock.created_at, checks=found, outcome=fate.outcome, reason=fate.reason,
        event_id=knock.event_id, signal_id=fate.signal_id, fix=_fix(found, fate, inspector),
        event_type=fate.event_type, subject=fate.subject, times=knock.times,
    )  # fmt: skip


def _findings(slugs: Sequence[str], checks: Mapping[str, Check]) -> Iterator[Finding]:
    """A slug that this version does not know any more has nothing to say."""
    for slug in slugs:
        if check := checks.get(slug):
            yield Finding(slug, check.about, check.is_well, check.sentence)


def _fix(found: Sequence[Finding], fate: _Fate, inspector: Inspector | None) -> str | None:
    """What is wrong with the delivery itself comes first, then what its event's reason asks for."""
    wrong = next((finding.sentence for finding in found if finding.is_well is False), None)
    remedies = inspector.remedies if inspector else {}
    return wrong or remedies.get(fate.reason or "")

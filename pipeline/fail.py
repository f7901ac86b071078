"""The end of an event that could not be brought further: failed, with its reason and a receipt for each recipient."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from core.adapter import Adapter
from db import Database
from pipeline.claim import claim_one
from pipeline.plan import Failed, Plan
from pipeline.planning import make_plans
from pipeline.settle import settle


def fail_event(
    database: Database,
    adapters: Mapping[str, Adapter],
    event_id: str,
    reason: str,
    now: datetime,
    *,
    lease: str | None = None,
) -> None:
    """Marks the event failed if it is still pending and, with a lease, still ours. It can be replayed."""
    with database.write() as session:
        event = claim_one(session, event_id, lease=lease)
        if event is not None:
            settle(session, [failed(plan, reason) for plan in make_plans(session, adapters, [event], now)], now)


def failed(plan: Plan, reason: str) -> Plan:
    """The plan as it ends when nothing of it can be done."""
    parts = tuple(replace(part, settlement=Failed(reason)) for part in plan.parts)
    return replace(plan, parts=parts, reason=reason, effects=False, asks=None, has_failed=True)

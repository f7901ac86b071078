"""The step that goes over the network: look-ups and effects between transactions, under a lease, then settled.

It runs beside the step that decides, so that a slow platform never holds up the others' events.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from core.adapter import Access, AccessSource, Adapter, Effects, LookupClient
from core.clock import Clock
from core.errors import StepFailed
from core.logs import get_logger
from core.signal import Lookup
from core.taming import JsonObject
from db import Database
from db.dialects import is_unavailable
from pipeline.claim import claim_companions, claim_due, claim_one, has_due, lease_out, next_due_at
from pipeline.engine.steps import Progress
from pipeline.fail import fail_event
from pipeline.installations.widen import Widen
from pipeline.plan import Failed, Handled, Part, Plan, decide
from pipeline.planning import make_plans
from pipeline.retry import after_failure
from pipeline.settle import settle

BATCH = 10
"""Few, since one lease covers them all."""
COMPANIONS = 200
"""Events that are answered by the same look-ups cost no more of the lease than one."""
LOOKUP_ROUNDS = 3

Answers: TypeAlias = dict[tuple[str | None, Lookup], JsonObject | StepFailed]
"""What was asked in this batch: equal look-ups of equal connections are fetched once."""

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """The step, with the platforms' clients."""

    database: Database
    adapters: Mapping[str, Adapter]
    lookups: Mapping[str, LookupClient]
    access: AccessSource
    effects: Mapping[str, Effects]
    app_access: Callable[[str], Access]
    clock: Clock

    name = "complete"

    def run(self) -> Progress:
        """Takes a few due events to their end or to their next attempt."""
        if not has_due(self.database, "complete", self.clock()):
            return Progress(0, next_due_at(self.database, "complete"))
        plans, answers, widen = self._lease_batch(), Answers(), self._widen()
        released = sum([self._finish(plan, answers, widen) for plan in plans])
        # What Slack tells of an installation may want a channel joined, the list read anew, or events taken again.
        wakes = ("channels", "process") if any(plan.effects for plan in plans) else ("process",) if released else ()
        return Progress(len(plans), wakes=wakes)

    def _lease_batch(self) -> list[Plan]:
        with self.database.write() as session:
            now = self.clock()
            events = list(claim_due(session, "complete", now, limit=BATCH))
            events += claim_companions(session, events, limit=COMPANIONS)
            plans = make_plans(session, self.adapters, events, now)
            lease = lease_out(session, [event.id for event in events], now) if events else None
        return [replace(plan, lease=lease) for plan in plans]

    def _finish(self, plan: Plan, answers: Answers, widen: Widen) -> int:
        """Does what needs the network, then settles if the lease is still ours; how many events are pending for it."""
        try:
            whole = widen.widen(plan, plan.asks) if plan.asks else plan
            if whole is None:
                return 0
            finished = self._act(whole) if whole.effects else self._look_up(whole, answers)
            with self.database.write() as session:
                if claim_one(session, plan.event.id, lease=plan.lease) is not None:
                    return settle(session, [finished], self.clock())
        except StepFailed as failure:
            self._put_off(plan, failure)
        except Exception as error:
            if is_unavailable(error):
                raise
            log.warning("event_not_completed", event_id=plan.event.id, exc_info=error)
            self._put_off(plan, StepFailed("not_completed", permanent=False))
        return 0

    def _widen(self) -> Widen:
        return Widen(
            database=self.database,
            adapters=self.adapters,
            lookups=self.lookups,
            app_access=self.app_access,
            clock=self.clock,
        )

    def _act(self, plan: Plan) -> Plan:
        self.effects[plan.event.platform].perform(plan.event)
        handled = tuple(replace(part, settlement=Handled(plan.event.type)) for part in plan.parts)
        return replace(plan, parts=handled, effects=False)

    def _look_up(self, plan: Plan, answers: Answers) -> Plan:
        """Answers the look-ups of every part, in at most a few rounds."""
        findings: list[dict[Lookup, JsonObject]] = [{} for _ in plan.parts]
        for _ in range(LOOKUP_ROUNDS):
            if not plan.is_waiting:
                return plan
            for part, found in zip(plan.parts, findings, strict=True):
                found |= {lookup: self._answer(plan, part, lookup, answers) for lookup in part.needs}
            plan = decide(plan, self.adapters[plan.event.platform], findings)
        endless = Failed("lookups_without_end")
        return replace(plan, parts=tuple(replace(part, settlement=part.settlement or endless) for part in plan.parts))

    def _answer(self, plan: Plan, part: Part, lookup: Lookup, answers: Answers) -> JsonObject:
        asked = (part.recipient.integration_id, lookup)
        if asked not in answers:
            try:
                answers[asked] = self._fetch(plan.event.platform, part, lookup)
            except StepFailed as failure:
                answers[asked] = failure
        answer = answers[asked]
        if isinstance(answer, StepFailed):
            raise answer
        return answer

    def _fetch(self, platform: str, part: Part, lookup: Lookup) -> JsonObject:
        access = self.access.access(part.recipient.integration_id or "")
        return self.lookups[platform].fetch(lookup, access)

    def _put_off(self, plan: Plan, failure: StepFailed) -> None:
        """Another attempt later, or the end with its reason."""
        now = self.clock()
        jitter = random.random()  # noqa: S311  # it spreads load, it protects nothing
        due_at, attempts = after_failure(failure, attempts=plan.attempts, now=now, jitter=jitter)
        log.warning("event_put_off", event_id=plan.event.id, reason=failure.reason, attempts=attempts)
        if due_at is None:
            fail_event(self.database, self.adapters, plan.event.id, failure.reason, now, lease=plan.lease)
            return
        with self.database.write() as session:
            event = claim_one(session, plan.event.id, lease=plan.lease)
            if event is not None:
                event.due_at, event.attempts, event.reason, event.lease_token = due_at, attempts, failure.reason, None

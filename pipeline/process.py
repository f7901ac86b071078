"""The processing step: due events become signals, in batches, and one bad event never holds back its batch."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from core.adapter import Access, Adapter, Effects, Envelope, InboundRequest, LookupClient, ReceivedEvent
from core.clock import Clock
from core.errors import SealBroken, SignalboxError, StepFailed
from core.logs import get_logger
from core.signal import Ignored, Lookup
from core.taming import JsonObject
from db import Database, Event, Integration
from db.dialects import is_unavailable
from pipeline.claim import claim_due, claim_one, has_due, lease_out, next_due_at
from pipeline.plan import Failed, Handled, Part, Plan, decide
from pipeline.recipients import Match, match
from pipeline.retry import next_attempt_at
from pipeline.settle import settle

BATCH = 100
LOOKUP_ROUNDS = 3

log = get_logger()


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run of a step did, and when the next one is due (None: nothing is waiting)."""

    done: int
    next_due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """The step, with the platforms' parts it needs."""

    database: Database
    adapters: Mapping[str, Adapter]
    lookups: Mapping[str, LookupClient]
    effects: Mapping[str, Effects]
    clock: Clock

    name = "process"

    def run(self) -> Progress:
        """Takes one batch of due events as far as it goes."""
        if not has_due(self.database, self.clock()):
            return Progress(0, next_due_at(self.database))
        try:
            done, waiting = self._run_batch(BATCH)
        except Exception as error:
            if is_unavailable(error):
                raise
            done, waiting = self._run_singly()
        for plan in waiting:
            self._finish_waiting(plan)
        return Progress(done)

    def _run_batch(self, limit: int) -> tuple[int, list[Plan]]:
        """Claims, decides and settles in one transaction; what needs the network is leased and returned."""
        with self.database.write() as session:
            now = self.clock()
            plans = self._plan(session, claim_due(session, now, limit=limit))
            waiting = [plan for plan in plans if plan.is_waiting]
            settle(session, [plan for plan in plans if not plan.is_waiting], now)
            lease = lease_out(session, [plan.event.id for plan in waiting], now) if waiting else None
        return len(plans), [replace(plan, lease=lease) for plan in waiting]

    def _run_singly(self) -> tuple[int, list[Plan]]:
        """The batch held something the database refuses: one by one, so that only that one fails."""
        with self.database.read() as session:
            ids = [event.id for event in claim_due(session, self.clock(), limit=BATCH)]
        waiting: list[Plan] = []
        for event_id in ids:
            try:
                waiting += self._run_one(event_id)
            except Exception as error:
                if is_unavailable(error):
                    raise
                log.warning("event_not_storable", event_id=event_id, exc_info=error)
                self._fail(event_id, "not_storable")
        return len(ids), waiting

    def _run_one(self, event_id: str) -> list[Plan]:
        with self.database.write() as session:
            now = self.clock()
            event = claim_one(session, event_id)
            plans = self._plan(session, [event] if event else [])
            settle(session, [plan for plan in plans if not plan.is_waiting], now)
            waiting = [plan for plan in plans if plan.is_waiting]
            lease = lease_out(session, [event_id], now) if waiting else None
        return [replace(plan, lease=lease) for plan in waiting]

    def _plan(self, session: Session, events: Sequence[Event]) -> list[Plan]:
        envelopes = [(event, self._envelope(event)) for event in events]
        matches = match(session, envelopes)
        plans = []
        for event, envelope in envelopes:
            plan = _plan_of(event, envelope, matches[event.id])
            open_parts = plan.parts and not plan.effects
            plans.append(decide(plan, self.adapters[event.platform], [{}] * len(plan.parts)) if open_parts else plan)
        return plans

    def _envelope(self, event: Event) -> Envelope:
        """The stored body's envelope; what cannot be understood (any more) is malformed."""
        adapter = self.adapters.get(event.platform)
        if adapter is None:
            return Envelope(event.type, malformed="platform_unknown")
        try:
            return adapter.envelope(InboundRequest({}, event.payload, event.received_at))
        except SignalboxError as error:
            return Envelope(event.type, malformed=error.reason)

    def _finish_waiting(self, plan: Plan) -> None:
        """Does what needs the network, then settles if the lease is still ours."""
        try:
            finished = self._act(plan) if plan.effects else self._look_up(plan)
        except StepFailed as failure:
            self._put_off(plan, failure)
            return
        with self.database.write() as session:
            if claim_one(session, plan.event.id, lease=plan.lease) is not None:
                settle(session, [finished], self.clock())

    def _act(self, plan: Plan) -> Plan:
        self.effects[plan.event.platform].perform(plan.event)
        handled = tuple(replace(part, settlement=Handled(plan.event.type)) for part in plan.parts)
        return replace(plan, parts=handled, effects=False)

    def _look_up(self, plan: Plan) -> Plan:
        """Answers the look-ups of every part, in at most a few rounds."""
        findings: list[dict[Lookup, JsonObject]] = [{} for _ in plan.parts]
        for _ in range(LOOKUP_ROUNDS):
            for part, found in zip(plan.parts, findings, strict=True):
                found |= {lookup: self._fetch(plan, part, lookup) for lookup in part.needs}
            plan = decide(plan, self.adapters[plan.event.platform], findings)
            if not plan.is_waiting:
                return plan
        return replace(plan, parts=tuple(replace(p, settlement=Failed("lookups_without_end")) for p in plan.parts))

    def _fetch(self, plan: Plan, part: Part, lookup: Lookup) -> JsonObject:
        with self.database.read() as session:
            integration = session.get(Integration, part.recipient.integration_id)
            try:
                token = integration.access_token if integration else None
            except SealBroken as error:
                raise StepFailed(error.reason, permanent=True) from error
            region = integration.pylon_region if integration else None
        if token is None:
            raise StepFailed("token_missing", permanent=True)
        return self.lookups[plan.event.platform].fetch(lookup, Access(token, region))

    def _put_off(self, plan: Plan, failure: StepFailed) -> None:
        """Another attempt later, or the end with its reason."""
        now = self.clock()
        attempts = plan.attempts + 1
        due_at = next_attempt_at(attempts, now, retry_after=failure.retry_after, jitter=random.random())  # noqa: S311  # spreads load
        log.warning("event_put_off", event_id=plan.event.id, reason=failure.reason, attempts=attempts)
        if failure.permanent or due_at is None:
            self._fail(plan.event.id, failure.reason, plan)
            return
        with self.database.write() as session:
            event = claim_one(session, plan.event.id, lease=plan.lease)
            if event is not None:
                event.due_at, event.attempts, event.reason, event.lease_token = due_at, attempts, failure.reason, None

    def _fail(self, event_id: str, reason: str, plan: Plan | None = None) -> None:
        with self.database.write() as session:
            event = claim_one(session, event_id, lease=plan.lease if plan else None)
            if event is not None:
                parts = tuple(replace(part, settlement=Failed(reason)) for part in plan.parts) if plan else ()
                failed = Plan(_received(event), event.attempts, parts, reason, has_failed=True)
                settle(session, [failed], self.clock())


def _plan_of(event: Event, envelope: Envelope, matched: Match) -> Plan:
    received, attempts = _received(event), event.attempts
    if envelope.malformed:
        parts = tuple(Part(recipient, Failed(envelope.malformed)) for recipient in matched.recipients)
        return Plan(received, attempts, parts, envelope.malformed, has_failed=True)
    parts = tuple(
        Part(recipient, None if recipient.is_active or envelope.effects else Ignored("integration_paused"))
        for recipient in matched.recipients
    )
    performs = envelope.effects and matched.reason != "app_mismatch"
    return Plan(received, attempts, parts, matched.reason, effects=performs)


def _received(event: Event) -> ReceivedEvent:
    return ReceivedEvent(event.id, event.platform, event.type, event.payload, event.received_at, event.slack_app_id)

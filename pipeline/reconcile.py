"""The duty that looks for gaps: each captured channel's recent history against the rows, repaired on the usual way.

``complete_until`` moves on only after a whole walk: everything that was said before it, and could be seen, is here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.adapter import AccessSource, Adapter
from core.clock import Clock
from core.errors import StepFailed
from core.history import Historian, Page, Record, Stretch
from core.logs import get_logger
from db import Database, Duty, Import, Integration
from db.dialects import insert_into
from pipeline.backfill import LEASE, PATIENCE, WAITING_REASONS, reader_of, refuse_if_away, store_records
from pipeline.channels.captured import captured_channels
from pipeline.duties import after_refusal, attempt
from pipeline.engine.steps import Progress
from pipeline.leases import held, lease_due, let_go, next_due_at, put_off
from pipeline.past.gaps import missed, suspects
from pipeline.past.imports import UNFINISHED
from pipeline.past.walk import Walk

EVERY = timedelta(minutes=10)
NARROW_EVERY = timedelta(minutes=30)
NARROW_SHARE = timedelta(minutes=2)
"""With one request a minute, a channel is read so much less often for each of the connection's channels."""
LOOK_EVERY = timedelta(seconds=10)

log = get_logger()


@dataclass(kw_only=True)
class Reconcile:
    """The step: one request of the channel that has waited longest."""

    database: Database
    historians: Mapping[str, Historian]
    adapters: Mapping[str, Adapter]
    access: AccessSource
    clock: Clock
    _look_at: datetime | None = field(default=None, init=False)

    name = "reconcile"

    def run(self) -> Progress:
        """One page, or one look at a message that history did not show."""
        self._follow_configurations()
        kinds = [kind_of(platform) for platform in self.historians]
        leased = lease_due(self.database, Duty, self.clock(), limit=1, where=[Duty.kind.in_(kinds)], lease=LEASE)
        for duty in leased:
            attempt(duty, self._go_on, self._put_off, StepFailed("reconcile_failed", permanent=False))
        wakes = ("process",) if leased else ()
        return Progress(len(leased), next_due_at(self.database, Duty, Duty.kind.in_(kinds)), wakes)

    def _follow_configurations(self) -> None:
        """Whatever changes which channels are captured need not know of this duty."""
        now = self.clock()
        if self._look_at is not None and now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY
        for platform in self.historians:
            with self.database.read() as session:
                changed = [row for row in _integrations(session, platform) if any(_differences(session, row))]
            if changed:
                with self.database.write() as session:
                    for row in changed:
                        follow(session, row, now)

    def _go_on(self, duty: Duty) -> None:
        now = self.clock()
        with self.database.read() as session:
            integration = session.get_one(Integration, duty.integration_id)
            reader, walk = reader_of(session, integration), self._walk(duty, integration)
            imports = select(Import.id).where(Import.integration_id == integration.id, Import.state.in_(UNFINISHED))
            gives_way = walk.is_narrow and session.scalar(imports.limit(1)) is not None
        refuse_if_away(integration)
        if gives_way:
            raise StepFailed("import_running", permanent=False, retry_after=EVERY.total_seconds())
        historian, access = self.historians[integration.platform], self.access.access(integration.id)
        stretch = Stretch(reader, duty.scope, walk.since, walk.until, "reconcile", walk.threads_since)
        if walk.suspects and walk.position is None:
            suspect = walk.suspects[0]
            gone = historian.look(access, stretch, suspect.ref, suspect.conversation, now)
            self._store(duty, walk, integration, None, [gone] if gone else [])
            return
        page = historian.page(access, stretch, walk.position or {}, walk.allowance)
        self._store(duty, walk, integration, page, page.records)

    def _store(
        self, duty: Duty, walk: Walk, integration: Integration, page: Page | None, records: Iterable[Record]
    ) -> None:
        """Repairs what is missed, and goes on or ends; without a page one suspect was looked at."""
        now, adapter, found = self.clock(), self.adapters[integration.platform], list(records)
        with self.database.write() as session:
            mine = held(session, duty)
            if mine is None:
                return
            lacking = missed(session, adapter, integration, found, now) if page else found
            repaired = store_records(session, integration, lacking, now, again=False)
            if repaired:
                log.info("gap_repaired", integration_id=integration.id, count=repaired)
            new = suspects(session, integration, mine.scope, page) if page else []
            walk.note(page, new, repaired)
            if walk.position is not None or walk.suspects:
                mine.cursor = walk.as_json()
                let_go(mine, due_at=now + timedelta(seconds=page.wait_seconds if page else walk.pace))
                return
            mine.cursor = walk.remains()
            mine.complete_until, mine.done_at = walk.until, now
            let_go(mine, due_at=now + self._pause(session, integration, walk))

    def _pause(self, session: Session, integration: Integration, walk: Walk) -> timedelta:
        if not walk.is_narrow:
            return EVERY
        return max(NARROW_EVERY, NARROW_SHARE * len(captured_channels(session, integration)))

    def _walk(self, duty: Duty, integration: Integration) -> Walk:
        return Walk.of(duty, self.clock(), self.historians[integration.platform].look_back)

    def _put_off(self, duty: Duty, failure: StepFailed) -> None:
        now = self.clock()
        with self.database.write() as session:
            mine = held(session, duty)
            if mine is None:
                return
            if failure.reason in WAITING_REASONS:
                mine.lease_token, mine.reason, mine.due_at = None, failure.reason, now + PATIENCE
            elif not failure.permanent and failure.retry_after is not None:
                integration = session.get_one(Integration, mine.integration_id)
                walk = self._walk(mine, integration)
                walk.allowance = self.historians[integration.platform].slowed(walk.allowance, failure.retry_after)
                mine.cursor = walk.as_json() if mine.cursor.get("until") else walk.remains()
                mine.lease_token, mine.reason = None, failure.reason
                mine.due_at = now + timedelta(seconds=failure.retry_after)
            elif not put_off(mine, failure, now):
                walk = self._walk(mine, session.get_one(Integration, mine.integration_id))
                mine.attempts, mine.due_at, mine.cursor = 0, now + after_refusal(failure), walk.remains()
                log.warning("reconcile_refused", integration_id=mine.integration_id, reason=failure.reason)


def kind_of(platform: str) -> str:
    """The duty's kind, such as ``slack.reconcile``."""
    return f"{platform}.reconcile"


def follow(session: Session, integration: Integration, now: datetime) -> None:
    """A duty for each captured channel, complete from now on, and none for the others."""
    missing, surplus = _differences(session, integration)
    kind = kind_of(integration.platform)
    if missing:
        rows = [
            {"integration_id": integration.id, "kind": kind, "scope": channel, "cursor": {}, "complete_until": now,
             "due_at": now + EVERY, "created_at": now, "updated_at": now}
            for channel in sorted(missing)
        ]  # fmt: skip
        session.execute(insert_into(session, Duty).on_conflict_do_nothing(), rows)
    if surplus:
        gone = (Duty.integration_id == integration.id, Duty.kind == kind, Duty.scope.in_(surplus))
        session.execute(delete(Duty).where(*gone))


def _differences(session: Session, integration: Integration) -> tuple[set[str], set[str]]:
    """The channels that lack a duty, and those whose duty is over."""
    kind = kind_of(integration.platform)
    have = set(session.scalars(select(Duty.scope).where(Duty.integration_id == integration.id, Duty.kind == kind)))
    want = captured_channels(session, integration) if integration.is_connected else set()
    return want - have, have - want


def _integrations(session: Session, platform: str) -> list[Integration]:
    return list(session.scalars(select(Integration).where(Integration.platform == platform)))

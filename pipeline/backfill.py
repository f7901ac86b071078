"""The step that imports: one request to a platform's history, then its messages and the position in one transaction.

An imported message is an event like a live one, in a lane that waits for the live ones. Whoever dies in between leaves
the position as it was: the page is read again and stored once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.adapter import AccessSource, AccountKey
from core.clock import Clock
from core.errors import StepFailed
from core.history import Allowance, Historian, Page, Reader, Record, Stretch
from core.logs import get_logger
from core.taming import JsonObject
from db import Database, Event, Import, Integration, SlackApp
from db.dialects import insert_into
from pipeline.duties import AFTER_REFUSED_TOKEN, TOKEN_REFUSED, attempt
from pipeline.engine.steps import Progress
from pipeline.leases import held, lease_due, let_go, next_due_at, put_off
from pipeline.past.paces import allowance_of
from pipeline.past.progress import expected_requests
from pipeline.receive import Arrival

LEASE = timedelta(seconds=20)
"""A request takes at most 8 seconds, and a token before it as long again. Who dies is relieved soon."""
PATIENCE = timedelta(minutes=1)
"""How long an import waits for a connection that is paused, or whose token is being renewed."""
WAITING_REASONS = frozenset(
    {"slack_token_expired", "token_missing", "token_not_refreshed", "needs_reconnect", "integration_paused"}
)
"""The connection's troubles, which somebody mends: the import is not to blame and does not give up."""

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """The step, with the platforms' historians."""

    database: Database
    historians: Mapping[str, Historian]
    access: AccessSource
    clock: Clock

    name = "backfill"

    def run(self) -> Progress:
        """One page of the import that has waited longest."""
        leased = lease_due(self.database, Import, self.clock(), limit=1, lease=LEASE)
        for row in leased:
            attempt(row, self._go_on, self._put_off, StepFailed("import_page_failed", permanent=False))
        return Progress(len(leased), next_due_at(self.database, Import), wakes=("process",) if leased else ())

    def _go_on(self, row: Import) -> None:
        with self.database.read() as session:
            integration = session.get_one(Integration, row.integration_id)
            reader = reader_of(session, integration)
        refuse_if_away(integration)
        channel = _channel(row)
        stretch = Stretch(reader, channel, row.since, row.until)
        access = self.access.access(integration.id)
        page = self.historians[integration.platform].page(access, stretch, _position(row), allowance_of(row))
        with self.database.write() as session:
            mine = held(session, row)
            if mine is not None:
                new = store_records(session, integration, page.records, self.clock(), again=True)
                _note(mine, page, new)
                _turn(mine, page, self.clock())
                log.info("import_page_stored", integration_id=integration.id, count=len(page.records), state=mine.state)

    def _put_off(self, row: Import, failure: StepFailed) -> None:
        """A pause that the platform asked for, and a connection that is in trouble, are no failed attempts."""
        now = self.clock()
        with self.database.write() as session:
            mine = held(session, row)
            if mine is None:
                return
            platform = session.get_one(Integration, mine.integration_id).platform
            if failure.reason in WAITING_REASONS:
                _wait(mine, failure.reason, now + PATIENCE)
            elif failure.reason in TOKEN_REFUSED:
                _wait(mine, failure.reason, now + AFTER_REFUSED_TOKEN)
            elif failure.retry_after is not None and not failure.permanent:
                believed = self.historians[platform].slowed(allowance_of(mine), failure.retry_after)
                _believe(mine, believed)
                _wait(mine, failure.reason, now + timedelta(seconds=failure.retry_after))
            elif not put_off(mine, failure, now):
                mine.state, mine.finished_at = "failed", now
                log.warning("import_failed", integration_id=mine.integration_id, reason=failure.reason)


def reader_of(session: Session, integration: Integration) -> Reader:
    """The connection as whom its records are addressed to."""
    app = session.get(SlackApp, integration.slack_app_id) if integration.slack_app_id else None
    account = AccountKey(integration.slack_enterprise_id, integration.slack_team_id)
    return Reader(integration.id, app.api_app_id if app else None, account, integration.slack_bot_user_id)


def refuse_if_away(integration: Integration) -> None:
    """Raises `StepFailed` when nothing can be read for this connection now, or ever."""
    if not integration.is_connected:
        raise StepFailed("integration_disconnected", permanent=True)
    if integration.state == "needs_reconnect":
        raise StepFailed("needs_reconnect", permanent=False)
    if not integration.is_active:
        raise StepFailed("integration_paused", permanent=False)


def store_records(
    session: Session, integration: Integration, records: Sequence[Record], now: datetime, *, again: bool
) -> int:
    """Puts the records among the events, in the lane that waits for live ones; returns how many are new.

    ``again``: what was ignored before gets another chance, since what is captured may have changed meanwhile; what was
    erased does not.
    """
    rows = [_arrival(integration, record, now).row() for record in records]
    if not rows:
        return 0
    insert = insert_into(session, Event).on_conflict_do_nothing().returning(Event.__table__.c.external_id)
    new = set(session.scalars(insert, rows))
    known = [record.external_id for record in records if record.external_id not in new]
    if again and known:
        door = Event.slack_app_id if integration.slack_app_id else Event.integration_id
        mine = (door == (integration.slack_app_id or integration.id), Event.external_id.in_(known))
        ignored = (*mine, Event.state == "ignored", Event.payload != b"")
        pending = {"state": "pending", "due_at": now, "attempts": 0, "reason": None, "processed_at": None}
        session.execute(
            update(Event).where(*ignored).values(**pending, lane="import"),
            execution_options={"synchronize_session": False},
        )
    return len(new)


def _note(row: Import, page: Page, new: int) -> None:
    """What this page told of the import."""
    _believe(row, page.allowance)
    row.requests_made += 1
    row.messages_seen += len(page.records)
    row.messages_new += new
    row.reached_at = page.reached_at or row.reached_at
    if row.channel_id is not None:
        row.channel_name = page.channel_name or row.channel_name
    seen_to = page.seen_to or page.reached_at
    row.cursor = row.cursor | {"position": page.position} | ({"seen_to": seen_to.isoformat()} if seen_to else {})
    row.requests_expected = expected_requests(row, page.outstanding)


def _turn(row: Import, page: Page, now: datetime) -> None:
    """On to the next page, to the next channel, or to the end."""
    left = list(row.cursor.get("left", ()))
    row.state = "running"
    let_go(row, due_at=now + timedelta(seconds=page.wait_seconds))
    if page.position is not None:
        return
    if left:
        row.cursor = row.cursor | {"channel": left[0], "left": left[1:], "position": None, "seen_to": None}
        row.reached_at = None
        return
    row.state, row.due_at, row.finished_at = "done", None, now
    row.reached_at, row.requests_expected = row.since, row.requests_made


def _believe(row: Import, allowance: Allowance | None) -> None:
    if allowance is not None:
        row.page_size, row.pace_seconds = allowance.page_size, allowance.pace_seconds


def _wait(row: Import, reason: str, until: datetime) -> None:
    row.state, row.lease_token, row.reason, row.due_at = "running", None, reason, until


def _arrival(integration: Integration, record: Record, now: datetime) -> Arrival:
    return Arrival(
        platform=integration.platform,
        type=record.type,
        payload=record.payload,
        received_at=now,
        external_id=record.external_id,
        subject=record.ref,
        slack_app_id=integration.slack_app_id,
        integration_id=None if integration.slack_app_id else integration.id,
        lane="import",
    )


def _channel(row: Import) -> str:
    return str(row.cursor.get("channel") or row.channel_id or "")


def _position(row: Import) -> JsonObject:
    return dict(row.cursor.get("position") or {})

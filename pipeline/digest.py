"""The step that posts a daily digest of new signals in an internal channel: one duty per connection and channel.

An interval is announced in the duty before it is posted and closed after it. Where nobody knows whether it was
posted (a crash, an answer that did not come), it is not posted again: the next digest reaches back over it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from sqlalchemy import case, delete, func, select
from sqlalchemy.orm import Session

from core.adapter import AccessSource
from core.clock import Clock
from core.desk import Brief
from core.errors import StepFailed
from core.logs import get_logger
from core.taming import Tame
from core.voice import Digest, Voice
from db import Database, Duty, Integration, Signal
from db.dialects import insert_into
from pipeline.duties import attempt
from pipeline.engine.steps import Progress
from pipeline.leases import held, lease_due, let_go, next_due_at, put_off
from pipeline.news import Interval, News, news_of

DIGEST = "slack.digest"
SHARED = "digest_channel_shared"
BATCH = 5
USUAL_HOUR = 8
SHOWN, ACCOUNTS = 5, 5
LOOK_EVERY = timedelta(minutes=1)
FIRST_INTERVAL = timedelta(days=1)

_OURS = Duty.kind == DIGEST
_UNSURE = "slack_unavailable"
"""Slack did not answer: it may have posted all the same."""

log = get_logger()


class Briefly(Protocol):
    """Says a signal in short."""

    def __call__(self, signal: Signal) -> Brief:
        """The signal as surfaces show it."""


@dataclass(kw_only=True)
class Digests:
    """The step. Duties follow the connections' configuration, looked at once a minute."""

    database: Database
    voices: Mapping[str, Voice]
    access: AccessSource
    clock: Clock
    briefly: Briefly
    console_url: str
    _look_at: datetime | None = field(default=None, init=False)

    name = "digests"

    def run(self) -> Progress:
        """Posts the digests that are due."""
        now = self.clock()
        if self._look_at is None or now >= self._look_at:
            self._look_at = now + LOOK_EVERY
            _follow_configuration(self.database, now)
        duties = lease_due(self.database, Duty, now, limit=BATCH, where=[_OURS])
        for duty in duties:
            attempt(duty, self._post, partial(self._failed, now=now), StepFailed("not_completed", permanent=False))
        due_at = None if duties else next_due_at(self.database, Duty, _OURS)
        return Progress(len(duties), min(filter(None, (due_at, self._look_at))))

    def _post(self, duty: Duty) -> None:
        now = self.clock()
        prepared = self._prepare(duty, now)
        if prepared is None:
            return
        platform, digest, kept_back = prepared
        if digest.count:
            access = self.access.access(duty.integration_id)
            self.voices[platform].post_digest(access, duty.scope, digest)
        self._close(duty, until=now, kept_back=kept_back)

    def _prepare(self, duty: Duty, now: datetime) -> tuple[str, Digest, tuple[str, ...]] | None:
        """The platform, the digest and what is kept back for the next one, the interval announced. None when an earlier
        announcement was not closed, or the lease is lost.
        """
        with self.database.write() as session:
            row = held(session, duty)
            integration = session.get(Integration, duty.integration_id)
            if row is None or integration is None or not integration.takes_events:
                _rest(row, now)
                return None
            if row.cursor.get("announced"):
                row.cursor = {**row.cursor, "announced": None}
                _rest(row, now)
                return None
            since = Tame(row.cursor).time("until") or now - FIRST_INTERVAL
            row.cursor = {**row.cursor, "until": since.isoformat(), "announced": now.isoformat()}
            interval = Interval(since, now, tuple(row.cursor.get("kept_back", ())))
            news = news_of(session, integration.workspace_id, interval)
            return integration.platform, self._digest(session, news), news.kept_back

    def _digest(self, session: Session, news: News) -> Digest:
        new = news.conditions
        account = func.coalesce(Signal.account_name, Signal.account_external_id)
        counts = select(account, func.count()).where(*new, account.is_not(None)).group_by(account)
        gravity = case({"critical": 0, "high": 1, "medium": 2, "low": 3}, value=Signal.severity, else_=4)
        top = select(Signal).where(*new).order_by(gravity, Signal.occurred_at.desc()).limit(SHOWN)
        return Digest(
            count=session.scalar(select(func.count()).where(*new)) or 0,
            accounts=tuple(
                (name, count)
                for name, count in session.execute(counts.order_by(func.count().desc(), account).limit(ACCOUNTS))
            ),
            briefs=tuple(self.briefly(signal) for signal in session.scalars(top)),
            console_url=self.console_url,
        )

    def _close(self, duty: Duty, *, until: datetime, kept_back: tuple[str, ...]) -> None:
        with self.database.write() as session:
            if row := held(session, duty):
                row.cursor = {**row.cursor, "announced": None, "until": until.isoformat(), "kept_back": [*kept_back]}
                row.done_at = until
                _rest(row, until)

    def _failed(self, duty: Duty, failure: StepFailed, now: datetime) -> None:
        log.warning("digest_put_off", integration_id=duty.integration_id, reason=failure.reason)
        with self.database.write() as session:
            row = held(session, duty)
            if row is None:
                return
            row.cursor = {**row.cursor, "announced": None}
            is_later_today = failure.reason != _UNSURE and put_off(row, failure, now)
            if not is_later_today:
                _rest(row, now)
            row.reason = failure.reason
            if failure.reason == SHARED:
                row.due_at = None  # until an admin picks a channel again


def resume(session: Session, integration_id: str) -> None:
    """Lets a digest that has stopped be tried again: whoever picks a channel again wants that."""
    session.execute(delete(Duty).where(_OURS, Duty.integration_id == integration_id, Duty.due_at.is_(None)))


def next_at(hour: int, now: datetime) -> datetime:
    """The next moment at which that hour (UTC) begins."""
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


def _rest(row: Duty | None, now: datetime) -> None:
    if row is not None:
        let_go(row, due_at=next_at(_hour(row.cursor), now))


def _hour(plan: Mapping[str, Any]) -> int:
    hour = plan.get("hour", USUAL_HOUR)
    return hour if isinstance(hour, int) and 0 <= hour <= 23 else USUAL_HOUR  # of a day


def _follow_configuration(database: Database, now: datetime) -> None:
    """Duties for what is configured, none for what is not any more; another hour moves the next one."""
    with database.read() as session:
        slack = select(Integration).where(Integration.platform == "slack", Integration.state != "disconnected")
        plans = {row.id: row.config.get("slack_digest") for row in session.scalars(slack)}
        wanted = {(key, plan["channel_id"]): _hour(plan) for key, plan in plans.items() if plan}
        present = {
            (row.integration_id, row.scope): _hour(row.cursor) for row in session.scalars(select(Duty).where(_OURS))
        }
    if wanted == present:
        return
    with database.write() as session:
        for integration_id, channel in present.keys() - wanted.keys():
            named = (Duty.integration_id == integration_id, _OURS, Duty.scope == channel)
            session.execute(delete(Duty).where(*named))
        for (integration_id, channel), hour in wanted.items():
            _plan(session, integration_id, channel, hour, now)


def _plan(session: Session, integration_id: str, channel: str, hour: int, now: datetime) -> None:
    row = session.get(Duty, (integration_id, DIGEST, channel), with_for_update=True)
    if row is not None:
        if _hour(row.cursor) != hour:
            row.cursor = {**row.cursor, "hour": hour}
            row.due_at = next_at(hour, now) if row.due_at else None
        return
    made = {
        "integration_id": integration_id, "kind": DIGEST, "scope": channel, "cursor": {"hour": hour},
        "due_at": next_at(hour, now), "attempts": 0, "created_at": now, "updated_at": now,
    }  # fmt: skip
    session.execute(insert_into(session, Duty).on_conflict_do_nothing(), [made])

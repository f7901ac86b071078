"""The duty that keeps each connection's list of channels: page by page, new ones matched against its patterns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.adapter import Access, AccessSource, AccountKey
from core.channels import Channel, ChannelBook, ChannelPage
from core.clock import Clock
from core.errors import StepFailed
from core.logs import get_logger
from db import Database, DirectoryEntry, Duty, Integration
from db.dialects import insert_into
from pipeline.backfill import PATIENCE, WAITING_REASONS, refuse_if_away
from pipeline.channels.autolink import is_news, link
from pipeline.duties import attempt, begin_missing
from pipeline.engine.steps import Progress
from pipeline.leases import held, lease_due, let_go, next_due_at, put_off

EVERY = timedelta(hours=1)
EVERY_FOR_PATTERNS = timedelta(minutes=10)
"""Where names of channels decide, a new one should be heard soon."""
AFTER_REFUSAL = timedelta(hours=12)
"""A scope that is missing is there after a reinstallation, which asks at once."""
LOOK_EVERY = timedelta(seconds=10)

log = get_logger()


@dataclass(kw_only=True)
class ChannelList:
    """The step, with the platforms' books."""

    database: Database
    books: Mapping[str, ChannelBook]
    access: AccessSource
    clock: Clock
    _look_at: datetime | None = field(default=None, init=False)

    name = "channels"

    def run(self) -> Progress:
        """One page of the list that has waited longest, or one channel joined."""
        self._begin_with_the_new()
        kinds = [kind_of(platform) for platform in self.books]
        leased = lease_due(self.database, Duty, self.clock(), limit=1, where=[Duty.kind.in_(kinds)])
        for duty in leased:
            attempt(duty, self._go_on, self._put_off, StepFailed("channel_list_failed", permanent=False))
        return Progress(len(leased), next_due_at(self.database, Duty, Duty.kind.in_(kinds)))

    def _begin_with_the_new(self) -> None:
        """Every connection has the duty; whoever connects need not know."""
        now = self.clock()
        if self._look_at is not None and now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY
        for platform in self.books:
            connected = Integration.state != "disconnected"
            begin_missing(self.database, kind_of(platform), platform, connected, now=now)

    def _go_on(self, duty: Duty) -> None:
        with self.database.read() as session:
            integration = session.get_one(Integration, duty.integration_id)
        refuse_if_away(integration)
        book, access = self.books[integration.platform], self.access.access(integration.id)
        waiting = list(duty.cursor.get("join", ()))
        if waiting:
            channel = self._join(book, access, waiting[0])
            self._store(duty, [channel] if channel else [], None)
            return
        account = AccountKey(integration.slack_enterprise_id, integration.slack_team_id)
        page = book.page(access, account, dict(duty.cursor.get("position") or {}))
        self._store(duty, page.channels, page)

    def _join(self, book: ChannelBook, access: Access, channel_id: str) -> Channel | None:
        """A public channel that a pattern wants; None when Slack does not let us in, which a person may change."""
        try:
            return book.join(access, channel_id)
        except StepFailed as failure:
            if not failure.permanent:
                raise
            log.warning("channel_not_joined", integration_id=access.owner, reason=failure.reason)
            return None

    def _store(self, duty: Duty, channels: Sequence[Channel], page: ChannelPage | None) -> None:
        """What was told, and where to go on; without a page it was a channel that was joined."""
        now = self.clock()
        with self.database.write() as session:
            # The connection before its duty, as whoever changes a connection locks them (`join_soon`).
            integration = session.get(Integration, duty.integration_id, with_for_update=True)
            mine = held(session, duty)
            if mine is None or integration is None:
                return
            joining = list(mine.cursor.get("join", ()))[0 if page else 1 :]
            joining += take_in(session, integration, channels, now)
            if page is None:
                mine.cursor = mine.cursor | {"join": joining}
                is_busy = bool(joining or mine.cursor.get("position"))
                let_go(mine, due_at=now if is_busy else max(now, (mine.done_at or now) + _pause(integration)))
                return
            began = str(mine.cursor.get("began") or now.isoformat())
            mine.cursor = {"join": joining, "position": page.position, "began": began}
            let_go(mine, due_at=now + timedelta(seconds=page.wait_seconds))
            if page.position is None:
                self._end(session, mine, datetime.fromisoformat(began), now, _pause(integration))

    def _end(self, session: Session, duty: Duty, began: datetime, now: datetime, pause: timedelta) -> None:
        """The whole list is read: what was not in it is gone."""
        gone = (DirectoryEntry.integration_id == duty.integration_id, DirectoryEntry.kind == "channel")
        session.execute(delete(DirectoryEntry).where(*gone, DirectoryEntry.fetched_at < began))
        duty.cursor = {"join": duty.cursor.get("join", [])}
        duty.complete_until = duty.done_at = now
        duty.due_at = now if duty.cursor["join"] else now + pause

    def _put_off(self, duty: Duty, failure: StepFailed) -> None:
        now = self.clock()
        with self.database.write() as session:
            mine = held(session, duty)
            if mine is None:
                return
            if failure.reason in WAITING_REASONS:
                mine.lease_token, mine.reason, mine.due_at = None, failure.reason, now + PATIENCE
            elif failure.reason == "integration_disconnected":
                session.delete(mine)  # connecting again brings a new one
            elif not failure.permanent and failure.retry_after is not None:
                mine.lease_token, mine.reason = None, failure.reason
                mine.due_at = now + timedelta(seconds=failure.retry_after)
            elif not put_off(mine, failure, now):
                mine.attempts, mine.due_at, mine.cursor = 0, now + AFTER_REFUSAL, {}
                log.warning("channel_list_refused", integration_id=mine.integration_id, reason=failure.reason)


def kind_of(platform: str) -> str:
    """The duty's kind, such as ``slack.channels``."""
    return f"{platform}.channels"


def list_again(session: Session, integration_id: str, now: datetime) -> None:
    """Something happened to the channels, or somebody wants to see them as they are: the list is read soon."""
    mine = (Duty.integration_id == integration_id, Duty.kind.like("%.channels"), Duty.lease_token.is_(None))
    session.execute(update(Duty).where(*mine).values(due_at=now, reason=None, attempts=0))


def join_soon(session: Session, integration_id: str, channel_id: str, now: datetime) -> None:
    """A public channel that a pattern wants by its name is joined next, before the list is read again. A connection
    whose list was never begun finds it there.
    """
    mine = (Duty.integration_id == integration_id, Duty.kind.like("%.channels"))
    duty = session.scalars(select(Duty).where(*mine).with_for_update()).first()
    if duty is None:
        return
    waiting = list(duty.cursor.get("join", ()))
    if channel_id not in waiting:
        duty.cursor = duty.cursor | {"join": [*waiting, channel_id]}
    if duty.lease_token is None:
        duty.due_at = now


def take_in(session: Session, integration: Integration, channels: Sequence[Channel], now: datetime) -> list[str]:
    """Writes the channels into the directory and applies the patterns; returns the ids of those to be joined."""
    if not channels:
        return []
    of_it = (DirectoryEntry.integration_id == integration.id, DirectoryEntry.kind == "channel")
    known = select(DirectoryEntry).where(*of_it, DirectoryEntry.ref.in_([channel.id for channel in channels]))
    before = {entry.ref: entry for entry in session.scalars(known)}
    news = [channel for channel in channels if is_news(integration, channel, before.get(channel.id))]
    rows = {channel.id: _row(integration, channel, before.get(channel.id), now) for channel in channels}
    insert = insert_into(session, DirectoryEntry)
    changes = {name: insert.excluded[name] for name in ("name", "facts", "fetched_at", "expires_at")}
    upsert = insert.on_conflict_do_update(index_elements=["integration_id", "kind", "ref"], set_=changes)
    session.execute(upsert, list(rows.values()))
    link(session, integration, [channel for channel in news if channel.is_member], now)
    return [channel.id for channel in news if not channel.is_member and not channel.is_private]


def _row(integration: Integration, channel: Channel, before: DirectoryEntry | None, now: datetime) -> dict[str, object]:
    """The entry, with whatever else is known of the channel."""
    return {
        "integration_id": integration.id,
        "kind": "channel",
        "ref": channel.id,
        "name": channel.name,
        "facts": {**(before.facts if before else {}), **channel.facts()},
        "fetched_at": now,
        "expires_at": None,
        "attempts": 0,
    }


def _pause(integration: Integration) -> timedelta:
    return EVERY_FOR_PATTERNS if integration.config.get("slack_autolink") else EVERY

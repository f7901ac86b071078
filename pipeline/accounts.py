"""The duty that keeps what a platform knows of its accounts: their names, and whose Slack channels are whose.

Directory entries of the platform's connection: ``account`` by the account's id, with ``{"channels"}``, the Slack
channels in which its people speak; ``channel_account`` by such a channel's id, with ``{"account_id"}``;
``internal_channel`` by the channel in which our own people, or a copy, speak.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.accounts import AccountBook, KnownAccount
from core.adapter import AccessSource
from core.clock import Clock
from core.errors import StepFailed
from core.logs import get_logger
from core.signal import Account
from core.taming import JsonObject, JsonValue
from db import Conversation, Database, DirectoryEntry, Duty, Integration
from db.dialects import insert_into
from pipeline.duties import after_refusal, attempt, begin_missing
from pipeline.engine.steps import Progress
from pipeline.leases import held, lease_due, let_go, next_due_at, put_off
from pipeline.names.spread import name_channel
from pipeline.pairs.copies import match_channel, match_copies
from pipeline.pairs.topics import close_channel

EVERY = timedelta(hours=1)
LOOK_EVERY = timedelta(seconds=30)
KINDS = ("account", "channel_account", "internal_channel")

log = get_logger()


@dataclass(kw_only=True)
class Accounts:
    """The step: one page of the connection that has waited longest."""

    database: Database
    books: Mapping[str, AccountBook]
    access: AccessSource
    clock: Clock
    _look_at: datetime | None = field(default=None, init=False)

    name = "accounts"

    def run(self) -> Progress:
        """Reads a page, keeps it, and forgets at the end of a walk what was not on any of its pages."""
        self._follow_connections()
        kinds = [kind_of(platform) for platform in self.books]
        leased = lease_due(self.database, Duty, self.clock(), limit=1, where=[Duty.kind.in_(kinds)])
        for duty in leased:
            attempt(duty, self._go_on, self._put_off, StepFailed("accounts_not_read", permanent=False))
        return Progress(len(leased), next_due_at(self.database, Duty, Duty.kind.in_(kinds)))

    def _follow_connections(self) -> None:
        """A duty for each connection with a token: whatever connects it need not know of this."""
        now = self.clock()
        if self._look_at is not None and now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY
        has_token = Integration.__table__.c.access_token.is_not(None)
        for platform in self.books:
            begin_missing(self.database, kind_of(platform), platform, Integration.state == "active", has_token, now=now)

    def _go_on(self, duty: Duty) -> None:
        with self.database.read() as session:
            integration = session.get_one(Integration, duty.integration_id)
        if integration.state != "active" or not integration.is_active:
            raise StepFailed("integration_paused", permanent=True)
        began = datetime.fromisoformat(duty.cursor["began"]) if "began" in duty.cursor else self.clock()
        access = self.access.access(integration.id)
        accounts, ahead = self.books[integration.platform].page(access, duty.cursor.get("cursor"))
        now = self.clock()
        with self.database.write() as session:
            mine = held(session, duty)
            if mine is None:
                return
            _keep(session, integration, accounts, now)
            if ahead is not None:
                mine.cursor = {"cursor": ahead, "began": began.isoformat()}
                let_go(mine, due_at=now)
                return
            _forget(session, integration, began)
            mine.cursor, mine.done_at = {}, now
            let_go(mine, due_at=now + EVERY)

    def _put_off(self, duty: Duty, failure: StepFailed) -> None:
        with self.database.write() as session:
            mine = held(session, duty)
            if mine is not None and not put_off(mine, failure, self.clock()):
                mine.attempts, mine.due_at = 0, self.clock() + after_refusal(failure)


def internal_channels(session: Session, channels: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these channels, as workspace id and Slack id, that are internal by what a platform knows."""
    if not channels:
        return set()
    query = (
        select(Integration.workspace_id, DirectoryEntry.ref)
        .join(Integration, Integration.id == DirectoryEntry.integration_id)
        .where(Integration.workspace_id.in_({workspace_id for workspace_id, _ in channels}))
        .where(DirectoryEntry.kind == "internal_channel", DirectoryEntry.ref.in_({ref for _, ref in channels}))
    )
    return {(workspace_id, ref) for workspace_id, ref in session.execute(query)} & set(channels)


def kind_of(platform: str) -> str:
    """The duty's kind, such as ``pylon.accounts``."""
    return f"{platform}.accounts"


def _keep(session: Session, integration: Integration, accounts: tuple[KnownAccount, ...], now: datetime) -> None:
    """The entries of these accounts, and their names on the issues that were described before they were known."""
    rows = {
        (kind, ref): {
            "integration_id": integration.id, "kind": kind, "ref": ref, "name": name, "facts": facts, "fetched_at": now,
            "attempts": 0,
        }
        for account in accounts
        for kind, ref, name, facts in _entries(account)
    }  # fmt: skip
    news, closed = _news(session, integration, rows), _newly_internal(session, integration, rows)
    if rows:
        insert = insert_into(session, DirectoryEntry)
        changes = {column: insert.excluded[column] for column in ("name", "facts", "fetched_at")}
        place = ["integration_id", "kind", "ref"]
        session.execute(insert.on_conflict_do_update(index_elements=place, set_=changes), list(rows.values()))
    for account in accounts:
        if account.name is not None:
            _name_conversations(session, integration, account.id, account.name)
    for channel, owner in news:
        name_channel(session, integration.workspace_id, channel, owner, now)
        match_channel(session, integration.workspace_id, channel)
    for channel in closed:
        freed = close_channel(session, integration.workspace_id, channel, now)
        match_copies(session, {integration.workspace_id}, (), freed)


def _news(
    session: Session, integration: Integration, rows: Mapping[tuple[str, str], Mapping[str, Any]]
) -> list[tuple[str, Account]]:
    """The channels of which it was not known yet whose they are, or not by that name."""
    channels = {ref: row for (kind, ref), row in rows.items() if kind == "channel_account" and row["name"]}
    query = select(DirectoryEntry.ref, DirectoryEntry.name).where(
        DirectoryEntry.integration_id == integration.id,
        DirectoryEntry.kind == "channel_account",
        DirectoryEntry.ref.in_(channels),
    )
    known = dict(session.execute(query).all()) if channels else {}
    return [
        (ref, Account(row["facts"]["account_id"], row["name"]))
        for ref, row in sorted(channels.items())
        if known.get(ref) != row["name"]
    ]


def _newly_internal(
    session: Session, integration: Integration, rows: Mapping[tuple[str, str], Mapping[str, Any]]
) -> list[str]:
    """The channels of which it was not known yet that no customer speaks there."""
    channels = {(integration.workspace_id, ref) for kind, ref in rows if kind == "internal_channel"}
    return sorted(ref for _, ref in channels - internal_channels(session, channels))


def _entries(account: KnownAccount) -> Iterator[tuple[str, str, str | None, JsonObject]]:
    own: list[JsonValue] = [channel.id for channel in account.channels if not channel.is_internal]
    yield "account", account.id, account.name, {"channels": own}
    for channel in account.channels:
        facts: JsonObject = {"account_id": account.id}
        yield "internal_channel" if channel.is_internal else "channel_account", channel.id, account.name, facts
        if channel.mirror is not None:
            yield "internal_channel", channel.mirror, account.name, facts


def _name_conversations(session: Session, integration: Integration, account_id: str, name: str) -> None:
    about = (
        Conversation.workspace_id == integration.workspace_id,
        Conversation.account_external_id == account_id,
        Conversation.account_name.is_distinct_from(name),
    )
    session.execute(update(Conversation).where(*about).values(account_name=name), {"synchronize_session": False})


def _forget(session: Session, integration: Integration, began: datetime) -> None:
    gone = (
        DirectoryEntry.integration_id == integration.id,
        DirectoryEntry.kind.in_(KINDS),
        DirectoryEntry.fetched_at < began,
    )
    session.execute(delete(DirectoryEntry).where(*gone))

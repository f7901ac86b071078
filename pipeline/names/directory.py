"""What platforms told a connection of users, teams and channels: looked up while writing, asked for later if missing.

Kinds: Slack's ``user``, ``team`` and ``channel``, Pylon's ``account`` and ``contact``, each asked with the connection's
own token. A Pylon connection adds whose channels and teams are: ``channel_account`` and ``team_account``, by the id
that Slack gave them, with ``{"account_id"}`` as facts.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from core.signal import Account, Lookup
from core.taming import JsonObject, Tame
from db import DirectoryEntry, Integration
from db.dialects import insert_into

ASKED_KINDS = ("user", "team", "channel", "account", "contact")
ACCOUNT_KINDS = {"channel": "channel_account", "team": "team_account"}
LIFE = timedelta(days=7)
UNKNOWN_LIFE = timedelta(days=1)
"""How long nothing is asked again that the platform did not know."""

Asked: TypeAlias = tuple[str, Lookup]
"""A connection's id, and what it would like to know."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known. ``is_told`` even if the platform knew nothing; ``is_stale`` when it is time to ask again."""

    name: str | None = None
    facts: JsonObject = field(default_factory=dict)
    is_told: bool = False
    is_stale: bool = True

    @property
    def is_wanted(self) -> bool:
        """Whether the platform has to be asked."""
        return self.is_stale or not self.is_told


def look_up(session: Session, asked: Collection[Asked], now: datetime) -> dict[Asked, Entry]:
    """The entries that there are."""
    if not asked:
        return {}
    wanted = {(integration_id, lookup.kind, lookup.key) for integration_id, lookup in asked}
    table = DirectoryEntry
    columns = (table.integration_id, table.kind, table.ref)
    query = select(*columns, table.name, table.facts, table.fetched_at, table.expires_at)
    return {
        (integration_id, Lookup(kind, ref)): Entry(
            name, facts, fetched_at is not None, expires_at is not None and expires_at <= now
        )
        for integration_id, kind, ref, name, facts, fetched_at, expires_at in session.execute(
            query.where(tuple_(*columns).in_(wanted))
        )
    }


def want(session: Session, asked: Iterable[Asked], now: datetime) -> None:
    """Has these asked for, in the transaction that would have liked to know. Who asks once is asked for once."""
    rows = [
        {"integration_id": integration_id, "kind": lookup.kind, "ref": lookup.key, "facts": {"since": now.isoformat()},
         "due_at": now, "attempts": 0}
        for integration_id, lookup in sorted(set(asked), key=str)
        if lookup.kind in ASKED_KINDS
    ]  # fmt: skip
    if not rows:
        return
    insert = insert_into(session, DirectoryEntry)
    # An entry that was filled since we looked is asked for again, so that what we are writing gets its names too.
    again = insert.on_conflict_do_update(
        index_elements=["integration_id", "kind", "ref"],
        set_={"due_at": insert.excluded.due_at},
        where=DirectoryEntry.__table__.c.due_at.is_(None),
    )
    session.execute(again, rows)


def accounts_of(session: Session, places: Collection[tuple[str, Lookup]]) -> Mapping[tuple[str, Lookup], Account]:
    """The Pylon accounts that channels and teams belong to, by workspace id and Slack's ``channel`` or ``team``."""
    kinds = {mapped: kind for kind, mapped in ACCOUNT_KINDS.items()}
    refs = {lookup.key for _, lookup in places if lookup.kind in ACCOUNT_KINDS}
    if not refs:
        return {}
    query = (
        select(
            Integration.workspace_id, DirectoryEntry.kind, DirectoryEntry.ref, DirectoryEntry.name, DirectoryEntry.facts
        )
        .join(Integration, Integration.id == DirectoryEntry.integration_id)
        .where(Integration.workspace_id.in_({workspace_id for workspace_id, _ in places}))
        .where(DirectoryEntry.kind.in_(kinds), DirectoryEntry.ref.in_(refs))
    )
    return {
        (workspace_id, Lookup(kinds[kind], ref)): Account(Tame(facts).text("account_id"), name)
        for workspace_id, kind, ref, name, facts in session.execute(query)
    }

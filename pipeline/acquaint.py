"""The step that asks platforms for names: one question after another, each with its own connection's token.

A workspace that was asked to wait holds up no other: its questions are put off, without the network, until it may ask.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy.orm import Session

from core.adapter import AccessSource, LookupClient
from core.clock import Clock
from core.errors import StepFailed
from core.logs import get_logger
from core.signal import Lookup
from core.taming import JsonObject, Tame, tidy
from db import Database, DirectoryEntry, Integration
from pipeline.duties import attempt
from pipeline.engine.steps import Progress
from pipeline.leases import held, lease_due, let_go, next_due_at, put_off
from pipeline.names.directory import ASKED_KINDS, LIFE, UNKNOWN_LIFE
from pipeline.names.spread import spread

BATCH = 10
LEASE = timedelta(minutes=2)
"""Longer than so many questions may take, one of which waits ten seconds at most."""

_ASKED = DirectoryEntry.kind.in_(ASKED_KINDS)

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquaint:
    """The step, with the platforms' clients."""

    database: Database
    lookups: Mapping[str, LookupClient]
    access: AccessSource
    clock: Clock

    name = "directory"

    def run(self) -> Progress:
        """Asks for a few names that are due, and puts them where they were missing."""
        entries = lease_due(self.database, DirectoryEntry, self.clock(), limit=BATCH, where=(_ASKED,), lease=LEASE)
        for entry in entries:
            attempt(entry, self._ask, self._do_without, StepFailed("not_completed", permanent=False))
        return Progress(len(entries), None if entries else next_due_at(self.database, DirectoryEntry, _ASKED))

    def _ask(self, entry: DirectoryEntry) -> None:
        finding = self._fetch(entry)
        with self.database.write() as session:
            if (row := held(session, entry)) is not None:
                self._learn(session, row, finding)

    def _fetch(self, entry: DirectoryEntry) -> JsonObject:
        with self.database.read() as session:
            integration = session.get(Integration, entry.integration_id)
        client = self.lookups.get(integration.platform) if integration and integration.is_connected else None
        if client is None:
            raise StepFailed("integration_disconnected", permanent=True)
        return client.fetch(Lookup(entry.kind, entry.ref), self.access.access(entry.integration_id))

    def _learn(self, session: Session, row: DirectoryEntry, finding: JsonObject) -> None:
        now = self.clock()
        since = _since(row, now)
        known = {name: value for name, value in row.facts.items() if name != "since"}
        row.name = Tame(finding).text("name")
        told = {name: value for name, value in finding.items() if name != "name"}
        row.facts = cast("JsonObject", tidy(known | told))
        row.fetched_at, row.expires_at = now, now + LIFE
        let_go(row, due_at=None)
        session.flush()
        if since is not None:
            spread(session, session.get_one(Integration, row.integration_id), row, since=since, now=now)

    def _do_without(self, entry: DirectoryEntry, failure: StepFailed) -> None:
        """Asked again later, or not for a day where that would lead nowhere."""
        with self.database.write() as session:
            row, now = held(session, entry), self.clock()
            if row is not None and not put_off(row, failure, now):
                row.fetched_at, row.expires_at = row.fetched_at or now, now + UNKNOWN_LIFE


def _since(row: DirectoryEntry, now: datetime) -> datetime | None:
    """Since when names are missing: the first who asked, or who wrote while the last answer was being stored. None
    where the name was known all the time.
    """
    if first := Tame(row.facts).time("since"):
        return first
    recently = now - 2 * LEASE
    return row.fetched_at - LEASE if row.fetched_at and row.fetched_at > recently else None

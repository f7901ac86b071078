"""A pipeline over real rows: two workspaces, a Slack app, and adapters found by looking."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

import integrations
from core.adapter import Access, ReceivedEvent
from core.errors import StepFailed
from core.signal import Lookup
from core.taming import JsonObject
from db import Database, Event, Integration, Receipt, Signal, SlackApp, WebhookKey, Workspace
from integrations.pylon.hydrated import COMPANY_SECONDS
from pipeline.claim import next_due_at
from pipeline.complete import Complete
from pipeline.process import Process
from pipeline.receive import Arrival, CommitEach, Stored
from pipeline.tokens.access import StoredAccess, StoredAppAccess
from tests.conftest import StillClock

HOME, CUSTOMER, CHANNEL = "T0HOME", "T0CUSTOMER", "C0SHARED"


@dataclass
class Answers:
    """A look-up client with prepared findings; what is missing fails as told."""

    findings: dict[Lookup, JsonObject] = field(default_factory=dict)
    failure: StepFailed | None = None
    before: Callable[[], None] = lambda: None

    def fetch(self, lookup: Lookup, access: Access) -> JsonObject:
        assert access.token == "pylon-token"
        self.before()
        if self.failure:
            raise self.failure
        return self.findings.get(lookup, {"threads": []}) if lookup.kind == "threads" else self.findings[lookup]


@dataclass
class Deeds:
    """Effects that are counted; they may fail first."""

    failures: int = 0
    performed: list[str] = field(default_factory=list)

    def perform(self, event: ReceivedEvent) -> None:
        if self.failures:
            self.failures -= 1
            raise StepFailed("slack_effect_failed", permanent=False)
        self.performed.append(event.type)


@dataclass
class Line:
    """The pipeline and what is needed to feed and to look into it."""

    database: Database
    clock: StillClock
    process: Process
    complete: Complete
    answers: Answers
    deeds: Deeds
    workspace_id: str
    slack_app_id: str
    slack_integration_id: str
    pylon_integration_id: str
    webhook_key_id: str

    def slack(self, event: dict[str, Any], event_id: str, *, team: str = HOME, **outer: Any) -> Stored:
        body = {
            "type": "event_callback", "event_id": event_id, "api_app_id": "A1", "team_id": CUSTOMER,
            "is_ext_shared_channel": True, "event": event,
            "authorizations": [{"enterprise_id": None, "team_id": team, "is_enterprise_install": False}],
        } | outer  # fmt: skip
        return self.store("slack", event["type"], body, external_id=event_id, slack_app_id=self.slack_app_id)

    def pylon(self, body: dict[str, Any]) -> Stored:
        of = {"integration_id": self.pylon_integration_id, "subject": body.get("issue_id")}
        return self.store("pylon", "issue.updated", body, **of)

    def generic(self, body: dict[str, Any]) -> Stored:
        ref = body.get("source_ref")
        return self.store("webhook", "signal", body, external_id=ref, webhook_key_id=self.webhook_key_id)

    def store(self, platform: str, type_: str, body: dict[str, Any], **credential: Any) -> Stored:
        inbox = CommitEach(self.database, wake=lambda: None)
        return inbox.store(Arrival(platform, type_, msgspec.json.encode(body), self.clock(), **credential))

    def run(self) -> None:
        """Works until nothing is due, look-ups that wait a moment for company included."""
        while self.process.run().done or self.complete.run().done or self._company_came():
            pass

    def _company_came(self) -> bool:
        due_at = next_due_at(self.database, "complete")
        waits = due_at is not None and timedelta() < due_at - self.clock() <= timedelta(seconds=COMPANY_SECONDS)
        if waits:
            self.clock.advance(seconds=COMPANY_SECONDS)
        return waits

    def signals(self) -> list[Signal]:
        with self.database.read() as session:
            return list(session.scalars(select(Signal).order_by(Signal.id)))

    def receipt(self, event_id: str) -> tuple[str, str | None]:
        with self.database.read() as session:
            row = session.scalars(select(Receipt).where(Receipt.event_id == event_id)).one()
            return row.outcome, row.reason

    def event(self, event_id: str) -> Event:
        with self.database.read() as session:
            return session.get_one(Event, event_id)


@pytest.fixture
def line(database: Database, clock: StillClock) -> Line:
    with database.write() as session:
        ours = Workspace(name="Ours", slug="ours")
        app = SlackApp(client_id="1.2", client_secret="s", signing_secret="t", api_app_id="A1")
        session.add_all([ours, app])
        session.flush()
        slack = Integration(workspace_id=ours.id, platform="slack", name="Slack", slack_app_id=app.id,
                            slack_team_id=HOME, slack_bot_user_id="U0BOT", access_token="xoxb-1",
                            installed_at=clock())  # fmt: skip
        pylon = Integration(workspace_id=ours.id, platform="pylon", name="Pylon", access_token="pylon-token",
                            pylon_account_id="org-1", ingest_key_digest="d")  # fmt: skip
        key = WebhookKey(workspace_id=ours.id, name="k", api_key="digest", api_key_hint="…", secret="whsec_x")
        session.add_all([slack, pylon, key])
    answers, deeds = Answers(), Deeds()
    adapters = {name: platform.adapter for name, platform in integrations.discover().items()}
    process = Process(database=database, adapters=adapters, clock=clock)
    complete = Complete(
        database=database,
        adapters=adapters,
        lookups={"pylon": answers},
        access=StoredAccess(database),
        effects={"slack": deeds},
        app_access=StoredAppAccess(database),
        clock=clock,
    )
    return Line(
        database,
        clock,
        process,
        complete, answers, deeds, ours.id, app.id, slack.id, pylon.id, key.id,
    )  # fmt: skip


def message(text: str, ts: str = "1795255200.000100", **more: Any) -> dict[str, Any]:
    """A customer's message in the shared channel."""
    return {"type": "message", "channel": CHANNEL, "user": "U0CUST", "text": text, "ts": ts, "event_ts": ts,
            "user_team": CUSTOMER, **more}  # fmt: skip


def edited(text: str, at: str, *, before: str = "before", ts: str = "1795255200.000100") -> dict[str, Any]:
    """The edit of that message."""
    new = message(text, ts) | {"edited": {"user": "U0CUST", "ts": at.split(".", maxsplit=1)[0] + ".000000"}}
    return {"type": "message", "subtype": "message_changed", "channel": CHANNEL, "ts": at, "event_ts": at,
            "message": new, "previous_message": message(before, ts)}  # fmt: skip


def deleted(at: str, ts: str = "1795255200.000100") -> dict[str, Any]:
    """The deletion of that message."""
    return {"type": "message", "subtype": "message_deleted", "channel": CHANNEL, "ts": at, "event_ts": at,
            "deleted_ts": ts, "previous_message": message("before", ts)}  # fmt: skip

"""Pylon's webhooks dropped, doubled, reordered and half-templated: the signals end as after a clean run.

The stand-in is asked over its real API; what never arrived is made up for by the search for gaps.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select

from core.adapter import Access
from db import Conversation, ConversationLink, Duty, Event, Integration, Signal
from integrations.pylon.history import historian
from integrations.pylon.lookups import lookup_client
from pipeline.pauses import StoredPauses
from pipeline.reconcile import EVERY, Reconcile
from sandbox import pylon_objects
from sandbox.pylon import PylonStandIn
from sandbox.pylon_api import pylon_blueprint
from sandbox.pylon_objects import MessageAuthor
from sandbox.server import SandboxServer
from tests.pipeline.conftest import Line

ISSUES = 12


@dataclass
class Storm:
    """A Pylon that lives on while its webhooks are sent, and the pipeline behind them."""

    line: Line
    pylon: PylonStandIn
    reconcile: Reconcile
    triggers: list[dict[str, Any]] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)

    def live(self) -> None:
        """A day of a support team: issues open, are answered, edited away, redacted, and closed."""
        account = self.pylon.add_account(
            pylon_objects.account("Globex", "globex.example", created_at=self.line.clock())
        )
        contact = self.pylon.add_contact(pylon_objects.contact("Ada", "ada@globex.example", account))
        ada = MessageAuthor(str(contact["id"]), "Ada", "ada@globex.example", is_contact=True)
        kim = MessageAuthor("usr_kim", "Kim", "kim@home.example", is_contact=False)
        for number in range(ISSUES):
            at = self.line.clock.advance(seconds=20)
            issue = pylon_objects.issue(self.pylon.next_number(), f"Issue {number}", f"Opening {number}", created_at=at,
                                        of_account=account, requester=contact, source="email")  # fmt: skip
            issue_id = str(self.pylon.add_issue(issue)["id"])
            self._say(issue_id, ada, f"Opening {number}")
            self._trigger("issue.created", issue_id)
            for reply in range(number % 4):
                self.line.clock.advance(seconds=20)
                self._say(issue_id, kim if reply == 1 else ada, f"Reply {reply} in {number}")
                self._trigger("message.created", issue_id)
        for number, issue_id in enumerate(self.notes):
            self.line.clock.advance(seconds=20)
            if number % 3 == 0:
                self.pylon.change_issue(issue_id, {"state": "closed"})
            elif number % 3 == 1 and len(self.notes[issue_id]) > 1:
                self.pylon.delete_message(issue_id, self.notes[issue_id][-1])
            else:
                self.pylon.redact_message(issue_id, self.notes[issue_id][0])
            self._trigger("issue.updated", issue_id)

    def _say(self, issue_id: str, author: MessageAuthor, text: str) -> None:
        said = self.pylon.add_message(
            issue_id, pylon_objects.message(author, text, source="email", at=self.line.clock())
        )
        self.notes.setdefault(issue_id, []).append(str(said["id"]))

    def _trigger(self, event: str, issue_id: str) -> None:
        self.triggers.append({"event": event, "issue_id": issue_id})

    def deliver(self, triggers: list[dict[str, Any]]) -> None:
        for body in triggers:
            self.line.pylon(body)

    def work(self) -> None:
        """Until everything is done, however long Pylon asks to wait, and gaps were looked for once."""
        for _ in range(60):
            self.line.run()
            while self.reconcile.run().done:
                pass
            if not self._waits():
                return
            self.line.clock.advance(seconds=60)
        raise AssertionError("this does not end")

    def _waits(self) -> bool:
        with self.line.database.read() as session:
            pending = session.scalar(select(Event.id).where(Event.state == "pending").limit(1))
            (duty,) = session.scalars(select(Duty).where(Duty.kind == "pylon.reconcile")).all()
        return pending is not None or duty.done_at is None

    def outcome(self) -> tuple[set[tuple[Any, ...]], set[tuple[Any, ...]]]:
        with self.line.database.read() as session:
            signals = session.scalars(select(Signal).where(Signal.verbatim != "")).all()
            talks = session.scalars(select(Conversation).where(Conversation.source_version.is_not(None))).all()
            return (
                {(s.source_ref, s.verbatim, s.deleted_at is not None, s.author_email) for s in signals},
                {(talk.title, talk.state, talk.account_external_id) for talk in talks},
            )


@pytest.fixture
def storm(line: Line) -> Iterator[Storm]:
    pylon = PylonStandIn("Acme", clock=line.clock)
    app = Flask(__name__)
    app.register_blueprint(pylon_blueprint(pylon))
    with SandboxServer(app) as server:

        class Token:
            def access(self, integration_id: str) -> Access:  # noqa: ARG002  # the protocol's
                return Access(pylon.token, owner="org-1")

        pauses = StoredPauses(line.database, line.clock)
        adapters, historians = line.process.adapters, {"pylon": historian(server.pylon_api_url, pauses)}
        line.complete = replace(
            line.complete, lookups={"pylon": lookup_client(server.pylon_api_url, pauses)}, access=Token()
        )
        reconcile = Reconcile(
            database=line.database, historians=historians, adapters=adapters, access=Token(), clock=line.clock
        )
        with line.database.write() as session:
            session.execute(delete(Integration).where(Integration.id == line.slack_integration_id))
        reconcile.run()
        yield Storm(line, pylon, reconcile)


def test_whatever_happens_on_the_way_the_end_is_the_same(storm: Storm) -> None:
    storm.live()
    storm.deliver(storm.triggers)
    storm.work()
    clean = storm.outcome()
    assert len(clean[1]) == ISSUES
    start_again(storm)
    chance = random.Random(7)
    never_told = set([*storm.notes][::4])
    rough = [body for body in storm.triggers if chance.random() > 0.4 and body["issue_id"] not in never_told]
    rough += chance.sample(rough, len(rough) // 2)
    chance.shuffle(rough)
    half_templated = [{"event": "issue.updated", "issue_id": "{{ issue.id }}", "title": "{{issue.title}}"}] * 3
    for endpoint in ("issue", "messages", "threads", "search"):
        storm.pylon.fail_next(endpoint, retry_after=45, times=4)
        storm.pylon.fail_next(endpoint, code="internal", status=503, times=1)
    storm.deliver([*rough, *half_templated])
    storm.line.clock.advance(seconds=EVERY.total_seconds())
    storm.work()
    assert storm.outcome() == clean


def test_what_is_known_is_not_read_again(storm: Storm) -> None:
    storm.live()
    storm.deliver(storm.triggers)
    storm.work()
    before = events(storm)
    storm.line.clock.advance(seconds=EVERY.total_seconds())
    storm.work()
    assert events(storm) == before
    with storm.line.database.read() as session:
        (duty,) = session.scalars(select(Duty).where(Duty.kind == "pylon.reconcile")).all()
        assert duty.complete_until is not None
        assert storm.line.clock() - duty.complete_until < timedelta(minutes=5)


def start_again(storm: Storm) -> None:
    """Nothing was ever heard, and the search for gaps begins before the first word."""
    with storm.line.database.write() as session:
        for model in (Signal, ConversationLink, Conversation, Event):
            session.execute(delete(model))
        for duty in session.scalars(select(Duty)):
            duty.complete_until = duty.created_at
            duty.done_at, duty.cursor, duty.due_at = None, {}, storm.line.clock()


def events(storm: Storm) -> int:
    with storm.line.database.read() as session:
        return len(session.scalars(select(Event.payload)).all())

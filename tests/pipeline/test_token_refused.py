"""A token that Pylon refuses: the connection says so since when, asks on, and takes it back at the next answer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from core.errors import StepFailed
from core.signal import Lookup
from db import Duty, Event, Import, Integration
from integrations.pylon.accounts import account_book
from integrations.pylon.history import historian
from integrations.pylon.lookups import lookup_client
from oauth.slack_tokens import SlackGrants
from pipeline.accounts import Accounts
from pipeline.backfill import Backfill
from pipeline.duties import AFTER_REFUSED_TOKEN
from pipeline.pauses import StoredPauses
from pipeline.reconcile import EVERY, Reconcile
from pipeline.refresh import Refresher
from pipeline.tokens.fresh_access import FreshAccess
from pipeline.tokens.replaced import token_was_replaced
from sandbox import pylon_objects
from sandbox.pylon import PylonStandIn
from sandbox.pylon_objects import MessageAuthor
from tests.integrations.pylon.stage import standing_in
from tests.pipeline.conftest import Line

Problem = tuple[str | None, datetime | None]


@dataclass
class Desk:
    """A connection to the stand-in, and every duty that presents its token."""

    line: Line
    pylon: PylonStandIn
    access: FreshAccess
    reconcile: Reconcile
    accounts: Accounts

    def work(self) -> None:
        self.line.run()
        for duty in (self.reconcile, self.accounts):
            while duty.run().done:
                pass
        self.line.run()

    def problem(self) -> Problem:
        with self.line.database.read() as session:
            row = session.get_one(Integration, self.line.pylon_integration_id)
            assert row.state == "active", "a refusal stops nothing"
            return row.refresh_problem, row.token_problem_since

    def revoke(self) -> str:
        """Pylon does not know the token any more; returns the one it was."""
        token, self.pylon.token = self.pylon.token, "another"
        return token

    def replace_token(self, token: str) -> None:
        with self.line.database.write() as session:
            session.get_one(Integration, self.line.pylon_integration_id).access_token = token

    def write_in(self, words: str) -> str:
        """A customer writes to Pylon."""
        now = self.line.clock()
        account = self.pylon.add_account(pylon_objects.account("Globex", "globex.example", created_at=now))
        contact = self.pylon.add_contact(pylon_objects.contact("Ada", "ada@globex.example", account))
        ada = MessageAuthor(str(contact["id"]), "Ada", "ada@globex.example", is_contact=True)
        issue = pylon_objects.issue(self.pylon.next_number(), "Export", words, created_at=now, of_account=account,
                                    requester=contact, source="email")  # fmt: skip
        issue_id = str(self.pylon.add_issue(issue)["id"])
        self.pylon.add_message(issue_id, pylon_objects.message(ada, words, source="email", at=now))
        return issue_id


@pytest.fixture
def desk(line: Line) -> Iterator[Desk]:
    with standing_in() as (pylon, server):
        pylon.clock = line.clock
        database, clock, url = line.database, line.clock, server.pylon_api_url
        pauses = StoredPauses(database, clock)
        grants = SlackGrants(database, "http://127.0.0.1:1/", clock)
        refresher = Refresher(database=database, grants=grants, clock=clock)
        access = FreshAccess(database=database, refresher=refresher, clock=clock)
        line.complete = replace(line.complete, lookups={"pylon": lookup_client(url, pauses)}, access=access)
        adapters, historians, books = (
            line.process.adapters,
            {"pylon": historian(url, pauses)},
            account_book(url, pauses),
        )
        reconcile = Reconcile(
            database=database, historians=historians, adapters=adapters, access=access, clock=clock
        )  # fmt: skip
        accounts = Accounts(database=database, books={"pylon": books}, access=access, clock=clock)
        made = Desk(line, pylon, access, reconcile, accounts)
        made.replace_token(pylon.token)
        made.work()
        yield made


def test_whoever_is_refused_says_so_and_the_next_answer_takes_it_back(desk: Desk) -> None:
    assert desk.problem() == (None, None)
    token, began = desk.revoke(), desk.line.clock.advance(seconds=EVERY.total_seconds())
    desk.work()
    assert desk.problem() == ("pylon_token_refused", began)
    for _ in range(8):  # a duty that gave up for six hours would not be back
        desk.line.clock.advance(seconds=AFTER_REFUSED_TOKEN.total_seconds())
        desk.work()
        assert desk.problem() == ("pylon_token_refused", began), "since its first refusal"
    desk.pylon.token = token
    desk.line.clock.advance(seconds=AFTER_REFUSED_TOKEN.total_seconds())
    desk.work()
    assert desk.problem() == (None, None)


@pytest.mark.parametrize("status", [401, 403])
def test_one_refusal_by_mistake_costs_a_quarter_of_an_hour(desk: Desk, status: int) -> None:
    issue_id = desk.write_in("The export stops at 1,000 rows.")
    desk.pylon.fail_next("issue", code="invalid_api_token", status=status, retry_after=None)
    desk.pylon.fail_next("search", code="invalid_api_token", status=status, retry_after=None)
    desk.line.pylon({"event": "issue.created", "issue_id": issue_id})
    desk.line.clock.advance(seconds=EVERY.total_seconds())
    desk.work()
    assert desk.line.signals() == []
    with desk.line.database.read() as session:
        assert session.scalars(select(Event.reason).where(Event.state == "failed")).all() == ["pylon_token_refused"]
        (due_at,) = session.scalars(select(Duty.due_at).where(Duty.kind == "pylon.reconcile"))
        assert due_at == desk.line.clock() + AFTER_REFUSED_TOKEN
    desk.line.clock.advance(seconds=AFTER_REFUSED_TOKEN.total_seconds())
    desk.work()
    assert [signal.verbatim for signal in desk.line.signals()] == ["The export stops at 1,000 rows."]
    assert desk.problem() == (None, None)


def test_an_import_waits_for_a_token_that_serves(desk: Desk) -> None:
    desk.write_in("The export stops at 1,000 rows.")
    token, database, clock = desk.revoke(), desk.line.database, desk.line.clock
    clock.advance(hours=1)
    place = {"workspace_id": desk.line.workspace_id, "integration_id": desk.line.pylon_integration_id}
    with database.write() as session:
        row = Import(**place, since=clock() - timedelta(days=3), until=clock(), due_at=clock())
        session.add(row)
    backfill = Backfill(database=database, historians=desk.reconcile.historians, access=desk.access, clock=clock)

    def run() -> tuple[str, str | None, datetime | None]:
        while backfill.run().done:
            pass
        with database.read() as session:
            now = session.get_one(Import, row.id)
            return now.state, now.reason, now.due_at

    assert run() == ("running", "pylon_token_refused", clock() + AFTER_REFUSED_TOKEN)
    desk.pylon.token = token
    with database.write() as session:
        token_was_replaced(session, desk.line.pylon_integration_id, clock())
    state, reason, due_at = run()
    while due_at is not None:  # its pages keep a pace
        clock.now = max(clock.now, due_at)
        state, reason, due_at = run()
    assert (state, reason) == ("done", None)
    desk.line.run()
    assert [signal.verbatim for signal in desk.line.signals()] == ["The export stops at 1,000 rows."]


def test_what_is_said_of_a_token_that_was_replaced_meanwhile_counts_for_nothing(desk: Desk) -> None:
    opened = desk.access.access(desk.line.pylon_integration_id)
    desk.replace_token("a newer one")
    opened.told("pylon_token_refused")
    assert desk.problem() == (None, None)


def test_a_disconnected_row_is_left_alone(desk: Desk) -> None:
    opened = desk.access.access(desk.line.pylon_integration_id)
    with desk.line.database.write() as session:
        session.get_one(Integration, desk.line.pylon_integration_id).state = "disconnected"
    opened.told("pylon_token_refused")
    with desk.line.database.read() as session:
        assert session.get_one(Integration, desk.line.pylon_integration_id).refresh_problem is None


def test_a_token_that_cannot_be_sent_is_refused_too(desk: Desk) -> None:
    desk.replace_token("naïve")
    access = desk.access.access(desk.line.pylon_integration_id)
    with pytest.raises(StepFailed, match="pylon_token_refused"):
        lookup_client("http://127.0.0.1:1", StoredPauses(desk.line.database, desk.line.clock)).fetch(
            Lookup("issue", "1"), access
        )
    assert desk.problem() == ("pylon_token_refused", desk.line.clock())

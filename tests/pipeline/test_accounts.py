"""The duty that reads Pylon's accounts, over the stand-in's real API: names, channels, and who speaks there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from core.adapter import Access
from core.taming import JsonObject
from db import Conversation, DirectoryEntry, Duty, Integration
from integrations.pylon.accounts import account_book
from pipeline.accounts import EVERY, Accounts
from pipeline.pauses import StoredPauses
from sandbox import pylon_objects
from sandbox.pylon import PylonStandIn
from tests.conftest import NOW
from tests.integrations.pylon.stage import standing_in
from tests.pipeline.conftest import CHANNEL, Line, message
from tests.pipeline.pylon_story import LINKED


@dataclass
class Book:
    """The step, and the Pylon it reads."""

    line: Line
    pylon: PylonStandIn
    step: Accounts

    def add(self, name: str, *channels: JsonObject) -> str:
        account = pylon_objects.account(name, f"{name.lower()}.example", created_at=NOW)
        return str(self.pylon.add_account(account | {"channels": list(channels)})["id"])

    def read(self) -> None:
        while self.step.run().done:
            pass

    def entries(self) -> dict[tuple[str, str], tuple[str | None, Any]]:
        with self.line.database.read() as session:
            rows = session.scalars(select(DirectoryEntry)).all()
            return {(row.kind, row.ref): (row.name, row.facts.get("account_id")) for row in rows}


@pytest.fixture
def book(line: Line) -> Iterator[Book]:
    with standing_in() as (pylon, server):
        issued = pylon.token

        class Token:
            def access(self, integration_id: str) -> Access:
                return Access(issued, owner=integration_id)

        books = {"pylon": account_book(server.pylon_api_url, StoredPauses(line.database, line.clock))}
        step = Accounts(database=line.database, books=books, access=Token(), clock=line.clock)
        yield Book(line, pylon, step)


def slack(channel: str, **more: Any) -> JsonObject:
    return {"source": "slack", "channel_id": channel, "is_primary": True, "is_internal": False, **more}


def test_accounts_and_their_channels_are_kept_and_forgotten(book: Book) -> None:
    globex = book.add(
        "Globex", slack("C1", mirror_to={"source": "slack", "channel_id": "C9"}), slack("C2", is_internal=True)
    )
    numbered = [book.add(f"Customer{number}") for number in range(150)]
    book.read()
    known = book.entries()
    assert known["account", globex] == ("Globex", None)
    assert known["channel_account", "C1"] == known["internal_channel", "C2"] == known["internal_channel", "C9"]
    assert known["channel_account", "C1"] == ("Globex", globex)
    assert {("account", each) for each in numbered} <= known.keys()
    book.pylon._accounts.clear()
    initech = book.add("Initech", slack("C1"))
    book.line.clock.advance(seconds=EVERY.total_seconds())
    book.read()
    assert book.entries() == {("account", initech): ("Initech", None), ("channel_account", "C1"): ("Initech", initech)}


def test_issues_learn_the_names_of_their_accounts(book: Book) -> None:
    book.pylon.add_account({"id": "acc_1", "name": "Globex", "channels": []})
    LINKED.arrive(book.line)
    book.read()
    with book.line.database.read() as session:
        assert session.scalars(select(Conversation.account_name)).one() == "Globex"


def test_words_from_before_get_the_account_of_their_channel(book: Book) -> None:
    book.line.slack(message("The export stops."), "Ev1")
    book.line.run()
    globex = book.add("Globex", slack(CHANNEL))
    book.read()
    (signal,) = book.line.signals()
    assert (signal.account_name, signal.account_external_id) == ("Globex", "T0CUSTOMER")
    assert signal.source_metadata["account"] == {"platform": "pylon", "id": globex, "name": "Globex"}
    version = signal.updated_at
    book.line.clock.advance(seconds=EVERY.total_seconds())
    book.read()
    assert book.line.signals()[0].updated_at == version, "what is known is not written again"


def test_internal_channels_are_not_listened_to(book: Book) -> None:
    book.add("Globex", slack(CHANNEL, is_internal=True))
    book.read()
    stored = book.line.slack(message("They are about to churn."), "Ev1")
    book.line.run()
    assert book.line.receipt(stored.event_id) == ("ignored", "internal_channel")


@pytest.mark.parametrize(
    "channel", [slack(CHANNEL, is_internal=True), slack("C1", mirror_to={"source": "slack", "channel_id": CHANNEL})]
)
def test_what_was_taken_for_a_customers_word_before_goes(book: Book, channel: JsonObject) -> None:
    book.line.slack(message("They are about to churn."), "Ev1")
    book.line.slack(message("A customer's.", "1795255300.000100", channel="C1"), "Ev2")
    book.line.run()
    book.add("Globex", channel)
    book.read()
    gone = {signal.verbatim: signal.deleted_at is not None for signal in book.line.signals()}
    assert gone == {"They are about to churn.": True, "A customer's.": False}


def test_a_pause_waits_and_a_refusal_comes_back_later(book: Book) -> None:
    book.add("Globex")
    book.pylon.fail_next("accounts", retry_after=30)
    book.read()
    assert duty(book).reason == "pylon_rate_limited"
    book.pylon.token = "another"  # the stand-in's
    book.line.clock.advance(seconds=30)
    book.read()
    assert (duty(book).reason, duty(book).due_at is not None) == ("pylon_token_refused", True)


def test_who_has_no_token_is_not_asked(book: Book) -> None:
    with book.line.database.write() as session:
        session.get_one(Integration, book.line.pylon_integration_id).access_token = None
    book.read()
    with book.line.database.read() as session:
        assert session.scalars(select(Duty)).all() == []


def duty(book: Book) -> Duty:
    with book.line.database.read() as session:
        return session.scalars(select(Duty)).one()

"""In which order a thread's words and the asking for them arrive does not change what is captured."""

import itertools
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeAlias

import msgspec
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.adapter import InboundRequest
from db import Database, DirectoryEntry, Integration, Receipt
from pipeline.claim import claim_one
from pipeline.receive import Stored
from tests.pipeline.conftest import CHANNEL, CUSTOMER, HOME, Line, deleted, edited, message
from tests.pipeline.test_asking import submission

Happens: TypeAlias = dict[str, Any]
End: TypeAlias = list[tuple[str, str | None]]
"""What is captured, by place; None where it was deleted."""


class Thread:
    """A customer's thread to which a colleague adds something, of which somebody asks for the beginning."""

    def __init__(self, number: int = 0) -> None:
        self.number = number
        second = 1795200000 + 100 * number
        self.root, self.reply, self.second, self.ours = (f"{second + each}.000100" for each in range(4))
        self.beginning = message("It stops.", self.root)
        self.answer = self._inside(message("and on Monday too", self.reply))
        self.other = self._inside(message("here as well", self.second))
        self.colleagues = self._inside(message("We look into it.", self.ours, user="U0KIM", user_team=HOME))
        self.asking = submission(f"V{number}", said=self.beginning)
        self.edit = edited("and on Tuesday too", f"{second + 50}.000100", before="and on Monday too", ts=self.reply)
        self.deletion = deleted(f"{second + 60}.000100", self.second)
        for part in ("message", "previous_message"):
            self.edit[part] = self._inside(self.edit[part])
        self.deletion["previous_message"] = self._inside(self.deletion["previous_message"])

    def _inside(self, what: Happens) -> Happens:
        return what | {"thread_ts": self.root}

    def end(self, line: Line) -> End:
        """What is captured of it; all of one conversation."""
        signals = [each for each in line.signals() if self.root <= each.source_ref.partition(":")[2] <= self.ours]
        assert len({each.conversation_id for each in signals if each.deleted_at is None}) <= 1
        return sorted((each.source_ref, None if each.deleted_at else each.verbatim) for each in signals)

    def place(self, ts: str) -> str:
        return f"{CHANNEL}:{ts}"


@pytest.fixture(autouse=True)
def asked(line: Line) -> None:
    with line.database.write() as session:
        session.get_one(Integration, line.slack_integration_id).config = {"slack_capture": "asked"}


def arrive(line: Line, what: Happens, event_id: str) -> Stored:
    """Into the inbox by way of the adapter's envelope, which names what it is about."""
    body = what if "view" in what else {
        "type": "event_callback", "event_id": event_id, "api_app_id": "A1", "team_id": CUSTOMER,
        "is_ext_shared_channel": True, "event": what,
        "authorizations": [{"enterprise_id": None, "team_id": HOME, "is_enterprise_install": False}],
    }  # fmt: skip
    request = InboundRequest({}, msgspec.json.encode(body), line.clock())
    envelope = line.process.adapters["slack"].envelope(request)
    door = {"external_id": envelope.external_id, "slack_app_id": line.slack_app_id, "subject": envelope.subject}
    return line.store("slack", envelope.type, body, **door)


@pytest.mark.parametrize("batched", [True, False], ids=["one batch", "one by one"])
def test_any_order_of_a_thread_and_the_asking_ends_alike(line: Line, batched: bool) -> None:
    orders = itertools.permutations(("beginning", "answer", "other", "asking"))
    threads = [(Thread(number), order) for number, order in enumerate(orders)]
    for thread, order in threads:
        for name in order:
            arrive(line, getattr(thread, name), f"Ev{thread.number}{name}")
            if not batched:
                line.process.run()
    line.run()
    for thread, order in threads:
        whole = [(thread.root, "It stops."), (thread.reply, "and on Monday too"), (thread.second, "here as well")]
        assert thread.end(line) == [(thread.place(ts), words) for ts, words in whole], order


def test_so_does_any_order_with_an_edit_and_a_deletion(line: Line) -> None:
    chance = random.Random(20261126)
    names = ["beginning", "answer", "other", "colleagues", "asking", "edit", "deletion"]
    threads = []
    for number in range(40):
        thread, order = Thread(number), chance.sample(names, len(names))
        for name in order:
            arrive(line, getattr(thread, name), f"Ev{number}{name}")
            if chance.random() < 0.6:
                line.process.run()
        threads.append((thread, order))
    line.run()
    for thread, order in threads:
        by_place = dict(thread.end(line))
        assert by_place[thread.place(thread.root)] == "It stops.", order
        assert by_place[thread.place(thread.reply)] == "and on Tuesday too", order
        assert by_place.get(thread.place(thread.second)) is None, order
        assert thread.place(thread.ours) not in by_place, order


def test_what_joined_waits_no_more_and_a_colleagues_words_never_did(line: Line) -> None:
    thread = Thread()
    answer, colleagues = arrive(line, thread.answer, "Ev1"), arrive(line, thread.colleagues, "Ev2")
    line.run()
    assert receipt(line, answer) == ("ignored", "only_when_asked", thread.place(thread.root), "U0CUST", True)
    assert receipt(line, colleagues) == ("ignored", "only_when_asked", thread.place(thread.root), "U0KIM", False)
    arrive(line, thread.asking, "Ev3")
    line.run()
    assert receipt(line, answer) == ("captured", None, None, None, False)
    assert receipt(line, colleagues) == ("ignored", "only_when_asked", thread.place(thread.root), "U0KIM", False)


def test_an_edit_that_comes_while_the_dialog_is_open_is_not_lost(line: Line) -> None:
    thread = Thread()
    edit = edited("It stops at noon.", "1795300000.000100", before="It stops.", ts=thread.root)
    arrive(line, edit, "Ev1")
    line.run()
    arrive(line, thread.asking, "Ev2")
    line.run()
    assert thread.end(line) == [(thread.place(thread.root), "It stops at noon.")]


@pytest.mark.parametrize("first", ["asking", "answer"])
def test_nor_is_a_reply_that_is_decided_in_the_very_same_moment(line: Line, first: str) -> None:
    """Both transactions are open at once; neither sees what the other writes before it commits, and no row that both
    write (a name that is wanted, the connection's last use) keeps them apart.
    """
    everybody_is_known(line)
    for number in range(3):
        thread = Thread(number)
        one, other = sorted(("asking", "answer"), key=lambda name: name != first)
        earlier = arrive(line, getattr(thread, one), f"Ev{number}{one}")
        later = arrive(line, getattr(thread, other), f"Ev{number}{other}")
        take = partial(decide, line, later.event_id)
        with ThreadPoolExecutor(1) as other_worker:
            with line.database.write() as session:
                decide_in(session, line, earlier.event_id)
                turn = other_worker.submit(take)
                until_blocked_or(line.database, turn.done)
            turn.result(timeout=20)
        line.run()
        whole = [(thread.root, "It stops."), (thread.reply, "and on Monday too")]
        assert thread.end(line) == [(thread.place(ts), words) for ts, words in whole]


def everybody_is_known(line: Line) -> None:
    now = line.clock()
    of_customer = {"name": "Known", "fetched_at": now, "integration_id": line.slack_integration_id}
    asked = [("user", "U0CUST"), ("team", CUSTOMER), ("channel", CHANNEL)]
    with line.database.write() as session:
        session.add_all(DirectoryEntry(kind=kind, ref=ref, **of_customer) for kind, ref in asked)
        session.get_one(Integration, line.slack_integration_id).last_used_at = now


def decide(line: Line, event_id: str) -> None:
    with line.database.write() as session:
        decide_in(session, line, event_id)


def decide_in(session: Session, line: Line, event_id: str) -> None:
    event = claim_one(session, event_id)
    assert event is not None
    line.process._take(session, [event])


def until_blocked_or(database: Database, done: Callable[[], bool]) -> None:
    """Until the other transaction has come as far as it can while ours is open: SQLite's waits for its one writer, and
    PostgreSQL tells that it waits for a lock.
    """
    patience = threading.Event()
    while database.is_postgresql and not done():
        with database.read() as session:
            if session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return
        patience.wait(0.01)


def receipt(line: Line, stored: Stored) -> tuple[Any, ...]:
    columns = (Receipt.outcome, Receipt.reason, Receipt.thread, Receipt.author, Receipt.waits)
    with line.database.read() as session:
        return tuple(session.execute(select(*columns).where(Receipt.event_id == stored.event_id)).one())

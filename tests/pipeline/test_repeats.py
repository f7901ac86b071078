"""Equal triggers share the event that still waits, and nothing is lost: what changed after a reading began is read."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from threading import Barrier, Event, Lock, Timer
from typing import Any

import pytest
from sqlalchemy import func, select

from core.adapter import Access
from core.errors import StepFailed
from core.signal import Lookup
from core.taming import JsonObject
from db import Event as EventRow
from pipeline.receive import Arrival, CommitEach, GroupCommit, Stored
from tests.pipeline.conftest import Line
from tests.pipeline.pylon_story import issue, theirs

BODY = b'{"event": "issue.updated", "issue_id": "2f1c"}'


@dataclass
class Desk:
    """A Pylon whose one issue changes, and a door that takes its triggers."""

    line: Line
    state: int = 0
    reads: int = 0
    before: Callable[[], None] = lambda: None
    failure: StepFailed | None = None

    def fetch(self, lookup: Lookup, _access: Access) -> JsonObject:
        if lookup.kind != "issue":
            return {"messages": [theirs("m1", f"state {self.state}", 1)], "threads": []}
        self.reads += 1
        told = issue(self.state)
        self.before()
        if self.failure:
            raise self.failure
        return told

    def trigger(self, inbox: CommitEach | GroupCommit | None = None) -> Stored:
        arrival = Arrival("pylon", "issue.updated", BODY, self.line.clock(), subject="2f1c", while_waiting=True,
                          integration_id=self.line.pylon_integration_id)  # fmt: skip
        return (inbox or CommitEach(self.line.database, wake=lambda: None)).store(arrival)

    def stored(self) -> int:
        with self.line.database.read() as session:
            return session.scalar(select(func.count()).select_from(EventRow)) or 0

    def words(self) -> list[str]:
        return [signal.verbatim for signal in self.line.signals()]


@pytest.fixture
def desk(line: Line) -> Desk:
    desk = Desk(line)
    line.complete.lookups["pylon"] = desk  # type: ignore[index]  # a mapping that only the tests change
    return desk


@pytest.mark.parametrize("kind", [CommitEach, GroupCommit])
def test_forty_at_once_are_one_event_and_one_reading(desk: Desk, kind: Any) -> None:
    inbox, together = kind(desk.line.database, wake=lambda: None), Barrier(8)

    def send(_: int) -> Stored:
        together.wait()
        return desk.trigger(inbox)

    with ThreadPoolExecutor(8) as crowd:
        stored = list(crowd.map(send, range(40)))
    assert len({each.event_id for each in stored}) == desk.stored() == 1
    assert sum(not each.duplicate for each in stored) == 1
    desk.line.run()
    assert (desk.reads, desk.words()) == (1, ["state 0"])


def test_what_changed_while_it_was_read_is_read_again(desk: Desk) -> None:
    first = desk.trigger()
    fresh = count()

    def change() -> None:
        if next(fresh) == 0:
            desk.state = 1
            assert desk.trigger().event_id != first.event_id

    desk.before = change
    desk.line.run()
    assert (desk.reads, desk.words()) == (2, ["state 1"])


def test_a_repeat_of_what_was_put_off_is_its_own_event(desk: Desk) -> None:
    desk.failure = StepFailed("pylon_unavailable", permanent=False, retry_after=60)
    first = desk.trigger()
    desk.line.run()
    assert desk.line.event(first.event_id).external_id is None
    again = desk.trigger()
    assert (again.duplicate, desk.stored()) == (False, 2)
    desk.failure = None
    desk.line.clock.advance(minutes=5)
    desk.line.run()
    assert {desk.line.event(each.event_id).state for each in (first, again)} == {"processed"}


def test_a_repeat_of_what_is_done_is_its_own_event(desk: Desk) -> None:
    first = desk.trigger()
    desk.line.run()
    assert desk.line.event(first.event_id).external_id is None
    assert not desk.trigger().duplicate


def test_under_any_timing_the_last_change_is_read(desk: Desk) -> None:
    """Changes are told of while they are read; each trigger comes after its change, as from Pylon."""
    changing, over = Lock(), Event()

    def work() -> None:
        while not over.is_set():
            desk.line.run()

    def change(_: int) -> None:
        with changing:
            desk.state += 1
        desk.trigger()

    with ThreadPoolExecutor(5) as crowd:
        worker = crowd.submit(work)
        list(crowd.map(change, range(120)))
        over.set()
        worker.result()
    desk.line.run()
    assert desk.words() == ["state 120"]
    assert desk.reads <= desk.stored() < 120
    with desk.line.database.read() as session:
        assert session.scalars(select(EventRow.state).distinct()).all() == ["processed"]


def test_who_counts_a_repeat_holds_up_no_result(desk: Desk) -> None:
    """Its row is held for a moment by the door, while the worker comes back with what it read."""
    if not desk.line.database.is_postgresql:
        pytest.skip("SQLite has one writer at a time, and locks no rows")
    stored = desk.trigger()
    holding, let_go = Event(), Event()

    def hold() -> None:
        with desk.line.database.write() as session:
            session.scalars(select(EventRow).where(EventRow.id == stored.event_id).with_for_update()).one()
            holding.set()
            let_go.wait(5)

    with ThreadPoolExecutor(2) as crowd:

        def answer() -> None:
            crowd.submit(hold)
            assert holding.wait(5)
            Timer(0.3, let_go.set).start()

        desk.before = answer
        desk.line.run()
    assert desk.line.event(stored.event_id).state == "processed"

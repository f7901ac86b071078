"""The inbox: stored once, committed before anybody hears of it, one by one or in groups."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from db import Database, Event, SlackApp
from pipeline.receive import Arrival, CommitEach, GroupCommit, Inbox
from tests.conftest import NOW

MakeInbox: TypeAlias = Callable[[Database, Callable[[], None]], Inbox]

INBOXES = pytest.mark.parametrize("make", [CommitEach, GroupCommit])


def _app(database: Database) -> str:
    with database.write() as session:
        app = SlackApp(client_id="1.2", client_secret="s", signing_secret="t")
        session.add(app)
    return app.id


def _arrival(app_id: str, external_id: str | None = "Ev1", failed: str | None = None) -> Arrival:
    return Arrival("slack", "message", b"{}", NOW, external_id=external_id, slack_app_id=app_id, failed=failed)


def _count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Event)) or 0


@INBOXES
def test_a_repeat_names_the_first_event(database: Database, make: MakeInbox) -> None:
    wakes: list[int] = []
    inbox, arrival = make(database, lambda: wakes.append(_count(database))), _arrival(_app(database))
    first, again = inbox.store(arrival), inbox.store(arrival)
    assert not first.duplicate
    assert again.duplicate
    assert first.event_id == again.event_id
    assert wakes == [1], "woken once, after the commit"


@INBOXES
def test_repeats_are_counted(database: Database, make: MakeInbox) -> None:
    inbox, app_id = make(database, lambda: None), _app(database)
    (first, *_) = [inbox.store(_arrival(app_id)) for _ in range(4)]
    other = inbox.store(_arrival(app_id, "Ev2"))
    with database.read() as session:
        assert [session.get_one(Event, each.event_id).repeats for each in (first, other)] == [3, 0]


@INBOXES
def test_without_an_external_id_each_delivery_is_an_event(database: Database, make: MakeInbox) -> None:
    inbox, arrival = make(database, lambda: None), _arrival(_app(database), external_id=None)
    assert inbox.store(arrival).event_id != inbox.store(arrival).event_id


@INBOXES
def test_what_cannot_be_understood_is_stored_as_failed(database: Database, make: MakeInbox) -> None:
    stored = make(database, lambda: None).store(_arrival(_app(database), failed="not_json_object"))
    with database.read() as session:
        event = session.get_one(Event, stored.event_id)
        assert (event.state, event.reason, event.due_at) == ("failed", "not_json_object", None)


@INBOXES
def test_four_copies_of_each_at_once_are_stored_once(database: Database, make: MakeInbox) -> None:
    inbox, app_id = make(database, lambda: None), _app(database)
    arrivals = [_arrival(app_id, f"Ev{number}") for number in range(50)] * 4
    with ThreadPoolExecutor(8) as senders:
        stored = list(senders.map(inbox.store, arrivals))
    assert _count(database) == 50
    assert sum(not each.duplicate for each in stored) == 50
    assert len({each.event_id for each in stored}) == 50


@INBOXES
def test_one_bad_arrival_is_refused_alone(database: Database, make: MakeInbox) -> None:
    """A credential that was deleted meanwhile must not cost the others their commit."""
    inbox, app_id = make(database, lambda: None), _app(database)
    arrivals = [_arrival(app_id if number % 5 else "app_gone", f"Ev{number}") for number in range(40)]

    def store(arrival: Arrival) -> bool:
        try:
            inbox.store(arrival)
        except IntegrityError:
            return False
        return True

    with ThreadPoolExecutor(8) as senders:
        outcomes = list(senders.map(store, arrivals))
    assert outcomes == [arrival.slack_app_id == app_id for arrival in arrivals]
    assert _count(database) == 32

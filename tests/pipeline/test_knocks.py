"""Knocks as rows: the last few of each door, one a second of equal noise, one per authentic body with its repeats."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from db import Database, Event, Integration, Knock, Workspace
from pipeline.knocks import KEPT, NewKnock, note_knock
from tests.conftest import StillClock


def door(database: Database, name: str) -> str:
    with database.write() as session:
        workspace = Workspace(name=name, slug=name)
        session.add(workspace)
        session.flush()
        integration = Integration(workspace_id=workspace.id, platform="pylon", name=name)
        session.add(integration)
    return integration.id


def refusals(database: Database, integration_id: str) -> list[str | None]:
    with database.read() as session:
        query = select(Knock.refusal).where(Knock.integration_id == integration_id).order_by(Knock.id)
        return list(session.scalars(query))


def test_only_the_last_few_are_kept(database: Database, clock: StillClock) -> None:
    mine, other = door(database, "mine"), door(database, "other")
    note_knock(database, NewKnock(other, ("header_ok",)), clock())
    for number in range(KEPT + 5):
        note_knock(database, NewKnock(mine, ("header_wrong",), f"reason_{number}"), clock())
    assert refusals(database, mine) == [f"reason_{number}" for number in range(5, KEPT + 5)]
    assert refusals(database, other) == [None]


def test_equal_ones_leave_one_a_second(database: Database, clock: StillClock) -> None:
    mine = door(database, "mine")
    for _ in range(5):
        note_knock(database, NewKnock(mine, ("header_wrong",), "token_mismatch"), clock())
        clock.advance(seconds=0.3)
    assert len(refusals(database, mine)) == 2


def stored(database: Database, integration_id: str, body: bytes) -> str:
    with database.write() as session:
        event = Event(platform="pylon", integration_id=integration_id, type="issue.updated", payload=body)
        session.add(event)
    return event.id


def heard(database: Database, integration_id: str) -> list[tuple[str | None, int]]:
    with database.read() as session:
        query = select(Knock.event_id, Knock.times).where(Knock.integration_id == integration_id).order_by(Knock.id)
        return [(event_id, times) for event_id, times in session.execute(query)]


def test_authentic_ones_with_other_bodies_are_all_kept(database: Database, clock: StillClock) -> None:
    mine = door(database, "mine")
    events = [stored(database, mine, b"%d" % number) for number in range(5)]
    for event in events:
        note_knock(database, NewKnock(mine, ("header_ok",), event_id=event), clock())
    assert heard(database, mine) == [(event, 1) for event in events]


def test_exact_repeats_are_counted_on_the_first(database: Database, clock: StillClock) -> None:
    mine, other = door(database, "mine"), door(database, "other")
    first, between, again = (stored(database, mine, body) for body in (b"a", b"b", b"a"))
    for event in (first, between, first, again):
        note_knock(database, NewKnock(mine, ("header_ok",), event_id=event), clock())
    elsewhere = stored(database, other, b"a")
    note_knock(database, NewKnock(other, ("header_ok",), event_id=elsewhere), clock())
    assert (heard(database, mine), heard(database, other)) == ([(first, 3), (between, 1)], [(elsewhere, 1)])
    clock.advance(seconds=1)
    note_knock(database, NewKnock(mine, ("header_ok",), event_id=again), clock())
    note_knock(database, NewKnock(mine, ("header_ok",), event_id=first), clock())
    assert heard(database, mine) == [(first, 4), (between, 1), (again, 1)]


def test_those_who_repeat_an_event_at_once_count_on_one_row(database: Database, clock: StillClock) -> None:
    mine = door(database, "mine")
    event = stored(database, mine, b"a")
    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(lambda _: note_knock(database, NewKnock(mine, (), event_id=event), clock()), range(40)))
    assert heard(database, mine) == [(event, 40)]

"""Knocks as rows: the last few of each door, and one a second of equal ones."""

from sqlalchemy import select

from db import Database, Integration, Knock, Workspace
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

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from core.errors import StepFailed
from core.grants import Presented
from db import Database, Integration, SlackApp
from db.sealed import holds
from pipeline.farewell import Farewell
from pipeline.installations.lifecycle import leave
from pipeline.installations.parting import part_from
from sandbox.slack import SlackStandIn
from tests.conftest import StillClock
from tests.pipeline.rotation import CLIENT_ID, CLIENT_SECRET, OTHER, TEAM, Rotation, connected, install, strict_slack

GOODBYE = "apps.uninstall"
DAY = timedelta(hours=12)


@pytest.fixture
def rotation(database: Database, clock: StillClock) -> Iterator[Rotation]:
    with strict_slack(clock) as (slack, api_url):
        yield Rotation(database, clock, slack, api_url)


@pytest.fixture
def step(rotation: Rotation) -> Farewell:
    return Farewell(database=rotation.database, grants=rotation.grants, clock=rotation.clock)


@pytest.fixture
def left(rotation: Rotation, clock: StillClock) -> str:
    """A connection that an admin ended a moment ago."""
    row_id = connected(rotation.database, install(rotation.slack), clock(), lives=DAY)
    end(rotation, row_id)
    return row_id


def end(rotation: Rotation, row_id: str) -> None:
    with rotation.database.write() as session:
        leave(session.get_one(Integration, row_id), reason="disconnected_by_admin", now=rotation.clock())


def is_installed(slack: SlackStandIn) -> bool:
    return slack.grants.installation(TEAM) is not None


def test_slack_is_told_and_the_token_wiped(rotation: Rotation, step: Farewell, left: str) -> None:
    row = rotation.row(left)
    assert (row.state, row.state_reason) == ("disconnected", "disconnected_by_admin")
    with pytest.raises(StepFailed, match="token_missing"):
        rotation.access.access(left)
    assert rotation.tokens(left)[1] is None, "nothing is refreshed any more"
    assert step.run().done == 1
    assert not is_installed(rotation.slack)
    assert rotation.tokens(left) == (None, None)
    row = rotation.row(left)
    assert (row.wipe_due_at, row.refresh_problem, row.lease_token) == (None, None, None)
    assert step.run().done == 0
    assert rotation.slack.calls(GOODBYE) == 1


def test_while_slack_is_down_it_is_tried_until_the_minute_is_over(
    rotation: Rotation, step: Farewell, left: str, clock: StillClock
) -> None:
    rotation.slack.fail_next(GOODBYE, status=503, error="x", times=100)
    ended_at = clock()
    while rotation.tokens(left)[0] is not None:
        step.run()
        assert clock() - ended_at < timedelta(seconds=60)
        clock.advance(seconds=10)  # the cluster's sweep
    assert rotation.slack.calls(GOODBYE) >= 4
    assert rotation.row(left).refresh_problem == "slack_not_told"


def test_whoever_dies_while_telling_is_relieved(
    rotation: Rotation, step: Farewell, left: str, clock: StillClock
) -> None:
    class Dies(BaseException):
        pass

    class Dying:
        def uninstall(self, presented: Presented) -> None:
            rotation.grants.uninstall(presented)
            raise Dies

        renew, is_alive = rotation.grants.renew, rotation.grants.is_alive

    with pytest.raises(Dies):
        replace(step, grants=Dying()).run()
    assert step.run().done == 0, "leased"
    clock.advance(seconds=12)
    assert step.run().done == 1
    assert rotation.tokens(left)[0] is None
    assert rotation.row(left).refresh_problem is None, "Slack knew already"


def test_a_token_that_slack_does_not_take_any_more(rotation: Rotation, step: Farewell, clock: StillClock) -> None:
    expired = connected(rotation.database, install(rotation.slack), clock(), lives=DAY)
    gone = connected(rotation.database, install(rotation.slack, OTHER), clock(), lives=DAY, team=OTHER)
    rotation.slack.uninstall(OTHER)
    clock.advance(hours=13)
    for row_id in (expired, gone):
        end(rotation, row_id)
    while step.run().done:
        pass
    problems = [rotation.row(row_id).refresh_problem for row_id in (expired, gone)]
    assert problems == ["slack_not_told", None], "an expired token cannot say goodbye; an uninstalled app need not"
    assert [rotation.tokens(row_id)[0] for row_id in (expired, gone)] == [None, None]


def test_who_is_connected_again_is_not_uninstalled(rotation: Rotation, step: Farewell, left: str) -> None:
    pair = install(rotation.slack)
    rotation.change(left, state="active", access_token=pair.access, wipe_due_at=None)
    assert step.run().done == 0
    assert is_installed(rotation.slack)


def test_an_installation_that_serves_another_row_goes_on(
    rotation: Rotation, step: Farewell, left: str, clock: StillClock
) -> None:
    """Another workspace connected the same team before the farewell was said."""
    other = connected(rotation.database, install(rotation.slack), clock(), lives=DAY, team=OTHER)
    rotation.change(other, slack_team_id=TEAM.id)
    assert step.run().done == 1
    assert rotation.slack.calls(GOODBYE) == 0
    assert rotation.tokens(left)[0] is None
    assert rotation.works(other)


def test_a_reinstall_during_the_call_keeps_its_tokens(rotation: Rotation, step: Farewell, left: str) -> None:
    def reinstalled(_: str) -> None:
        changes = {"state": "active", "access_token": "xoxe.xoxb-new", "lease_token": None, "wipe_due_at": None}
        rotation.change(left, **changes)

    rotation.slack.before_answer = reinstalled
    step.run()
    assert rotation.tokens(left)[0] == "xoxe.xoxb-new"
    assert rotation.row(left).state == "active"


class TestAnAppThatIsDeleted:
    """Its row goes at once; what its connections need for their farewells goes with their tokens."""

    @pytest.fixture
    def parted(self, rotation: Rotation, clock: StillClock) -> str:
        """A connection whose app was deleted a moment ago."""
        row_id = connected(rotation.database, install(rotation.slack), clock(), lives=DAY)
        assert delete_app(rotation) == 1
        return row_id

    def test_slack_is_told_and_nothing_is_left(self, rotation: Rotation, step: Farewell, parted: str) -> None:
        row = rotation.row(parted)
        assert (row.state, row.state_reason, row.slack_app_id) == ("disconnected", "slack_app_deleted", None)
        assert step.run().done == 1
        assert not is_installed(rotation.slack)
        assert rotation.slack.calls(GOODBYE) == 1
        assert left_of(rotation, parted) == (False, False, None)

    def test_while_slack_is_down_it_is_tried_until_the_minute_is_over(
        self, rotation: Rotation, step: Farewell, parted: str, clock: StillClock
    ) -> None:
        rotation.slack.fail_next(GOODBYE, status=503, error="x", times=100)
        ended_at = clock()
        while holds(rotation.row(parted), "access_token"):
            step.run()
            assert clock() - ended_at < timedelta(seconds=60)
            clock.advance(seconds=10)
        assert rotation.slack.calls(GOODBYE) >= 4
        assert left_of(rotation, parted) == (False, False, "slack_not_told")

    def test_who_was_disconnected_just_before_is_not_forgotten(
        self, rotation: Rotation, step: Farewell, left: str
    ) -> None:
        assert delete_app(rotation) == 0
        assert rotation.row(left).state_reason == "disconnected_by_admin"
        assert step.run().done == 1
        assert not is_installed(rotation.slack)
        assert left_of(rotation, left) == (False, False, None)

    def test_an_app_that_was_registered_anew_keeps_its_installation(
        self, rotation: Rotation, step: Farewell, parted: str, clock: StillClock
    ) -> None:
        with rotation.database.write() as session:
            again = SlackApp(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, signing_secret="s", api_app_id="A1")
            session.add(again)
        other = connected(rotation.database, install(rotation.slack), clock(), lives=DAY, team=OTHER)
        rotation.change(other, slack_app_id=again.id, slack_team_id=TEAM.id)
        assert step.run().done == 1
        assert rotation.slack.calls(GOODBYE) == 0
        assert rotation.works(other)
        assert left_of(rotation, parted) == (False, False, None)

    def test_a_secret_that_does_not_open_holds_nothing_up(
        self, rotation: Rotation, step: Farewell, clock: StillClock
    ) -> None:
        row_id = connected(rotation.database, install(rotation.slack), clock(), lives=DAY)
        with rotation.database.write() as session:
            session.execute(text("UPDATE slack_apps SET client_secret = signing_secret"))
        assert delete_app(rotation) == 1
        clock.advance(seconds=50)
        step.run()
        assert left_of(rotation, row_id) == (False, False, "slack_not_told")


def delete_app(rotation: Rotation) -> int:
    with rotation.database.write() as session:
        app = session.scalars(select(SlackApp)).one()
        ended = part_from(session, app, reason="slack_app_deleted", now=rotation.clock())
        session.flush()
        session.delete(app)
    return ended


def left_of(rotation: Rotation, row_id: str) -> tuple[bool, bool, str | None]:
    """Whether the row still holds a token and an app's secret, and what is told of the farewell."""
    row = rotation.row(row_id)
    return holds(row, "access_token"), holds(row, "app_secret"), row.refresh_problem

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Never

import pytest
from sqlalchemy.exc import OperationalError

from core.errors import StepFailed
from core.grants import Grant, Presented
from core.logs import configure_logs
from db import Database, SlackApp
from pipeline.refresh import Refresher
from pipeline.tokens.renewal import LEASE, SHORT, is_due, is_wanted
from tests.conftest import StillClock
from tests.pipeline.rotation import CALL, OTHER, Rotation, connected, install, strict_slack

DAY = timedelta(hours=12)
METHODS = [CALL, "oauth.v2.exchange"]


@pytest.fixture
def rotation(database: Database, clock: StillClock) -> Iterator[Rotation]:
    with strict_slack(clock) as (slack, api_url):
        yield Rotation(database, clock, slack, api_url)


class Dies(BaseException):
    """The process ends here."""


def dying(*_: object) -> Never:
    raise Dies


def test_a_quiet_workspace_is_renewed_two_hours_before_each_end(rotation: Rotation, clock: StillClock) -> None:
    row_id = connected(rotation.database, install(rotation.slack), clock(), lives=DAY)
    ends: list[datetime] = []
    for _ in range(4 * 24 * 2):  # two days, a look each quarter of an hour, and nobody calls
        while rotation.step.run().done:
            pass
        row = rotation.row(row_id)
        assert row.token_expires_at is not None
        assert row.token_expires_at - clock() >= timedelta(hours=2)
        ends.append(row.token_expires_at)
        clock.advance(minutes=15)
    assert rotation.slack.calls(CALL) == len(set(ends)) - 1
    assert 4 <= rotation.slack.calls(CALL) <= 7, "neither forgotten nor renewed over and over"
    assert rotation.works(row_id)


def test_the_step_says_when_to_come_again(rotation: Rotation, clock: StillClock) -> None:
    row_id = connected(rotation.database, install(rotation.slack), clock(), lives=timedelta(hours=1))
    assert rotation.step.run().done == 1
    progress = rotation.step.run()
    assert (progress.done, progress.next_due_at) == (0, rotation.row(row_id).refresh_due_at)
    assert rotation.row(row_id).refreshed_at == clock()


def test_whoever_needs_a_token_that_ends_gets_a_fresh_one(rotation: Rotation, clock: StillClock) -> None:
    pair = install(rotation.slack)
    row_id = connected(rotation.database, pair, clock(), lives=SHORT)
    fresh = rotation.access.access(row_id).token
    assert fresh != pair.access
    assert rotation.grants.is_alive(fresh)
    assert rotation.access.access(row_id).token == fresh
    assert rotation.slack.calls(CALL) == 1


def test_a_token_with_time_left_is_handed_out_as_it_is(rotation: Rotation, clock: StillClock) -> None:
    pair = install(rotation.slack)
    row_id = connected(rotation.database, pair, clock(), lives=SHORT + timedelta(seconds=1))
    assert rotation.access.access(row_id).token == pair.access
    assert rotation.slack.calls(CALL) == 0


def test_a_holder_that_dies_before_asking_is_relieved(rotation: Rotation, clock: StillClock) -> None:
    row_id = connected(rotation.database, install(rotation.slack), clock(), lives=timedelta(minutes=1))
    with pytest.raises(Dies):
        _dying_before(rotation).refresh(row_id, is_due)
    assert not rotation.step.run().done, "the lease is respected"
    clock.advance(seconds=LEASE.total_seconds())
    assert rotation.step.run().done == 1
    assert rotation.row(row_id).state == "active"
    assert rotation.works(row_id)


def test_a_crash_after_slacks_answer_is_known_within_a_minute(rotation: Rotation, clock: StillClock) -> None:
    pair = install(rotation.slack)
    row_id = connected(rotation.database, pair, clock(), lives=timedelta(minutes=30))
    crashed_at = clock()
    with pytest.raises(Dies):
        _dying_after(rotation).refresh(row_id, is_due)
    while rotation.row(row_id).state == "active":
        clock.advance(seconds=10)  # the cluster's sweep
        rotation.step.run()
        assert clock() - crashed_at <= timedelta(seconds=50)
    row = rotation.row(row_id)
    assert (row.state, row.state_reason) == ("needs_reconnect", "invalid_refresh_token")
    assert row.refresh_problem == "invalid_refresh_token"
    assert rotation.access.access(row_id).token == pair.access, "it lives until it ends"
    clock.advance(minutes=30)
    with pytest.raises(StepFailed) as refused:
        rotation.access.access(row_id)
    assert (refused.value.reason, refused.value.permanent) == ("needs_reconnect", False)
    assert rotation.slack.calls(CALL) == 2, "given up: nobody asks again"


def test_within_slacks_grace_period_a_crash_is_recovered(rotation: Rotation, clock: StillClock) -> None:
    rotation.slack.grants.grace = timedelta(minutes=2)
    row_id = connected(rotation.database, install(rotation.slack), clock(), lives=timedelta(minutes=1))
    with pytest.raises(Dies):
        _dying_after(rotation).refresh(row_id, is_due)
    clock.advance(seconds=LEASE.total_seconds())
    rotation.step.run()
    assert rotation.row(row_id).state == "active"
    assert rotation.works(row_id)


def test_a_waiting_caller_takes_over_from_the_dead(rotation: Rotation, clock: StillClock) -> None:
    rotation.slack.grants.grace = timedelta(minutes=2)
    row_id = connected(rotation.database, install(rotation.slack), clock(), lives=timedelta())
    with pytest.raises(Dies):
        _dying_after(rotation).refresh(row_id, is_wanted)
    rotation.on_wait = lambda: clock.advance(seconds=1)
    assert rotation.works(row_id)
    assert len(rotation.waited) == LEASE.total_seconds()


def test_a_caller_does_not_wait_forever(rotation: Rotation, clock: StillClock) -> None:
    row_id = connected(rotation.database, install(rotation.slack), clock(), lives=timedelta())
    with pytest.raises(Dies):
        _dying_before(rotation).refresh(row_id, is_wanted)
    with pytest.raises(StepFailed) as failed:
        rotation.access.access(row_id)
    assert (failed.value.reason, failed.value.permanent) == ("token_not_refreshed", False)
    assert sum(rotation.waited) <= 15


def test_old_tokens_are_no_reason_to_give_up_newer_ones(rotation: Rotation, clock: StillClock) -> None:
    """Somebody replaced the tokens while we asked with the old ones: read again, they are merely old."""
    row_id = connected(rotation.database, install(rotation.slack), clock(), lives=timedelta(minutes=1))

    def replaced(method: str) -> None:
        if method == CALL:
            rotation.slack.before_answer = lambda _: None
            pair = install(rotation.slack)
            changes = {"access_token": pair.access, "refresh_token": pair.refresh, "token_expires_at": clock() + DAY}
            rotation.change(row_id, **changes)

    rotation.change(row_id, refresh_token="xoxe-1-dead")
    rotation.slack.before_answer = replaced
    rotation.step.run()
    row = rotation.row(row_id)
    assert (row.state, row.refresh_problem, row.lease_token) == ("active", None, None)
    assert rotation.works(row_id)


def test_a_late_answer_still_counts_while_nobody_was_luckier(rotation: Rotation, clock: StillClock) -> None:
    row_id = connected(rotation.database, install(rotation.slack), clock(), lives=timedelta(minutes=1))

    def overtaken(_: str) -> None:
        rotation.slack.before_answer = lambda _: None
        clock.advance(seconds=LEASE.total_seconds())
        rotation.refresher.refresh(row_id, is_due)
        assert rotation.row(row_id).state == "needs_reconnect"

    rotation.slack.before_answer = overtaken
    rotation.step.run()
    assert (rotation.row(row_id).state, rotation.row(row_id).state_reason) == ("active", None)
    assert rotation.works(row_id)


def test_a_late_answer_never_replaces_newer_tokens(rotation: Rotation, clock: StillClock) -> None:
    row_id = connected(rotation.database, install(rotation.slack), clock(), lives=timedelta(minutes=1))

    def reinstalled(_: str) -> None:
        rotation.change(row_id, access_token="xoxe.xoxb-new", refresh_token="xoxe-1-new", lease_token=None)

    rotation.slack.before_answer = reinstalled
    rotation.step.run()
    assert rotation.tokens(row_id) == ("xoxe.xoxb-new", "xoxe-1-new")


def test_a_disconnected_row_gets_nothing(rotation: Rotation, clock: StillClock) -> None:
    row_id = connected(rotation.database, install(rotation.slack), clock(), lives=timedelta(minutes=1))
    rotation.slack.before_answer = lambda _: rotation.change(row_id, state="disconnected", access_token=None)
    rotation.step.run()
    assert rotation.tokens(row_id)[0] is None
    with pytest.raises(StepFailed) as refused:
        rotation.access.access(row_id)
    assert refused.value.reason == "token_missing"


@pytest.mark.parametrize(
    ("fault", "reason", "waits"),
    [
        ({"error": "ratelimited", "status": 429, "retry_after": 400}, "slack_rate_limited", 400),
        ({"error": "internal_error", "status": 200}, "slack_unavailable", 5),
        ({"error": "fatal", "status": 503}, "slack_unavailable", 5),
        ({"error": "invalid_client_id", "status": 200}, "slack_app_rejected", 5),
    ],
)
def test_a_failure_that_passes_is_shown_and_tried_again(
    rotation: Rotation, clock: StillClock, fault: dict[str, object], reason: str, waits: int
) -> None:
    pair = install(rotation.slack)
    row_id = connected(rotation.database, pair, clock(), lives=timedelta(minutes=4))
    rotation.slack.fail_next(CALL, **fault)  # type: ignore[arg-type]
    assert rotation.access.access(row_id).token == pair.access, "it still lives"
    row = rotation.row(row_id)
    assert (row.state, row.refresh_problem, row.refresh_attempts) == ("active", reason, 1)
    assert row.refresh_due_at is not None
    assert (row.refresh_due_at - clock()).total_seconds() >= waits
    rotation.access.access(row_id)
    assert rotation.slack.calls(CALL) == 1, "a failure is not repeated by everybody"
    clock.now = row.refresh_due_at
    rotation.step.run()
    assert (rotation.row(row_id).refresh_problem, rotation.row(row_id).refresh_attempts) == (None, 0)


def test_a_long_outage_is_survived(rotation: Rotation, clock: StillClock) -> None:
    row_id = connected(rotation.database, install(rotation.slack), clock(), lives=timedelta(hours=3))
    rotation.slack.fail_next(CALL, status=503, error="x", times=1000)
    for _ in range(60):
        rotation.step.run()
        clock.advance(minutes=5)
    assert rotation.row(row_id).state == "active"
    with pytest.raises(StepFailed, match="token_not_refreshed"):
        rotation.access.access(row_id)
    assert rotation.slack.calls(CALL) < 50
    while rotation.slack.faults.due(CALL):
        pass
    clock.advance(minutes=15)
    rotation.step.run()
    assert rotation.works(row_id)


def test_a_grant_is_held_on_to_while_the_database_is_away(
    rotation: Rotation, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    row_id = connected(rotation.database, install(rotation.slack), clock(), lives=timedelta(minutes=1))
    write, away = Database.write, [True, True, True]

    def writing(database: Database) -> object:
        if rotation.slack.calls(CALL) and away:
            away.pop()
            raise OperationalError("", {}, Exception(), connection_invalidated=True)
        return write(database)

    monkeypatch.setattr(Database, "write", writing)
    rotation.step.run()
    assert len(rotation.waited) == 3
    assert rotation.works(row_id)
    assert rotation.slack.calls(CALL) == 1


def test_a_legacy_token_is_exchanged_once(rotation: Rotation, clock: StillClock) -> None:
    rotation.slack.grants.rotation = False
    legacy = install(rotation.slack)
    row_id = connected(rotation.database, legacy, clock())
    rotation.step.run()
    row = rotation.row(row_id)
    assert (row.refresh_problem, row.state) == ("slack_rotation_off", "active")
    assert not rotation.step.run().done, "asked again tomorrow"
    rotation.slack.grants.rotation = True
    clock.advance(days=1, hours=6)
    rotation.step.run()
    access, refresh = rotation.tokens(row_id)
    assert (access or "").startswith("xoxe.xoxb-1-")
    assert (refresh or "").startswith("xoxe-1-")
    for _ in range(3):
        clock.advance(hours=10)
        rotation.step.run()
    assert [rotation.slack.calls(method) for method in METHODS] == [3, 2]
    assert rotation.works(row_id)


def test_a_crash_after_the_exchange_asks_for_a_reinstall(rotation: Rotation, clock: StillClock) -> None:
    rotation.slack.grants.rotation = False
    legacy = install(rotation.slack)
    rotation.slack.grants.rotation = True
    row_id = connected(rotation.database, legacy, clock())
    with pytest.raises(Dies):
        _dying_after(rotation).refresh(row_id, is_due)
    clock.advance(seconds=LEASE.total_seconds())
    rotation.step.run()
    row = rotation.row(row_id)
    assert (row.state, row.state_reason) == ("needs_reconnect", "token_already_exchanged")
    assert rotation.access.access(row_id).token == legacy.access


def test_an_app_that_is_gone_is_shown(rotation: Rotation, clock: StillClock) -> None:
    row_id = connected(rotation.database, install(rotation.slack), clock(), lives=timedelta(hours=1))
    with rotation.database.write() as session:
        session.query(SlackApp).one().client_secret = None
    rotation.step.run()
    assert (rotation.row(row_id).state, rotation.row(row_id).refresh_problem) == ("active", "slack_app_missing")


def test_one_row_that_cannot_be_opened_holds_nobody_up(rotation: Rotation, clock: StillClock) -> None:
    broken = connected(rotation.database, install(rotation.slack), clock(), lives=timedelta(hours=1))
    sound = connected(rotation.database, install(rotation.slack, OTHER), clock(), lives=timedelta(hours=1), team=OTHER)
    rotation.change(broken, refresh_token_sealed=b"\x01" + bytes(60))
    while rotation.step.run().done:
        pass
    assert rotation.row(broken).refresh_problem == "seal_key_unknown"
    assert rotation.works(sound)


def test_nothing_secret_is_told(rotation: Rotation, clock: StillClock, capsys: pytest.CaptureFixture[str]) -> None:
    pair = install(rotation.slack)
    row_id = connected(rotation.database, pair, clock(), lives=timedelta(minutes=1))
    rotation.change(row_id, refresh_token="xoxe-1-dead")
    configure_logs()
    rotation.step.run()
    told = "".join(capsys.readouterr()) + repr(Presented("app", pair.access, pair.refresh)) + repr(Grant(pair.access))
    assert "invalid_refresh_token" in told
    assert "xox" not in told


def _dying_before(rotation: Rotation) -> Refresher:
    return Refresher(database=rotation.database, grants=_Dying(rotation), clock=rotation.clock)


def _dying_after(rotation: Rotation) -> Refresher:
    return Refresher(database=rotation.database, grants=_Dying(rotation, asks=True), clock=rotation.clock)


class _Dying:
    """Asks Slack, or not, and takes the answer into the grave."""

    def __init__(self, rotation: Rotation, *, asks: bool = False) -> None:
        self.rotation = rotation
        self.asks = asks

    def renew(self, presented: Presented) -> Grant:
        if self.asks:
            self.rotation.grants.renew(presented)
        raise Dies

    is_alive = uninstall = dying

"""Leases over rows of work: nobody else takes a leased row, and who lost the lease writes nothing."""

import pytest
from sqlalchemy import select

from core.errors import StepFailed
from db import Database, Duty, Integration, Workspace
from pipeline.claim import LEASE
from pipeline.leases import held, lease_due, let_go, next_due_at, put_off
from pipeline.retry import SCHEDULE
from tests.conftest import NOW, StillClock


@pytest.fixture
def duty(database: Database) -> Duty:
    with database.write() as session:
        workspace = Workspace(name="Acme", slug="acme")
        session.add(workspace)
        session.flush()
        integration = Integration(workspace_id=workspace.id, platform="slack", name="Acme")
        session.add(integration)
        session.flush()
        duty = Duty(integration_id=integration.id, kind="slack.reconcile", scope="C1", due_at=NOW)
        session.add(duty)
    return duty


@pytest.mark.usefixtures("duty")
def test_a_leased_row_is_taken_once_until_the_lease_is_over(database: Database, clock: StillClock) -> None:
    (first,) = lease_due(database, Duty, clock(), limit=10)
    assert lease_due(database, Duty, clock(), limit=10) == []
    assert next_due_at(database, Duty) == clock() + LEASE
    clock.advance(seconds=61)
    (second,) = lease_due(database, Duty, clock(), limit=10)
    assert second.lease_token != first.lease_token
    with database.write() as session:
        assert held(session, first) is None
        row = held(session, second)
        assert row is not None
        let_go(row, due_at=None)
    assert lease_due(database, Duty, clock.advance(days=1), limit=10) == []


@pytest.mark.usefixtures("duty")
def test_failures_are_put_off_and_come_to_an_end(database: Database, clock: StillClock) -> None:
    for attempt in range(1, len(SCHEDULE) + 2):
        (row,) = lease_due(database, Duty, clock(), limit=10)
        with database.write() as session:
            mine = held(session, row)
            assert mine is not None
            assert put_off(mine, StepFailed("slack_unavailable", permanent=False), clock()) == (
                attempt <= len(SCHEDULE)
            )
        clock.advance(days=1)
    with database.read() as session:
        row = session.scalars(select(Duty)).one()
        assert (row.due_at, row.reason, row.attempts) == (None, "slack_unavailable", len(SCHEDULE) + 1)


@pytest.mark.usefixtures("duty")
def test_a_permanent_failure_ends_it_and_a_pause_is_kept(database: Database, clock: StillClock) -> None:
    (row,) = lease_due(database, Duty, clock(), limit=10)
    assert put_off(row, StepFailed("slack_rate_limited", permanent=False, retry_after=900), clock())
    assert row.due_at is not None
    assert (row.due_at - clock()).total_seconds() >= 900
    assert not put_off(row, StepFailed("slack_token_refused", permanent=True), clock())

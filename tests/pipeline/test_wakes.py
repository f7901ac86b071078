"""Whoever commits work wakes the step that has it: on PostgreSQL through the queue that all workers share."""

import pytest
from sqlalchemy import text

from db import Database
from pipeline.engine.cluster import ClusterWaker


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_each_step_is_woken_by_one_task_of_its_own(database: Database) -> None:
    waker = ClusterWaker(database.url)
    for kind in ("backfill", "farewell", "backfill"):
        waker.wake(kind)
    waker.close()
    with database.read() as session:
        waiting = session.execute(text("SELECT queue_name, task_name FROM procrastinate_jobs ORDER BY queue_name"))
        assert [tuple(row) for row in waiting] == [("backfill", "backfill"), ("farewell", "farewell")]

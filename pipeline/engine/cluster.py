"""The distributed engine: Procrastinate runs the same steps on any number of machines.

A task carries nothing: it means "look for due rows". At most one waits per kind (queueing lock), so a thousand events
make one task; a lost one is made up for by the sweep, which runs once for the whole cluster.
"""

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from datetime import datetime

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from sqlalchemy.engine import make_url

from core.clock import Clock
from core.logs import get_logger
from pipeline.engine.steps import Step

SWEEP_CRON = "* * * * * */10"
"""Every ten seconds (the sixth column)."""
RESTART_SECONDS = 2.0
BATCHES_PER_TASK = 20
"""A task gives way after so many batches, so that other kinds get their turn."""

_KEEPALIVE = {"keepalives": 1, "keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 4}

log = get_logger()


class ClusterWaker:
    """Puts tasks in the queue, from any process, after the commit that made rows due."""

    def __init__(self, database_url: str) -> None:
        connector = procrastinate.SyncPsycopgConnector(
            conninfo=_conninfo(database_url), min_size=1, max_size=4, timeout=5, kwargs=_KEEPALIVE
        )
        self._app = procrastinate.App(connector=connector)
        self._lock = threading.Lock()
        self._is_open = False

    def wake(self, kind: str) -> None:
        """Somebody should look now. A failure only delays: the rows are committed and the sweep finds them."""
        self._defer(kind, None)

    def wake_at(self, kind: str, when: datetime) -> None:
        """Somebody should look then."""
        self._defer(kind, when)

    def close(self) -> None:
        """Closes the pool."""
        self._app.close()

    def _defer(self, kind: str, when: datetime | None) -> None:
        # A task that waits for a later moment must not stand in the way of one that is wanted now.
        lock = kind if when is None else f"{kind} later"
        try:
            with self._lock:
                if not self._is_open:
                    self._app.open()
                    self._is_open = True
            self._app.configure_task(kind, queue=kind, queueing_lock=lock, schedule_at=when).defer()
        except AlreadyEnqueued:
            return
        except (ConnectorException, OSError) as error:
            log.warning("wake_failed", kind=kind, error_class=type(error).__name__)


def run_worker(database_url: str, steps: Sequence[Step], clock: Clock, *, concurrency: int = 2) -> None:
    """Runs the steps until SIGINT or SIGTERM. A lost database connection restarts the worker, not the process."""
    waker = ClusterWaker(database_url)
    try:
        asyncio.run(_run_until_stopped(database_url, steps, clock, waker, concurrency))
    finally:
        waker.close()


async def _run_until_stopped(
    database_url: str, steps: Sequence[Step], clock: Clock, waker: ClusterWaker, concurrency: int
) -> None:
    while True:
        app = _app(database_url, steps, clock, waker)
        try:
            async with app.open_async():
                await app.run_worker_async(
                    concurrency=concurrency, delete_jobs="always", fetch_job_polling_interval=5.0
                )
            return
        except Exception:  # whatever ended the worker, the rows are still due: start again
            log.exception("worker_restarts")
            await asyncio.sleep(RESTART_SECONDS)


def _app(database_url: str, steps: Sequence[Step], clock: Clock, waker: ClusterWaker) -> procrastinate.App:
    connector = procrastinate.PsycopgConnector(
        conninfo=_conninfo(database_url), min_size=1, max_size=6, timeout=10, kwargs=_KEEPALIVE
    )
    app = procrastinate.App(connector=connector)
    for step in steps:
        _register(app, step, waker)

    @app.periodic(cron=SWEEP_CRON)
    @app.task(name="sweep", queue="sweep", queueing_lock="sweep")
    async def sweep(timestamp: int) -> None:  # noqa: ARG001  # Procrastinate's signature
        """Looks for what no wake-up announced, and puts tasks of vanished workers out of the way."""
        for job in await app.job_manager.get_stalled_jobs():
            with contextlib.suppress(ConnectorException):
                await app.job_manager.finish_job(job, procrastinate.jobs.Status.FAILED, delete_job=True)
        for step in steps:
            await asyncio.to_thread(waker.wake, step.name)

    log.info("worker_started", count=len(steps), due_at=clock().isoformat())
    return app


def _register(app: procrastinate.App, step: Step, waker: ClusterWaker) -> None:
    @app.task(name=step.name, queue=step.name)
    def run_step() -> None:
        """Batch after batch while there is work; then a wake-up for the moment the next row falls due."""
        for _ in range(BATCHES_PER_TASK):
            progress = step.run()
            if not progress.done:
                if progress.next_due_at is not None:
                    waker.wake_at(step.name, progress.next_due_at)
                return
        waker.wake(step.name)


def _conninfo(database_url: str) -> str:
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)

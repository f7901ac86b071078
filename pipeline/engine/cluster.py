"""The distributed engine: Procrastinate runs the same steps on any number of machines.

A task carries nothing: it means "look for due rows". At most one waits per kind (queueing lock), so a thousand events
make one task; a lost one is made up for by the sweep, which runs once for the whole cluster.
"""

import asyncio
import contextlib
import threading
import time
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

GATHER_SECONDS = 0.02
CLOSE_SECONDS = 5.0

# Tasks only say "look": the rows are durable, so that the queue need not wait for the disk.
_CONNECTION = {
    "keepalives": 1,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "options": "-c synchronous_commit=off",
}

log = get_logger()


class ClusterWaker:
    """Puts tasks in the queue, from any process, after the commit that made rows due."""

    def __init__(self, database_url: str) -> None:
        connector = procrastinate.SyncPsycopgConnector(
            conninfo=_conninfo(database_url), min_size=1, max_size=2, timeout=5, kwargs=_CONNECTION
        )
        self._app = procrastinate.App(connector=connector)
        self._wanted: set[str] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_closing = False

    def wake(self, kind: str) -> None:
        """Somebody should look now. Returns at once: a thread tells the queue, so that a burst of events makes a few
        tasks. What is lost with this process only delays: the rows are committed and the sweep finds them.
        """
        with self._changed:
            self._wanted.add(kind)
            if self._thread is None:
                self._thread = threading.Thread(target=self._tell, name="cluster-waker", daemon=True)
                self._thread.start()
            self._changed.notify()

    def wake_at(self, kind: str, when: datetime) -> None:
        """Somebody should look then."""
        # A task that waits for a later moment must not stand in the way of one that is wanted now.
        self._defer(kind, f"{kind} later", when)

    def close(self) -> None:
        """Tells what is still to be told and closes the pool."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(CLOSE_SECONDS)
        self._app.close()

    def _tell(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted or self._is_closing)
                kinds, self._wanted = self._wanted, set()
            for kind in kinds:
                self._defer(kind, kind, None)
            if self._is_closing:
                return
            time.sleep(GATHER_SECONDS)

    def _defer(self, kind: str, lock: str, when: datetime | None) -> None:
        try:
            self._app.open()  # does nothing when it is open
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
            for step in steps:
                waker.wake(step.name)  # whoever worked here before may have died with the last wake-up in hand
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
        conninfo=_conninfo(database_url), min_size=1, max_size=6, timeout=10, kwargs=_CONNECTION
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
            waker.wake(step.name)

    log.info("worker_started", count=len(steps), due_at=clock().isoformat())
    return app


def _register(app: procrastinate.App, step: Step, waker: ClusterWaker) -> None:
    @app.task(name=step.name, queue=step.name)
    def run_step() -> None:
        """Batch after batch while there is work; then a wake-up for the moment the next row falls due."""
        for _ in range(BATCHES_PER_TASK):
            progress = step.run()
            for other in progress.wakes:
                waker.wake(other)
            if not progress.done:
                if progress.next_due_at is not None:
                    waker.wake_at(step.name, progress.next_due_at)
                return
        waker.wake(step.name)


def _conninfo(database_url: str) -> str:
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)

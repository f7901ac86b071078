"""One machine: the web and the work, together or in processes of their own, and nothing left behind at the end."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence

from core.clock import Clock
from core.logs import get_logger
from core.settings import Settings
from pipeline.engine.cluster import run_worker
from pipeline.engine.embedded import EmbeddedEngine
from pipeline.engine.steps import Step
from web.server import METRICS_FOLDER, announce_parent, exit_with_parent, serve, shared_figures

STOP_SECONDS = 10
RESTART_SECONDS = 1.0

log = get_logger()


def run_machine(settings: Settings, *, served_app: str, embedded_app: str, worker: Sequence[str] = ()) -> None:
    """Until SIGINT or SIGTERM. SQLite: the steps run inside the one web process. PostgreSQL: a worker process beside
    the web processes, with the options ``worker``, started again when it dies.
    """
    if not settings.is_postgresql:
        serve(settings, embedded_app)
        return
    with shared_figures(settings), _kept_running([sys.executable, "-m", "app", "worker", *worker]):
        serve(settings, served_app)


def run_worker_process(settings: Settings, steps: Sequence[Step], clock: Clock) -> None:
    """Runs the steps in this process until SIGINT or SIGTERM. What it counts is shown by the server that started it."""
    exit_with_parent()
    if METRICS_FOLDER in os.environ:
        from web.figures import count_work  # noqa: PLC0415  # its library reads the environment when imported

        count_work()
    if settings.is_postgresql:
        run_worker(settings.database_url, steps, clock)
        return
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    engine = EmbeddedEngine(steps, clock)
    engine.start()
    stopped.wait()
    engine.stop()


@contextlib.contextmanager
def _kept_running(command: list[str]) -> Iterator[None]:
    """The command runs for as long as the block, and is started again whenever it ends before."""
    ending = threading.Event()
    children: list[subprocess.Popen[bytes]] = []

    def keep() -> None:
        while not ending.is_set():
            child = subprocess.Popen(command, env=announce_parent())  # noqa: S603  # our own command
            children[:] = [child]
            if (code := child.wait()) and not ending.is_set():
                log.warning("worker_died", status=code)
                ending.wait(RESTART_SECONDS)

    keeper = threading.Thread(target=keep, name="worker-keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ending.set()
        for child in children:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(STOP_SECONDS)
            child.kill()

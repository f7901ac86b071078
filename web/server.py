"""Serves the Flask app with granian, and keeps child processes from outliving their parent."""

import os
import signal
import threading
import time

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from core.logs import get_logger
from core.settings import Settings

THREADS = 8
"""Requests handled at once per web process; the database pool is a little larger."""
PARENT_CHECK_SECONDS = 0.5
GRACE_SECONDS = 5
PARENT_VARIABLE = "_SIGNALBOX_PARENT_PID"

log = get_logger()


def serve(settings: Settings, factory: str) -> None:
    """Runs until SIGINT or SIGTERM. ``factory`` is the import path of a function that makes the WSGI app.

    SQLite has one writer, so one web process; on PostgreSQL one per core. A process that dies is started again.
    """
    host, _, port = settings.bind.rpartition(":")
    os.environ.update(announce_parent())
    log.info("web_started", bind=settings.bind, public_url=settings.public_url)
    Server(
        factory,
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        factory=True,
        workers=(os.cpu_count() or 1) if settings.is_postgresql else 1,
        blocking_threads=THREADS,
        backpressure=THREADS * 4,
        respawn_failed_workers=True,
        respawn_interval=1.0,
        workers_kill_timeout=10,
        websockets=False,
        log_level=LogLevels.error,
        log_access=False,
    ).serve()


def exit_with_parent() -> None:
    """Ends this process soon after the parent that announced itself (`announce_parent`) is gone, however it ended."""
    announced = os.environ.get(PARENT_VARIABLE)
    if announced is None:
        return

    def watch() -> None:
        while os.getppid() == int(announced):
            time.sleep(PARENT_CHECK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def announce_parent() -> dict[str, str]:
    """The environment of children that are to end with this process. It names the process, since one that asks for
    its parent when it has started may already be an orphan.
    """
    return {**os.environ, PARENT_VARIABLE: str(os.getpid())}

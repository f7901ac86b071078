"""Serves the Flask app with granian, and keeps child processes from outliving their parent."""

import contextlib
import fcntl
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from core.errors import SignalboxError
from core.logs import get_logger
from core.settings import PREFIX, Settings

THREADS = 8
"""Requests handled at once per web process; the database pool is a little larger."""
PARENT_CHECK_SECONDS = 0.5
RESTART_SECONDS = 1.0
GRACE_SECONDS = 5
PARENT_VARIABLE = "_SIGNALBOX_PARENT_PID"
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The name is prometheus-client's: https://prometheus.github.io/client_python/multiprocess/."""

log = get_logger()


def serve(settings: Settings, factory: str) -> None:
    """Runs until SIGINT or SIGTERM. ``factory`` is the import path of a function that makes the WSGI app.

    SQLite has one writer, so one web process; on PostgreSQL one per core. A process that dies is started again.
    """
    require_free(settings.bind)
    os.environ.update(announce_parent())
    with _alone_with(settings.database_url), shared_figures(settings):
        import_module("web.application")  # before the processes are forked: they share it
        log.info("web_started", bind=settings.bind, public_url=settings.public_url)
        while not _serve_once(settings, factory):
            # granian gives up when a process dies twice within seconds; whoever serves customers does not.
            log.warning("web_restarts")
            time.sleep(RESTART_SECONDS)


def _serve_once(settings: Settings, factory: str) -> bool:
    """Serves until told to stop (True) or until granian gives up (False)."""
    host, _, port = settings.bind.rpartition(":")
    server = Server(
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
        log_level=LogLevels.critical,
        log_access=False,
    )
    with contextlib.suppress(SystemExit):
        server.serve()
    return bool(server.interrupt_signal)


def require_free(bind: str) -> None:
    """Raises ``bind_not_free`` when somebody listens there: granian would share the port with them."""
    host, _, port = bind.rpartition(":")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError as error:
            message = f"{bind} cannot be used ({error.strerror}): end what listens there, or change {PREFIX}BIND."
            raise SignalboxError("bind_not_free", message) from error


@contextlib.contextmanager
def _alone_with(database_url: str) -> Iterator[None]:
    """One web server per SQLite file: two would fight for its writer. Raises ``database_in_use``."""
    if not database_url.startswith("sqlite:///"):
        yield
        return
    with Path(database_url.removeprefix("sqlite:///") + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SignalboxError(
                "database_in_use", "Another Signalbox serves this SQLite file: end it first."
            ) from error
        yield


@contextlib.contextmanager
def shared_figures(settings: Settings) -> Iterator[None]:
    """A folder for what this process and those that it starts count together, so that it does not matter which of them
    is asked. Within another such block it is that block's.
    """
    if not settings.metrics_token or METRICS_FOLDER in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="signalbox-metrics-") as folder:
        os.environ[METRICS_FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[METRICS_FOLDER]


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

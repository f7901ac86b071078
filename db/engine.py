"""The database: sessions that read and sessions that write."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from core.sealing import Keyring
from db.dialects import SQLITE_BUSY_MS, WRITES, make_engine


class Database:
    """One database and the keyring that opens its sealed columns."""

    def __init__(self, url: str, keyring: Keyring, *, pool_size: int = 10) -> None:
        location = make_url(url)
        if location.get_backend_name() == "sqlite" and location.database:
            _make_private(Path(location.database))
        self.engine = make_engine(url, pool_size=pool_size)
        self.url = url
        self.keyring = keyring
        self._writer = threading.Lock()
        info = {"keyring": keyring}
        self._readers = sessionmaker(self.engine, expire_on_commit=False, info=info)
        writing = self.engine.execution_options(**{WRITES: True})
        self._writers = sessionmaker(writing, expire_on_commit=False, info=info)

    @property
    def is_postgresql(self) -> bool:
        """Whether several machines can share it."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; nothing is committed."""
        with self._readers() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits when the block ends well and rolls back otherwise.

        On SQLite it holds the one writer lock for the whole block: no network inside.
        """
        with self._turn(), self._writers.begin() as session:
            yield session

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """SQLite has one writer. Threads of one process queue here and go on at once when it is their turn; in
        SQLite's own queue they would sleep and look again, up to a tenth of a second late each time.
        """
        if self.is_postgresql:
            yield
            return
        if not self._writer.acquire(timeout=SQLITE_BUSY_MS / 1000):
            raise PoolTimeout("the writer's turn did not come")
        try:
            yield
        finally:
            self._writer.release()

    def dispose(self) -> None:
        """Closes every pooled connection."""
        self.engine.dispose()


def _make_private(path: Path) -> None:
    """The file of an SQLite database, readable by its owner only: it holds what customers said."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)

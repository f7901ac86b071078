"""Writes the next revision from the difference between the models and a freshly migrated database."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from core.sealing import Keyring
from db import Database
from db.migrate import alembic_config, upgrade


def main(name: str) -> None:
    """``make migration NAME="add endpoints"``."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'new.db'}", Keyring([bytes(32)]))
        upgrade(database)
        config = alembic_config()
        with database.engine.connect() as connection:
            config.attributes["connection"] = connection
            existing = len(list((Path(__file__).parent / "versions").glob("[0-9]*.py")))
            command.revision(config, message=name, autogenerate=True, rev_id=f"{existing + 1:04d}")
        database.dispose()


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        sys.exit('usage: make migration NAME="what it does"')
    main(sys.argv[1])

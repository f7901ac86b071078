"""Brings a database to the newest schema, and tells whether it is there."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from core.errors import SignalboxError
from db.engine import Database


def upgrade(database: Database, revision: str = "head") -> None:
    """Runs the missing migrations; several processes may call it at once, one does the work."""
    _run(database, lambda config: command.upgrade(config, revision))


def downgrade(database: Database, revision: str = "base") -> None:
    """Takes migrations back; data in dropped columns is gone."""
    _run(database, lambda config: command.downgrade(config, revision))


def current_revision(database: Database) -> str | None:
    """The revision the database is at; None when it is empty."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str | None:
    """The revision this code needs."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def alembic_config() -> Config:
    """Alembic's configuration, made in code: there is nothing to keep in an ini file."""
    spec = find_spec("migrations")
    if spec is None or spec.origin is None:
        raise RuntimeError("the migrations package is not installed")
    config = Config()
    config.set_main_option("script_location", str(Path(spec.origin).parent))
    config.set_main_option("path_separator", "os")
    return config


def _run(database: Database, action: Callable[[Config], None]) -> None:
    config = alembic_config()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        try:
            action(config)
        except CommandError as error:
            sentence = "The database has a schema that this version does not know: run the newer Signalbox."
            raise SignalboxError("schema_unknown", sentence) from error

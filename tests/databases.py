"""Databases that tests use one after another: each test finds one that is migrated and empty.

To make a database, and to compile every statement for a new engine, takes longer than most tests. So each process of
the tests has one database and one engine of each kind; what a test leaves behind is gone before the next one begins.
"""

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import LiteralString, Protocol

import psycopg
from psycopg import sql

_SHAPE = """
    SELECT md5(string_agg(concat_ws(' ', c.relname, c.relkind, a.attname, a.atttypid, a.attnotnull),
                          ',' ORDER BY c.relname, a.attname))
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"


class Reused(Protocol):
    """One database for many tests."""

    @property
    def url(self) -> str:
        """Always the same."""

    def renew(self) -> None:
        """Makes it as if nobody had used it. Whoever is still connected is on his own."""


@dataclass(frozen=True)
class ReusedFile:
    """An SQLite file, copied again from one that was migrated."""

    template: Path
    path: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def renew(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        shutil.copy(self.template, self.path)


@dataclass(frozen=True)
class ReusedDatabase:
    """A database of a PostgreSQL server: its rows are deleted; where that is not enough it is copied again."""

    server: str
    template: str
    name: str

    @property
    def url(self) -> str:
        return named(self.server, self.name)

    def renew(self) -> None:
        try:
            with psycopg.connect(plain(self.url), autocommit=True) as connection:
                if _shape(connection) == self._shape:
                    connection.execute(self._deletions)
                    return
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            pass  # somebody is still at it
        create(self.server, self.name, self.template)

    @cached_property
    def _shape(self) -> str:
        with psycopg.connect(plain(named(self.server, self.template)), autocommit=True) as connection:
            return _shape(connection)

    @cached_property
    def _deletions(self) -> sql.Composed:
        """No trigger looks at what is deleted, foreign keys included: everything is."""
        with psycopg.connect(plain(named(self.server, self.template)), autocommit=True) as connection:
            tables = [sql.Identifier(name) for (name,) in connection.execute(_TABLES)]
        deletions = sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(table) for table in tables)
        return sql.SQL(
            "BEGIN; SET LOCAL session_replication_role = replica; SET LOCAL lock_timeout = '2s'; {}; COMMIT"
        ).format(deletions)


def create(server: str, name: str, template: str = "template1") -> None:
    """A copy of the template; one of that name is gone, with whoever was connected to it."""
    drop(server, name)
    words = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    execute(server, words.format(sql.Identifier(name), sql.Identifier(template)))


def drop(server: str, name: str) -> None:
    """The database is gone, with whoever was connected to it."""
    execute(server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def execute(url: str, *statements: sql.Composed | LiteralString) -> None:
    """Each statement for itself."""
    with psycopg.connect(plain(url), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def named(server: str, name: str) -> str:
    """The URL of a server's database."""
    return server.replace("/postgres?", f"/{name}?")


def plain(url: str) -> str:
    """A URL as PostgreSQL's own tools know it: without SQLAlchemy's driver."""
    return url.replace("postgresql+psycopg://", "postgresql://")


def _shape(connection: psycopg.Connection[tuple[str]]) -> str:
    row = connection.execute(_SHAPE).fetchone()
    return row[0] if row else ""

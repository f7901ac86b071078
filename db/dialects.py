"""Everything that differs between SQLite and PostgreSQL, in one place."""

import sqlite3
from collections.abc import Collection
from typing import Any, cast

import msgspec
from sqlalchemy import Connection, Engine, Select, Table, create_engine, event, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from db.base import Base

WRITES = "signalbox_writes"
"""Execution option of sessions that write: SQLite then takes its writer lock at the start (BEGIN IMMEDIATE),
since a lock asked for in mid-transaction fails at once instead of waiting."""

SQLITE_BUSY_MS = 15_000
AWAY_STATES = ("08", "40", "53", "57P", "55P03", "25P03", "57014")
"""Connection lost, rolled back for another's sake (deadlock), out of resources, shutting down, lock or time out:
https://www.postgresql.org/docs/current/errcodes-appendix.html"""
AWAY_CODES = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
})  # fmt: skip

_TURNS = 7239104356
"""Sets the names of `take_turns` apart from other locks."""

POSTGRES_CONNECT_ARGS = {
    # A vanished machine frees its rows within a minute: keepalives for the network, a timeout for the transaction.
    "keepalives": 1,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "connect_timeout": 5,
    "tcp_user_timeout": 40_000,
    # A plan for any parameters would suit neither a large workspace nor a small one, neither a rare word nor a common.
    "options": "-c idle_in_transaction_session_timeout=60s -c statement_timeout=60s -c timezone=UTC"
    " -c plan_cache_mode=force_custom_plan",
}


def make_engine(url: str, *, pool_size: int = 10) -> Engine:
    """An engine for either database, with its guards set."""
    json = {"json_serializer": _dump, "json_deserializer": msgspec.json.decode}
    if make_url(url).get_backend_name() == "postgresql":
        return create_engine(
            url, pool_size=pool_size, max_overflow=5, pool_pre_ping=True, pool_timeout=10,
            connect_args=POSTGRES_CONNECT_ARGS, **json,
        )  # fmt: skip
    engine = create_engine(url, pool_size=pool_size, max_overflow=20, connect_args={"check_same_thread": False}, **json)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def is_postgresql(session: Session | Connection) -> bool:
    """Whether the session speaks to PostgreSQL."""
    bind = session.get_bind() if isinstance(session, Session) else session
    return bind.dialect.name == "postgresql"


def insert_into(session: Session, model: type[Base]) -> Any:
    """An INSERT that knows ON CONFLICT; both dialects spell its methods alike.

    It speaks of the table, not of the model: execute it with a list of rows and it is compiled once, whatever their
    number. (With ``values([...])`` or through the model, SQLAlchemy builds the statement anew for every batch.)
    """
    table = cast("Table", model.__table__)
    return postgresql.insert(table) if is_postgresql(session) else sqlite.insert(table)


def latest(session: Session, *moments: Any) -> Any:
    """The latest of several moments, none of them NULL."""
    return func.greatest(*moments) if is_postgresql(session) else func.max(*moments)


def claiming(query: Select[Any]) -> Select[Any]:
    """Rows that no other worker holds. SQLite has one writer at a time and compiles the clause away."""
    return query.with_for_update(skip_locked=True)


def take_turns(session: Session, *, alone: Collection[str], together: Collection[str]) -> None:
    """Until the transaction ends, whoever has a name ``alone`` waits for everybody else who has it; those who have it
    ``together`` wait for nobody but them. Take all names at once: they are locked in one order. SQLite has one writer.
    """
    if not is_postgresql(session):
        return
    turns = [
        (func.pg_advisory_xact_lock if name in alone else func.pg_advisory_xact_lock_shared)(
            func.hashtextextended(name, _TURNS)
        )
        for name in sorted({*alone, *together})
    ]
    if turns:
        session.execute(select(*turns))


def hold_migration_lock(connection: Connection) -> None:
    """One migration at a time for the whole cluster, failing fast instead of queueing behind long transactions."""
    if is_postgresql(connection):
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.execute(text("SET statement_timeout = '300s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(7239104355)"))


def is_unavailable(error: BaseException) -> bool:
    """Whether the database is away or busy, rather than our statement wrong: the caller may come again."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return str(state).startswith(AWAY_STATES)
    if isinstance(error.orig, sqlite3.OperationalError):
        return getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_BUSY) & 0xFF in AWAY_CODES
    return error.connection_invalidated or isinstance(error, InterfaceError) or _is_connection_lost(error)


def _is_connection_lost(error: DBAPIError) -> bool:
    """Psycopg reports a server that went away, or never answered, without an SQLSTATE; so it does its own refusals
    of a statement, which do not concern the connection.
    """
    return isinstance(error, OperationalError) and "parameters" not in str(error.orig)


def _dump(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late; ours is below
    for pragma in (
        f"busy_timeout = {SQLITE_BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",  # an acknowledged event survives a power cut
        "foreign_keys = ON",
        "temp_store = MEMORY",
        "cache_size = -65536",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

"""Brings a corpus into a database in minutes: in bulk and indexed afterwards, but for the last of it, which arrives in
batches as events do, so that the index is as uneven as in life.
"""

import json
import random
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from types import SimpleNamespace
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, FromClause, insert, text

from bench.corpus import ARRIVED, Corpus, conversation_id, integration_id, signal_id, signal_rows
from db import Conversation, Database, Event, Integration, Receipt, Signal, Workspace
from db.search import entry_of, index_signals
from db.search_fts5 import entry_text, first_docid, slot_of
from db.search_vectors import entry_shingles, entry_vector

WORKSPACES = 20
LIVE = 5_000
LIVE_AT_ONCE = 100
WORDS_ON_SQLITE = ("docid", "signal_id", "words")
WORDS_ON_POSTGRESQL = ("signal_id", "workspace_id", "occurred_at", "words", "shingles")


def load(database: Database, corpus: Corpus) -> None:
    """Signals with their words, conversations, and an event with its receipt for every fourth signal."""
    live = min(LIVE, corpus.size // 10)
    rows = signal_rows(corpus)
    bulk = islice(rows, corpus.size - live)
    with database.engine.connect() as connection:
        (_load_postgresql if database.is_postgresql else _load_sqlite)(connection, corpus, bulk)
    _arrive(database, rows)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if database.is_postgresql else "ANALYZE"))


def tenants(database: Database, count: int, days: int, *, first: str | None = None) -> Corpus:
    """A corpus for workspaces with a Slack integration each; ``first`` is there already and gets the most signals."""
    with database.write() as session:
        made = [Workspace(name=f"w{number}", slug=f"w{number}") for number in range(1 if first else 0, WORKSPACES)]
        session.add_all(made)
        session.flush()
        ids = [*([first] if first else []), *(workspace.id for workspace in made)]
        session.add_all(
            Integration(id=integration_id(number), workspace_id=workspace_id, platform="slack", name="Slack")
            for number, workspace_id in enumerate(ids)
        )
    return Corpus(count, days, ids)


def _load_sqlite(connection: Connection, corpus: Corpus, rows: Iterable[dict[str, Any]]) -> None:
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    for pragma in ("foreign_keys = OFF", "synchronous = OFF", "cache_size = -1000000"):
        raw.execute(f"PRAGMA {pragma}")
    dropped = raw.execute(
        "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND type IN ('index', 'trigger')"
        " AND tbl_name IN ('signals', 'events', 'receipts', 'signal_words', 'conversations')"
    ).fetchall()
    raw.execute("BEGIN")
    for kind, name, _ in dropped:
        raw.execute(f"DROP {kind} {name}")
    for name, columns, values in _beside(corpus):
        _insert(raw, name, columns, map(_plain, values))
    while batch := list(islice(rows, 20_000)):
        _insert(
            raw, "signals", Signal.__table__.columns.keys(), (_plain(_in_order(Signal.__table__, r)) for r in batch)
        )
        entries = [entry_of(SimpleNamespace(**row)) for row in batch]
        words = ((first_docid(e.occurred_at) + slot_of(e.signal_id), e.signal_id, entry_text(e)) for e in entries)
        _insert(raw, "signal_words", WORDS_ON_SQLITE, words)
    raw.execute("INSERT INTO signal_words_index (signal_words_index) VALUES ('rebuild')")
    for _, _, statement in dropped:
        raw.execute(statement)
    raw.execute("COMMIT")
    for pragma in ("foreign_keys = ON", "synchronous = FULL", "cache_size = -65536"):
        raw.execute(f"PRAGMA {pragma}")


def _load_postgresql(connection: Connection, corpus: Corpus, rows: Iterable[dict[str, Any]]) -> None:
    raw: Any = connection.connection.driver_connection
    cursor = raw.cursor()
    cursor.execute(
        "SET statement_timeout = 0; SET maintenance_work_mem = '1GB'; SET session_replication_role = replica"
    )
    cursor.execute("SET synchronous_commit = off")
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes i"
        " WHERE tablename IN ('signals', 'events', 'receipts', 'signal_words')"
        " AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conname = i.indexname)"
    )
    dropped = cursor.fetchall()
    for name, _ in dropped:
        cursor.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    for name, columns, values in _beside(corpus):
        _copy(cursor, name, columns, values)
    while batch := list(islice(rows, 20_000)):
        _copy(cursor, "signals", Signal.__table__.columns.keys(), (_in_order(Signal.__table__, r) for r in batch))
        entries = [entry_of(SimpleNamespace(**row)) for row in batch]
        words = ((e.signal_id, e.workspace_id, e.occurred_at, entry_vector(e), entry_shingles(e)) for e in entries)
        _copy(cursor, "signal_words", WORDS_ON_POSTGRESQL, words)
    for _, statement in dropped:
        cursor.execute(statement)
    raw.commit()
    cursor.execute("RESET ALL")
    raw.commit()


def _arrive(database: Database, rows: Iterator[dict[str, Any]]) -> None:
    """The last signals, batch by batch, as the processing step writes them."""
    while batch := list(islice(rows, LIVE_AT_ONCE)):
        plain = [{**row, "tags": [], "links": [], "source_metadata": {}} for row in batch]
        with database.write() as session:
            session.execute(insert(Signal), plain)
            index_signals(session, [row["id"] for row in batch])


def _beside(corpus: Corpus) -> Iterator[tuple[str, Sequence[str], Iterator[Sequence[Any]]]]:
    """The tables around the signals, with their rows."""
    owner, integration = corpus.workspace_ids[0], integration_id(0)
    chance = random.Random(9)

    def of(model: type[Any], rows: Iterator[dict[str, Any]]) -> tuple[str, Sequence[str], Iterator[Sequence[Any]]]:
        return model.__tablename__, model.__table__.columns.keys(), (_in_order(model.__table__, row) for row in rows)

    yield of(Conversation, ({"id": conversation_id(number), "workspace_id": owner, "created_at": ARRIVED,
        "updated_at": ARRIVED} for number in range(0, corpus.size, 4)))  # fmt: skip
    yield of(Event, ({"id": f"evt_{number:026d}", "platform": "slack", "integration_id": integration,
        "external_id": f"Ev{number}", "type": "message", "payload": b'{"type": "event_callback"}' * 8,
        "state": "failed" if number % 4_000 == 0 else "processed", "attempts": 1, "lane": "decide",
        "received_at": ARRIVED, "processed_at": ARRIVED} for number in range(0, corpus.size, 4)))  # fmt: skip
    yield of(Receipt, ({"event_id": f"evt_{number:026d}", "workspace_id": owner, "integration_id": integration,
        "outcome": chance.choice(("captured", "updated", "ignored")), "signal_id": signal_id(number),
        "created_at": ARRIVED} for number in range(0, corpus.size, 4)))  # fmt: skip


def _in_order(table: FromClause, row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[column.key] if column.key in row else _default(column) for column in table.columns)


def _default(column: Any) -> Any:
    """What the model puts into a column that is not said; lists and objects as JSON."""
    if column.nullable or column.default is None:
        return None
    value = column.default.arg
    if not callable(value):
        return value
    made = value(None)
    return json.dumps(made) if isinstance(made, list | dict) else made


def _insert(raw: sqlite3.Connection, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    places = ", ".join("?" * len(columns))
    raw.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({places})", rows)


def _copy(cursor: Any, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(name), names)) as copy:
        for row in rows:
            copy.write_row(row)


def _plain(row: Sequence[Any]) -> tuple[Any, ...]:
    """As SQLite stores it."""
    return tuple(f"{each:%Y-%m-%d %H:%M:%S.%f}" if isinstance(each, datetime) else each for each in row)

"""How fast events are stored and become signals, next to the least the same database must do for them.

Storing: `CommitEach.store` from several threads; its floor is one bare INSERT and COMMIT per event.
Processing: the step over stored Slack events; its floor claims, reads and marks the same rows and does nothing else.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
from rich.console import Console
from rich.table import Table
from sqlalchemy import delete, insert, update

import integrations
from bench.databases import KINDS, migrated
from core.clock import utc_now
from db import Database, Event, Integration, SlackApp, Workspace
from pipeline.claim import claim_due
from pipeline.process import BATCH, Process
from pipeline.receive import Arrival, CommitEach

SENDERS = 4


def main(arguments: Sequence[str]) -> None:
    """``python -m bench intake [--events N] [--database sqlite|postgresql]``."""
    parser = argparse.ArgumentParser(prog="python -m bench intake", description=__doc__)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--database", choices=KINDS, action="append")
    asked = parser.parse_args(arguments)
    table = Table("database", "stage", "events/s", "floor events/s", "ratio to floor")
    for kind in asked.database or KINDS:
        with migrated(kind) as database:
            arrivals = _arrivals(_connect(database), asked.events)
            for stage, floor, measured in (
                ("store", _store_floor(database, arrivals), _store(database, arrivals)),
                ("process", _process_floor(database), _process(database)),
            ):
                rates = [asked.events / seconds for seconds in (measured, floor)]
                table.add_row(kind, stage, f"{rates[0]:,.0f}", f"{rates[1]:,.0f}", f"{rates[0] / rates[1]:.2f}")
    Console().print(table)


def _connect(database: Database) -> str:
    with database.write() as session:
        workspace = Workspace(name="Bench", slug="bench")
        app = SlackApp(client_id="1.2", client_secret="s", signing_secret="t", api_app_id="A1")
        session.add_all([workspace, app])
        session.flush()
        session.add(
            Integration(
                workspace_id=workspace.id, platform="slack", name="Slack", slack_app_id=app.id, slack_team_id="T0HOME"
            )
        )
    return app.id


def _arrivals(slack_app_id: str, count: int) -> list[Arrival]:
    return [
        Arrival(
            "slack", "message", _body(number), utc_now(), external_id=f"Ev{number}", slack_app_id=slack_app_id,
            subject=f"C0SHARED:{_ts(number)}",
        )
        for number in range(count)
    ]  # fmt: skip


def _ts(number: int) -> str:
    return f"{1_795_255_200 + number}.000100"


def _body(number: int) -> bytes:
    ts = _ts(number)
    words = f"Event {number}: the export stops at 1,000 rows and nobody tells us why."
    message = {"type": "message", "channel": "C0SHARED", "user": "U0CUST", "text": words, "ts": ts, "event_ts": ts,
               "user_team": "T0CUSTOMER"}  # fmt: skip
    authorization = {"enterprise_id": None, "team_id": "T0HOME", "is_enterprise_install": False}
    return msgspec.json.encode(
        {"type": "event_callback", "event_id": f"Ev{number}", "api_app_id": "A1", "is_ext_shared_channel": True,
         "event": message, "authorizations": [authorization]}
    )  # fmt: skip


def _store_floor(database: Database, arrivals: list[Arrival]) -> float:
    insert_into_table = insert(cast("Any", Event.__table__))

    def bare(arrival: Arrival) -> None:
        with database.engine.begin() as connection:
            connection.execute(insert_into_table, [arrival.row()])

    seconds = _timed(lambda: _from_senders(bare, arrivals))
    with database.write() as session:
        session.execute(delete(Event))
    return seconds


def _store(database: Database, arrivals: list[Arrival]) -> float:
    return _timed(lambda: _from_senders(CommitEach(database, wake=lambda: None).store, arrivals))


def _from_senders(store: Callable[[Arrival], object], arrivals: list[Arrival]) -> None:
    with ThreadPoolExecutor(SENDERS) as senders:
        for _ in senders.map(store, arrivals):
            pass


def _process_floor(database: Database) -> float:
    """Claims and marks in the same batches; then everything is due again."""

    def run() -> None:
        while _mark_batch(database):
            pass

    seconds = _timed(run)
    with database.write() as session:
        session.execute(update(Event).values(state="pending", due_at=datetime(2026, 1, 1, tzinfo=UTC)))
    return seconds


def _mark_batch(database: Database) -> int:
    with database.write() as session:
        ids = [event.id for event in claim_due(session, "decide", utc_now(), limit=BATCH)]
        if ids:
            session.execute(update(Event).where(Event.id.in_(ids)).values(state="processed", due_at=None))
        return len(ids)


def _process(database: Database) -> float:
    adapters = {name: platform.adapter for name, platform in integrations.discover().items()}
    step = Process(database=database, adapters=adapters, clock=utc_now)

    def run() -> None:
        while step.run().done:
            pass

    return _timed(run)


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began

"""How fast a search answers among many signals, next to the same page without words.

The vocabulary follows Zipf's law; twenty workspaces of unequal size, the largest with four fifths of all signals, share
it; one signal in twenty is Japanese. Signals arrive in any order of time, as after an import.
"""

import argparse
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from bench.databases import KINDS, migrated
from core.ids import new_id
from core.search_text import parse_query
from db import Database, Signal, Workspace
from db.search import find_best, find_newest, index_signals
from db.search_terms import Bounds

NEWEST = datetime(2026, 11, 20, tzinfo=UTC)
BATCH = 5_000
WORDS = 30_000
LENGTH = (5, 45)
PAGE = 51
WORKSPACES = 20
JAPANESE = "画面が出力に失敗するので請求書を確認できません東京都の顧客から要望があります"


def main(arguments: Sequence[str]) -> None:
    """``python -m bench search [--rows N] [--times N] [--days N] [--database sqlite|postgresql]``."""
    parser = argparse.ArgumentParser(prog="python -m bench search", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--days", type=int, default=730, help="over how many days the signals are spread")
    parser.add_argument("--database", choices=KINDS, action="append")
    asked = parser.parse_args(arguments)
    console = Console()
    for kind in asked.database or KINDS:
        with migrated(kind) as database:
            seconds = _timed(lambda: _fill(database, asked.rows, asked.days))
            console.print(f"{kind}: {asked.rows:,} signals written and indexed in {seconds:,.0f} s")
            console.print(_measure(database, kind, asked.times))


def _word(rank: int) -> str:
    """The word of that rank, spelled in syllables."""
    syllables = ("ka", "to", "mi", "re", "lo", "sun", "ver", "pax", "di", "gen")
    return "".join(syllables[int(digit)] for digit in str(rank)) + "x" * (rank < 10)


def _classes() -> dict[str, Callable[[random.Random], str]]:
    """Queries by how common their words are; the ranks follow from Zipf's law."""

    def ranked(low: int, high: int) -> Callable[[random.Random], str]:
        return lambda chance: _word(chance.randint(low, high))

    common, frequent, medium = ranked(1, 5), ranked(20, 60), ranked(150, 800)
    rare = ranked(8_000, 29_000)
    return {
        "common": common,
        "frequent (1-3 %)": frequent,
        "medium (0.1-0.5 %)": medium,
        "rare": rare,
        "absent": lambda chance: f"nowhere{chance.randint(0, 9)}",
        "common AND common": lambda chance: f"{common(chance)} {_word(chance.randint(6, 12))}",
        "rare AND common": lambda chance: f"{rare(chance)} {common(chance)}",
        "phrase of common words": lambda chance: f'"{common(chance)} {common(chance)}"',
        "phrase of medium words": lambda chance: f'"{medium(chance)} {frequent(chance)}"',
        "prefix, common": lambda chance: f"{_word(chance.randint(1, 9))[:2]}*",
        "prefix, medium": lambda chance: f"{_word(chance.randint(100, 999))[:5]}*",
        "common, without frequent": lambda chance: f"{common(chance)} -{frequent(chance)}",
        "only exclusions": lambda chance: f"-{common(chance)}",
        "Japanese": lambda chance: JAPANESE[(start := chance.randrange(30)) : start + chance.randint(1, 4)],
    }


def _fill(database: Database, count: int, days: int) -> None:
    chance = random.Random(7)
    weights = list(accumulate(1 / (rank + 2) for rank in range(WORDS)))
    words = [_word(rank + 1) for rank in range(WORDS)]
    with database.write() as session:
        session.add_all(Workspace(name=f"w{number}", slug=f"w{number}") for number in range(WORKSPACES))
    with database.read() as session:
        owners = session.scalars(select(Workspace.id).order_by(Workspace.slug)).all()
    shares = [4.0 * WORKSPACES, *(2.0 * 20 / number**2 / 3 for number in range(1, WORKSPACES))]
    for start in range(0, count, BATCH):
        rows = []
        for number in range(start, min(start + BATCH, count)):
            said = " ".join(chance.choices(words, cum_weights=weights, k=chance.randint(*LENGTH)))
            if number % 20 == 0:
                cut = chance.randrange(len(JAPANESE))
                said = f"{JAPANESE[cut:]}{JAPANESE[:cut]} {said[:30]}"
            moment = NEWEST - timedelta(seconds=chance.random() * days * 86_400)
            rows.append(_row(chance.choices(owners, shares)[0], number, said, moment))
        with database.write() as session:
            session.execute(insert(Signal), rows)
            index_signals(session, [str(row["id"]) for row in rows])
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if database.is_postgresql else "ANALYZE"))


def _row(workspace_id: str, number: int, said: str, moment: datetime) -> dict[str, object]:
    return {
        "id": new_id("sig"), "workspace_id": workspace_id, "source": "slack", "source_scope": "",
        "source_ref": f"C{number % 50}:{number}", "source_version": "1", "verbatim": said, "author_name": "Ada",
        "author_affiliation": "external", "account_name": f"Account {number % 300}", "tags": [], "links": [],
        "source_metadata": {"channel": {"id": f"C{number % 50}"}}, "status": "new", "occurred_at": moment,
        "created_at": NEWEST, "updated_at": NEWEST,
    }  # fmt: skip


def _measure(database: Database, kind: str, times: int) -> Table:
    table = Table(
        "query", "order", "workspace", "p50 ms", "p95 ms", "p99 ms", "p95 / floor", "found", title=f"{kind}, page of 50"
    )
    with database.read() as session:
        owners = session.scalars(select(Workspace.id).order_by(Workspace.slug)).all()
    for workspace, label in ((owners[0], "largest"), (owners[-1], "smallest")):
        floor = _percentiles([_floor(database, workspace) for _ in range(times)])
        table.add_row("(none)", "newest", label, *(f"{each:.1f}" for each in floor), "1.0", "51")
        for order in ("newest", "best"):
            for name, make in _classes().items():
                chance = random.Random(name)
                runs = [_run(database, workspace, make(chance), order) for _ in range(times)]
                figures = _percentiles([seconds for seconds, _ in runs])
                found = sum(count for _, count in runs) / times
                shown = [f"{each:.1f}" for each in figures]
                table.add_row(name, order, label, *shown, f"{figures[1] / floor[1]:.1f}", f"{found:.0f}")
    return table


def _run(database: Database, workspace_id: str, query: str, order: str) -> tuple[float, int]:
    find = find_newest if order == "newest" else find_best
    started = time.perf_counter()
    with database.read() as session:
        rows = find(session, workspace_id, parse_query(query), Signal.deleted_at.is_(None), limit=PAGE, bounds=Bounds())
    return time.perf_counter() - started, len(rows)


def _floor(database: Database, workspace_id: str) -> float:
    query = select(Signal).where(Signal.workspace_id == workspace_id, Signal.deleted_at.is_(None))
    query = query.order_by(Signal.occurred_at.desc(), Signal.id.desc()).limit(PAGE)

    def read(session: Session) -> None:
        session.scalars(query).all()

    started = time.perf_counter()
    with database.read() as session:
        read(session)
    return time.perf_counter() - started


def _percentiles(seconds: Sequence[float]) -> list[float]:
    """p50, p95 and p99 in milliseconds."""
    ordered = sorted(seconds)
    return [1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95, 0.99)]


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started

"""How fast lists of signals answer among a million, by words and by filters, next to reading the same page by its ids.

Every list is asked for as the API does. The floor reads the newest page's signals by their primary keys; a ratio
compares the processors' time of both, which other people's work on the machine changes little.
"""

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Literal, TypeAlias

from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.corpus import JAPANESE, NEWEST, word
from bench.databases import KINDS, migrated
from bench.loading import load, tenants
from bench.timing import WARM_UP, Times, Watch, percentile
from db import Database, Signal
from web.api.search import Page, best_page, newest_page
from web.api.signal_filters import SignalChoice

PAGE = 50
Order: TypeAlias = Literal["newest", "best"]
Make: TypeAlias = Callable[[random.Random], dict[str, Any]]
_TARGETS: dict[Order, float] = {"newest": 20, "best": 50}


def main(arguments: Sequence[str]) -> None:
    """``python -m bench search [--rows N] [--times N] [--days N] [--database sqlite|postgresql]``."""
    parser = argparse.ArgumentParser(prog="python -m bench search", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--days", type=int, default=730, help="over how many days the signals are spread")
    parser.add_argument("--database", choices=KINDS, action="append")
    asked = parser.parse_args(arguments)
    for kind in asked.database or KINDS:
        with migrated(kind) as database:
            corpus = tenants(database, asked.rows, asked.days)
            load(database, corpus)
            measure(database, kind, corpus.workspace_ids, asked.times)


def measure(database: Database, kind: str, workspace_ids: Sequence[str], times: int) -> None:
    """Prints a table for the largest workspace and one for the smallest."""
    watch = Watch(database)
    for workspace_id, label in ((workspace_ids[0], "largest"), (workspace_ids[-1], "smallest")):
        floor = _floor(database, watch, workspace_id, times)
        table = Table(
            "asked for", "order", "p50 ms", "p95 ms", "p50 CPU ms", "p95 CPU ms", "p95 / floor", "found", "",
            title=f"{kind}, {label} workspace, page of {PAGE}",
        )  # fmt: skip
        table.add_row("(the same rows by id)", "", *floor.shown(), "1.0", str(PAGE), "")
        every: dict[Order, Times] = {"newest": Times(), "best": Times()}
        for order, name, make in _lists():
            _timed(database, watch, _asked(workspace_id, order, make, WARM_UP, seed=8))
            taken, found = _timed(database, watch, _asked(workspace_id, order, make, times))
            every[order].add(taken)
            table.add_row(name, order, *_judged(order, taken, floor, f"{found / times:.0f}"))
        for order, taken in every.items():
            table.add_row("(all of them)", order, *_judged(order, taken, floor, ""))
        Console(width=140).print(table)


def _judged(order: Order, taken: Times, floor: Times, found: str) -> list[str]:
    p95 = percentile(taken.processor, 0.95)
    ratio = p95 / percentile(floor.processor, 0.95)
    return [*taken.shown(), f"{ratio:.1f}", found, "over" if p95 > _TARGETS[order] else ""]


def _asked(
    workspace_id: str, order: Order, make: Make, times: int, *, seed: int = 7
) -> Iterator[Callable[[Session], Page]]:
    chance = random.Random(seed)
    page = newest_page if order == "newest" else best_page
    for _ in range(times):
        choice = SignalChoice(**make(chance))
        yield partial(page, workspace_id=workspace_id, choice=choice, limit=PAGE)


def _timed(database: Database, watch: Watch, asked: Iterator[Callable[[Session], Page]]) -> tuple[Times, int]:
    """How long the pages took, and how many signals they showed."""
    taken, found = Times(), 0
    for ask in asked:
        with database.read() as session:
            rows, _ = watch.time(taken, partial(ask, session))
        found += len(rows)
    return taken, found


def _floor(database: Database, watch: Watch, workspace_id: str, times: int) -> Times:
    taken = Times()
    with database.read() as session:
        newest = select(Signal.id).where(Signal.workspace_id == workspace_id)
        ids = session.scalars(newest.order_by(Signal.occurred_at.desc()).limit(PAGE)).all()
    for _ in range(times):
        with database.read() as session:
            query = select(Signal).where(Signal.id.in_(ids))
            watch.time(taken, lambda: session.scalars(query).all())  # noqa: B023  # called now
    return taken


def _lists() -> Iterator[tuple[Order, str, Make]]:
    words, filters = _words(), _filters()
    for name, make in words.items():
        yield "newest", name, make
    for name, make in filters.items():
        yield "newest", name, make
        yield "newest", f"common word, {name}", _both(words["common word"], make)
        yield "newest", f"rare word, {name}", _both(words["rare word"], make)
    for name, make in words.items():
        yield "best", name, make
    for name in ("account, small", "author, none"):
        yield "best", f"common word, {name}", _both(words["common word"], filters[name])


def _both(one: Make, other: Make) -> Make:
    return lambda chance: one(chance) | other(chance)


def _words() -> dict[str, Make]:
    """By how common the words are; the ranks follow from Zipf's law."""

    def ranked(low: int, high: int) -> Callable[[random.Random], str]:
        return lambda chance: word(chance.randint(low, high))

    common, frequent, medium, rare = ranked(1, 5), ranked(20, 60), ranked(150, 800), ranked(8_000, 29_000)
    made: dict[str, Callable[[random.Random], str]] = {
        "common word": common,
        "frequent word (5-15 %)": frequent,
        "medium word (0.5-2 %)": medium,
        "rare word": rare,
        "no match": lambda chance: f"nowhere{chance.randint(0, 9)}",
        "common and common": lambda chance: f"{common(chance)} {word(chance.randint(6, 12))}",
        "rare and common": lambda chance: f"{rare(chance)} {common(chance)}",
        "phrase of common words": lambda chance: f'"{common(chance)} {common(chance)}"',
        "phrase of frequent words": lambda chance: f'"{frequent(chance)} {frequent(chance)}"',
        "phrase of medium words": lambda chance: f'"{medium(chance)} {frequent(chance)}"',
        "prefix, common": lambda chance: f"{word(chance.randint(1, 9))[:2]}*",
        "prefix, medium": lambda chance: f"{word(chance.randint(100, 999))[:5]}*",
        "prefix, rare": lambda chance: f"{rare(chance)[:-1]}*",
        "exclusion": lambda chance: f"{common(chance)} -{frequent(chance)}",
        "exclusion of nearly all": lambda chance: f"{rare(chance)} -{common(chance)} -{frequent(chance)}",
        "only exclusions": lambda chance: f"-{common(chance)}",
        "Japanese": lambda chance: JAPANESE[(start := chance.randrange(30)) : start + chance.randint(1, 4)],
        "Japanese, no match": lambda chance: "漁師" + chance.choice(JAPANESE),
    }
    return {name: partial(_asking, say) for name, say in made.items()}


def _asking(say: Callable[[random.Random], str], chance: random.Random) -> dict[str, Any]:
    return {"q": say(chance)}


def _filters() -> dict[str, Make]:
    return {
        "source": lambda chance: {"source": chance.choice(("slack", "pylon", "webhook"))},
        "status": lambda chance: {"status": chance.choice(("new", "reviewed", "archived", "linked"))},
        "severity": lambda chance: {"severity": chance.choice(("low", "medium", "high", "critical"))},
        "account, large": lambda chance: {"account": f"account {chance.randint(0, 9)}"},
        "account, small": lambda chance: {"account": f"T{chance.randint(500, 1_999):05d}"},
        "account, none": lambda chance: {"account": f"nobody {chance.randint(0, 99)}"},
        "author, small": lambda chance: {"author": f"Person {chance.randint(500, 19_999)}"},
        "author, none": lambda chance: {"author": f"nobody{chance.randint(0, 99)}@example.com"},
        "channel": lambda chance: {"channel": f"C{chance.randint(0, 299):04d}"},
        "a day": lambda chance: _span(chance, 1),
        "a month": lambda chance: _span(chance, 30),
        "account, status, a month": lambda chance: (
            {"account": f"Account {chance.randint(0, 99)}", "status": "reviewed"} | _span(chance, 30)
        ),
    }


def _span(chance: random.Random, days: int) -> dict[str, Any]:
    start = NEWEST - timedelta(days=chance.randint(days, 700))
    return {"since": start.isoformat(), "until": (start + timedelta(days=days)).isoformat()}

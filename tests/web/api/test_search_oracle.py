"""Lists of signals against an oracle that looks at every one of them: whatever is asked for, on both databases."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import Database, Signal, Workspace, search_fts5, search_tsvector
from tests.conftest import NOW
from web.api.search import Page, best_page, newest_page
from web.api.signal_filters import SignalChoice

WORDS = ("export", "exports", "Exporting", "fails", "slow", "the", "a1")
JAPANESE = ("東京都", "京都の猫", "猫が好き")
NAMES = ("Ada", "ada", "ÄDA", "ada@x.example", "bo:b")
CHANNELS = ("C1", "C10", "C2")
COUNT = 90
PAGE = 7
FINDS = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclass(frozen=True)
class Sought:
    """One term: as it is typed, and whether a text has it."""

    typed: str
    holds: Callable[[str], bool]


def word(text: str) -> Sought:
    return Sought(text, lambda said: text.lower() in said.lower().split())


def prefix(text: str) -> Sought:
    return Sought(f"{text}*", lambda said: any(each.startswith(text.lower()) for each in said.lower().split()))


def phrase(texts: Sequence[str]) -> Sought:
    wanted = " ".join(texts).lower()
    return Sought(f'"{wanted}"', lambda said: f" {wanted} " in f" {said.lower()} ")


def part(text: str) -> Sought:
    return Sought(text, lambda said: text in said)


def without(term: Sought) -> Sought:
    return Sought(f"-{term.typed}", lambda said: not term.holds(said))


PARTS = sorted(
    {run[start:end] for run in JAPANESE for start in range(len(run)) for end in range(start + 1, len(run) + 1)}
)
TERMS = st.one_of(
    st.sampled_from(WORDS).map(word),
    st.sampled_from(["e", "exp", "export", "FAIL", "a", "zz"]).map(prefix),
    st.lists(st.sampled_from(WORDS), min_size=2, max_size=3).map(phrase),
    st.sampled_from(PARTS).map(part),
)
QUERIES = st.lists(st.one_of(TERMS, TERMS.map(without)), min_size=1, max_size=3)
TIMES = st.integers(-1, 40).map(lambda hours: (NOW - timedelta(hours=hours)).isoformat())
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "source": st.sampled_from(["slack", "pylon", "SLACK"]),
        "status": st.sampled_from(["new", "reviewed", "archived"]),
        "severity": st.sampled_from(["low", "high"]),
        "account": st.sampled_from([*NAMES, "ADA", "T1", "t2", "nobody"]),
        "author": st.sampled_from([*NAMES, "Ada@X.example", "äda", "U2"]),
        "channel": st.sampled_from([*CHANNELS, "C", "C1:1", "c1"]),
        "since": TIMES,
        "until": TIMES,
        "include_deleted": st.booleans(),
    },
)


def said(chance: random.Random, workspace_id: str, number: int) -> Signal:
    source = chance.choice(["slack", "slack", "pylon"])
    moment = NOW - timedelta(hours=chance.choice([0, 0, chance.randrange(40), 24 * chance.randrange(400)]))
    return Signal(
        workspace_id=workspace_id, source=source, source_version="1",
        source_ref=f"{chance.choice(CHANNELS)}:{number}", status=chance.choice(["new", "reviewed"]),
        verbatim=" ".join(chance.choices((*WORDS, *JAPANESE), k=chance.randint(1, 6))),
        interpretation=chance.choice([None, "slow export", "猫"]), severity=chance.choice([None, "low", "high"]),
        account_name=chance.choice([None, *NAMES]), account_external_id=chance.choice([None, "T1", "T2", "Ada"]),
        author_name=chance.choice([None, *NAMES]), author_email=chance.choice([None, "ADA@x.example"]),
        author_external_id=chance.choice([None, "U1", "U2"]), occurred_at=moment,
        deleted_at=NOW if chance.random() < 0.1 else None,
    )  # fmt: skip


@pytest.fixture
def everything(database: Database) -> list[Signal]:
    """The signals of a workspace, beside those of another one."""
    chance = random.Random(11)
    with database.write() as session:
        mine, other = Workspace(name="w", slug="mine"), Workspace(name="w", slug="other")
        session.add_all([mine, other])
        session.flush()
        signals = [said(chance, mine.id, number) for number in range(COUNT)]
        session.add_all([*signals, *(said(chance, other.id, number) for number in range(COUNT))])
    return signals


def lower(database: Database, text: str | None) -> str:
    """As the database does it: SQLite knows ASCII only."""
    return (text or "").lower() if database.is_postgresql or (text or "").isascii() else (text or "").translate(ASCII)


ASCII = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def is_chosen(database: Database, signal: Signal, asked: dict[str, Any]) -> bool:
    def same(value: str, *texts: str | None) -> bool:
        return any(text is not None and lower(database, text) == lower(database, value) for text in texts)

    checks: dict[str, Callable[[Any], bool]] = {
        "source": lambda value: signal.source == value,
        "status": lambda value: signal.status == value,
        "severity": lambda value: signal.severity == value,
        "account": lambda value: same(value, signal.account_name, signal.account_external_id),
        "author": lambda value: same(value, signal.author_name, signal.author_email, signal.author_external_id),
        "channel": lambda value: signal.source == "slack" and signal.source_ref.startswith(f"{value}:"),
        "since": lambda value: signal.occurred_at >= datetime.fromisoformat(value),
        "until": lambda value: signal.occurred_at < datetime.fromisoformat(value),
        "include_deleted": lambda _: True,
    }
    is_there = signal.deleted_at is None or asked.get("include_deleted", False)
    return is_there and all(checks[name](value) for name, value in asked.items())


def has(signal: Signal, terms: Sequence[Sought]) -> bool:
    """Each of the terms in one of the texts; phrases do not span both."""
    return all(
        all(term.holds(text) for text in (signal.verbatim, signal.interpretation or ""))
        if term.typed.startswith("-")
        else any(term.holds(text) for text in (signal.verbatim, signal.interpretation or ""))
        for term in terms
    )


def all_pages(page: Callable[..., Page], database: Database, workspace_id: str, choice: SignalChoice) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    with database.read() as session:
        while True:
            rows, cursor = page(session, workspace_id, choice, limit=PAGE, cursor=cursor)
            found += [row.id for row in rows]
            if cursor is None:
                return found


@pytest.mark.parametrize(("few", "walked"), [(2_000, 2_000), (-1, 2), (-1, 20), (3, 2)])
def test_every_list_is_what_looking_at_everything_finds(
    database: Database, everything: list[Signal], few: int, walked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for engine in (search_fts5, search_tsvector):
        monkeypatch.setattr(engine, "WALKED", walked)
    monkeypatch.setattr(search_tsvector, "FEW", few)
    newest_first = sorted(everything, key=lambda signal: (signal.occurred_at, signal.id), reverse=True)

    @FINDS
    @given(QUERIES, FILTERS, st.booleans())
    def check(terms: list[Sought], filters: dict[str, Any], by_words: bool) -> None:
        asked = filters | ({"q": " ".join(term.typed for term in terms)} if by_words else {})
        choice = SignalChoice(**asked)
        fitting = [signal for signal in newest_first if is_chosen(database, signal, filters)]
        expected = [signal.id for signal in fitting if not by_words or has(signal, terms)]
        workspace_id = everything[0].workspace_id
        assert all_pages(newest_page, database, workspace_id, choice) == expected
        assert sorted(all_pages(best_page, database, workspace_id, choice)) == sorted(expected)

    check()

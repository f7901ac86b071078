"""Search on both databases: what is found, in which order, and what no longer is."""

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from core.search_text import parse_query
from db import Database, Signal, Workspace, search_fts5, search_tsvector
from db.migrate import downgrade, upgrade
from db.search import find_best, find_newest, index_signals, matching
from db.search_terms import Bounds
from tests.conftest import NOW

TEXTS = (
    "The Export times out for our largest project",
    "Crème brûlée costs 100% of my_time",
    "東京都に住む猫のエクスポート",
    "iPhoneの画面が真っ白です",
    "times are hard, out of money",
    "don't e-mail me: near(the) col:umn",
)


@pytest.fixture
def workspace(database: Database) -> str:
    return add_workspace(database)


@pytest.fixture
def small_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were very many signals: what lies behind the newest few is found through the index."""
    for engine in (search_fts5, search_tsvector):
        monkeypatch.setattr(engine, "WALKED", 2)
    monkeypatch.setattr(search_tsvector, "FEW", -1)


def add_workspace(database: Database) -> str:
    with database.write() as session:
        workspace = Workspace(name="w", slug=os.urandom(6).hex())
        session.add(workspace)
    return workspace.id


def say(database: Database, workspace_id: str, *verbatims: str, start: datetime = NOW, step: int = 60) -> list[str]:
    """Signals, the newest first; ids are not in the order of time."""
    moments = (start - timedelta(seconds=number * step) for number in range(len(verbatims)))
    with database.write() as session:
        signals = [signal(workspace_id, *each) for each in zip(verbatims, moments, strict=True)]
        session.add_all(random.sample(signals, len(signals)))
    return [each.id for each in signals]


def signal(workspace_id: str, verbatim: str, occurred_at: datetime) -> Signal:
    return Signal(
        workspace_id=workspace_id, source="slack", source_ref=os.urandom(6).hex(), source_version="1",
        verbatim=verbatim, occurred_at=occurred_at,
    )  # fmt: skip


def find(database: Database, workspace_id: str, query: str, limit: int = 20, bounds: Bounds | None = None) -> list[str]:
    with database.read() as session:
        found = find_newest(session, workspace_id, parse_query(query), limit=limit, bounds=bounds or Bounds())
        return [each.verbatim for each in found]


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("export", [0]),
        ("EXPORT Project", [0]),
        ("exp", []),
        ("exp*", [0]),
        ('"times out"', [0]),
        ("times out", [0, 4]),
        ('"out times"', []),
        ("times -export", [4]),
        ('times -"times out"', [4]),
        ("times -exp*", [4]),
        ("-times", [1, 2, 3, 5]),
        ("-times -猫", [1, 3, 5]),
        ("creme brulee", [1]),
        ("Brûlée", [1]),
        ("COSTS 100% of my_", [1]),
        ("猫", [2]),
        ("東京", [2]),
        ("京都", [2]),
        ("東都", []),
        ("エクスポート", [2]),
        ("ｴｸｽﾎﾟｰﾄ", [2]),
        ("iphone 画面", [3]),
        ('"iPhoneの画面"', [3]),
        ("真", [3]),
        ("don't", [5]),
        ("e-mail", [5]),
        ("near(the)", [5]),
        ("col:umn", [5]),
        ("times OR export", []),
        ("words:export", []),
        ("export^2 project", []),
        ("{words}: export", []),
        ("%", []),
        ("", []),
    ],
)
def test_what_a_query_finds(database: Database, workspace: str, query: str, places: list[int]) -> None:
    say(database, workspace, *TEXTS)
    assert find(database, workspace, query) == [TEXTS[place] for place in places]
    with database.read() as session:
        condition = matching(parse_query(query))
        chosen = session.scalars(select(Signal.verbatim).where(condition).order_by(Signal.occurred_at.desc())).all()
    assert chosen == [TEXTS[place] for place in places]


@pytest.mark.parametrize("query", ["export", "export*", "-nothing", '"the export"', "export the", "export -猫"])
@pytest.mark.parametrize("step", [0, 1, 400_000])
@pytest.mark.usefixtures("small_walks")
def test_pages_are_in_order_and_leave_nothing_out(database: Database, workspace: str, query: str, step: int) -> None:
    other = add_workspace(database)
    mine = say(database, workspace, *(f"the export number {number}" for number in range(23)), step=step)
    say(database, other, *["the export of others"] * 5)
    say(database, workspace, *["nothing to see"] * 9, step=step)
    seen: list[str] = []
    before: tuple[datetime, str] | None = None
    with database.read() as session:
        expected = select(Signal.id).where(Signal.id.in_(mine)).order_by(Signal.occurred_at.desc(), Signal.id.desc())
        ids = session.scalars(expected).all()
        while len(seen) < 23:
            bounds = Bounds(before=before)
            page = find_newest(session, workspace, parse_query(query), limit=4, bounds=bounds)
            assert page
            seen += [signal.id for signal in page]
            before = (page[-1].occurred_at, page[-1].id)
        assert find_newest(session, workspace, parse_query(query), limit=4, bounds=Bounds(before=before)) == []
    assert seen == ids


@pytest.mark.usefixtures("small_walks")
def test_conditions_and_times_hold(database: Database, workspace: str) -> None:
    ids = say(database, workspace, *["export"] * 12)
    with database.write() as session:
        for number, signal_id in enumerate(ids):
            session.get_one(Signal, signal_id).status = "archived" if number % 3 else "reviewed"
    with database.read() as session:
        query, condition = parse_query("export"), Signal.status == "reviewed"
        found = find_newest(session, workspace, query, condition, limit=3, bounds=Bounds())
        assert [signal.id for signal in found] == [ids[0], ids[3], ids[6]]
        bounds = Bounds(since=NOW - timedelta(minutes=9), until=NOW - timedelta(minutes=2))
        found = find_newest(session, workspace, query, condition, limit=9, bounds=bounds)
        assert [signal.id for signal in found] == [ids[3], ids[6], ids[9]]


@pytest.mark.parametrize("moment", [datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)])
@pytest.mark.usefixtures("small_walks")
def test_any_time_can_be_said(database: Database, workspace: str, moment: datetime) -> None:
    say(database, workspace, "export one", "export two", "other", "other", start=moment)
    say(database, workspace, "export now")
    found = find(database, workspace, "export", limit=5)
    assert sorted(found, key=lambda said: said == "export now", reverse=moment < NOW) == found
    assert [said for said in found if said != "export now"] == ["export one", "export two"]


def test_what_changes_is_found_by_its_new_words(database: Database, workspace: str) -> None:
    first, second = say(database, workspace, "old words", "old words too")
    with database.write() as session:
        session.get_one(Signal, first).verbatim = "new words"
        session.get_one(Signal, second).interpretation = "Wants an export"
        session.get_one(Signal, second).occurred_at = NOW + timedelta(days=1)
    assert find(database, workspace, "old") == ["old words too"]
    assert find(database, workspace, "new") == ["new words"]
    assert find(database, workspace, "wants") == ["old words too"]
    assert find(database, workspace, '"too wants"') == []
    assert find(database, workspace, "words") == ["old words too", "new words"]


def test_statements_are_followed_by_the_call(database: Database, workspace: str) -> None:
    row = {
        "id": "sig_1", "workspace_id": workspace, "source": "slack", "source_scope": "", "source_ref": "C:1",
        "source_version": "1", "verbatim": "export", "author_affiliation": "unknown", "tags": [], "links": [],
        "source_metadata": {}, "status": "new", "occurred_at": NOW, "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    with database.write() as session:
        session.execute(insert(Signal), [row])
        index_signals(session, ["sig_1", "sig_1", "sig_nowhere"])
        index_signals(session, [])
    assert find(database, workspace, "export") == ["export"]


def test_what_vanishes_leaves_the_index(database: Database, workspace: str) -> None:
    other = add_workspace(database)
    gone, *_ = say(database, workspace, "export one", "export two")
    say(database, other, "export three")
    with database.write() as session:
        session.execute(delete(Signal).where(Signal.id == gone))
    assert find(database, workspace, "export") == ["export two"]
    with database.write() as session:
        session.execute(delete(Workspace).where(Workspace.id == workspace))
    assert find(database, other, "export") == ["export three"]
    with database.read() as session:
        assert len(list(indexed(session))) == 1


def test_a_rollback_takes_the_words_back(database: Database, workspace: str) -> None:
    with database.write() as session:
        session.add(signal(workspace, "export", NOW))
        session.flush()
        assert len(list(indexed(session))) == 1
        session.rollback()
    with database.read() as session:
        assert list(indexed(session)) == []


def test_relevance_puts_what_fits_first(database: Database, workspace: str) -> None:
    best, middle, worst = (
        "export", "export export and " + "more " * 9, "we talked at length about " + "this and that " * 30 + "export",
    )  # fmt: skip
    say(database, workspace, worst, "other", middle, best)
    seen: list[str] = []
    after: tuple[float, str] | None = None
    with database.read() as session:
        for _ in range(4):
            page = find_best(session, workspace, parse_query("export"), limit=1, bounds=Bounds(), after=after)
            seen += [signal.verbatim for _, signal in page]
            after = (page[-1][0], page[-1][1].id) if page else after
    assert seen[-1] == worst
    assert sorted(seen) == sorted([best, middle, worst])


@pytest.mark.parametrize(
    "query",
    ['"', "-", '-"', "NEAR(", "a NEAR b", "words:", "^a", "a + b", "a AND", "OR", "NOT", "(", "'", "''", "\\", "a\\:*",
     ":*", "<->", "!", "a & | b", "\0", "\ud800", "x" * 10_000, '"' * 999, "- " * 400, "a* " * 300, "猫" * 900,
     "¤", "·", "@20261120", "%s %(a)s :b"],
)  # fmt: skip
def test_whatever_is_typed_is_answered(database: Database, workspace: str, query: str) -> None:
    say(database, workspace, *TEXTS)
    find(database, workspace, query)
    with database.read() as session:
        session.scalars(select(Signal.id).where(matching(parse_query(query)))).all()


def test_huge_and_odd_texts_are_indexed(database: Database, workspace: str) -> None:
    huge = " ".join(f"word{number}" for number in range(30_000))
    say(database, workspace, huge, "ﷺ" * 50_000, "猫" * 50_000, "", "same " * 9_000, "x" * 70_000 + " tail")
    assert find(database, workspace, "word9000") == [huge]
    assert len(find(database, workspace, "-word1 -tail")) == 4
    assert len(find(database, workspace, '"猫猫猫"')) == 1
    assert len(find(database, workspace, "tail")) == 1


def test_a_migration_indexes_what_is_there(database: Database, workspace: str) -> None:
    say(database, workspace, *TEXTS)
    downgrade(database, "0003")
    upgrade(database)
    assert find(database, workspace, "京都") == [TEXTS[2]]


def indexed(session: Session) -> Iterator[str]:
    yield from session.scalars(text("SELECT signal_id FROM signal_words"))
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("INSERT INTO signal_words_index (signal_words_index) VALUES ('integrity-check')"))

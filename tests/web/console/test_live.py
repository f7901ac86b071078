from datetime import timedelta

from bs4 import BeautifulSoup
from sqlalchemy import update

from db import Signal
from tests.web.console.conftest import Console
from web.console.stream import CHANGES


def opened(console: Console) -> str:
    return cursor_of(console.page("/signals"))


def cursor_of(page: BeautifulSoup) -> str:
    listing = page.select_one("ol[data-cursor]")
    assert listing is not None
    return str(listing["data-cursor"])


def poll(console: Console, cursor: str) -> BeautifulSoup | None:
    answer = console.browser.get("/signals/new", query_string={"cursor": cursor})
    assert answer.status_code in (200, 204)
    return BeautifulSoup(answer.text, "html.parser") if answer.status_code == 200 else None


def words(page: BeautifulSoup | None) -> list[str]:
    return [item.text for item in page.select(".verbatim")] if page else []


def version_of(page: BeautifulSoup | None) -> str:
    row = page.select_one(".signal") if page else None
    assert row is not None
    return str(row["data-version"])


def change(console: Console, signal: Signal, **values: object) -> None:
    with console.database.write() as session:
        session.execute(update(Signal).where(Signal.id == signal.id).values(updated_at=console.clock(), **values))


def test_nothing_new_is_an_empty_answer(console: Console) -> None:
    assert poll(console, opened(console)) is None


def test_new_edited_and_deleted_signals_arrive_as_rows(console: Console) -> None:
    old = console.add_signal("old", verbatim="before")
    console.clock.advance(minutes=1)
    cursor = opened(console)
    console.clock.advance(seconds=2)
    console.add_signal("new", verbatim="brand new")
    change(console, old, verbatim="after")
    page = poll(console, cursor)
    assert sorted(words(page)) == ["after", "brand new"]
    console.clock.advance(minutes=1)
    assert page is not None
    change(console, old, deleted_at=console.clock())
    after = poll(console, cursor)
    assert after is not None
    assert words(after)[-1] == "This message was deleted at its source."


def test_a_row_is_told_from_its_repeat_by_its_version(console: Console) -> None:
    signal = console.add_signal()
    first, repeat = version_of(poll(console, "")), version_of(poll(console, ""))
    console.clock.advance(seconds=1)
    change(console, signal, verbatim="other words")
    assert first == repeat
    assert version_of(poll(console, "")) > first


def test_rows_that_commit_late_are_not_missed(console: Console) -> None:
    cursor = opened(console)
    console.clock.advance(seconds=3)
    console.add_signal("quick", updated_at=console.clock())
    page = poll(console, cursor)
    assert page is not None
    console.add_signal("late", updated_at=console.clock() - timedelta(seconds=2))
    assert "words of late" in words(poll(console, cursor_of(page)))


def test_a_burst_comes_in_portions_without_loss(console: Console) -> None:
    cursor = opened(console)
    console.clock.advance(seconds=1)
    for number in range(CHANGES + 5):
        console.add_signal(f"r{number:03}")
    seen: set[str] = set()
    for _ in range(2):
        page = poll(console, cursor)
        assert page is not None
        seen |= set(words(page))
        cursor = cursor_of(page)
    assert len(seen) == CHANGES + 5
    console.clock.advance(seconds=11)
    last = poll(console, cursor)
    assert last is None or poll(console, cursor_of(last)) is None

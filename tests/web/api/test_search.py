"""Lists of signals by words: pages, filters, and tenants."""

from typing import Any

import pytest

from core.errors import InvalidFields
from db import Database, Signal
from tests.conftest import NOW
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import add_signal
from web.api.search import best_page, newest_page
from web.api.signal_filters import SignalChoice
from web.paging import encode_cursor


def found(api: Api, **query: Any) -> list[str]:
    answer = api.get("/signals", **query)
    assert answer.status_code == 200, answer.get_json()
    return [item["source_ref"] for item in answer.get_json()["items"]]


def test_words_and_filters_hold_together(api: Api, database: Database, alice: Tenant, bob: Tenant) -> None:
    add_signal(database, alice.workspace_id, "C1:a", verbatim="The export fails", status="reviewed", minutes=1)
    add_signal(database, alice.workspace_id, "C1:b", verbatim="エクスポートが失敗", interpretation="Export", minutes=2)
    add_signal(database, alice.workspace_id, "C2:c", verbatim="Exporting fails", source="pylon", minutes=3)
    add_signal(database, alice.workspace_id, "C2:d", verbatim="An export, deleted", deleted_at=NOW)
    add_signal(database, bob.workspace_id, "C1:x", verbatim="The export of others")
    assert found(api, q="export") == ["C1:a", "C1:b"]
    assert found(api, q="export", include_deleted="1") == ["C2:d", "C1:a", "C1:b"]
    assert found(api, q="export*") == ["C1:a", "C1:b", "C2:c"]
    assert found(api, q="export* -fails") == ["C1:b"]
    assert found(api, q="export* fails", source="pylon") == ["C2:c"]
    assert found(api, q="export", status="reviewed") == ["C1:a"]
    assert found(api, q="失敗") == ["C1:b"]
    assert found(api, q='"export fails"') == ["C1:a"]


@pytest.mark.parametrize("query", ['"', "-", "NEAR(", "a AND (", "verbatim:x", "*", "'; --", "猫" * 500, "\\", "%"])
def test_whatever_is_typed_is_answered(api: Api, database: Database, alice: Tenant, query: str) -> None:
    add_signal(database, alice.workspace_id)
    assert found(api, q=query) == []


def test_pages_newest_first(database: Database, alice: Tenant) -> None:
    for number in range(7):
        add_signal(database, alice.workspace_id, f"C1:{number}", verbatim="export", minutes=number // 3)
    choice = SignalChoice(q="export")
    seen: list[Signal] = []
    cursor: str | None = None
    with database.read() as session:
        while len(seen) < 7:
            rows, cursor = newest_page(session, alice.workspace_id, choice, limit=3, cursor=cursor)
            seen += rows
        plain, _ = newest_page(session, alice.workspace_id, SignalChoice(), limit=9)
    assert cursor is None
    assert [row.id for row in seen] == [row.id for row in plain]


def test_pages_best_first(database: Database, alice: Tenant) -> None:
    for number in range(5):
        add_signal(database, alice.workspace_id, f"C1:{number}", verbatim="export " + "and more " * number)
    choice = SignalChoice(q="export")
    seen: list[str] = []
    cursor: str | None = None
    with database.read() as session:
        while len(seen) < 5:
            rows, cursor = best_page(session, alice.workspace_id, choice, limit=2, cursor=cursor)
            seen += [row.source_ref for row in rows]
        unsorted, _ = best_page(session, alice.workspace_id, SignalChoice(), limit=9)
    assert cursor is None
    assert seen == [f"C1:{number}" for number in range(5)]
    assert len(unsorted) == 5


def test_relevance_is_for_the_asking(api: Api, database: Database, alice: Tenant, bob: Tenant) -> None:
    for number in range(5):
        text = "export " + "and more " * number
        add_signal(database, alice.workspace_id, f"C1:{number}", verbatim=text, minutes=10 - number)
    add_signal(database, bob.workspace_id, "C1:x", verbatim="export")
    assert found(api, q="export") == ["C1:4", "C1:3", "C1:2", "C1:1", "C1:0"]
    assert found(api, q="export", sort="newest") == found(api, q="export")
    assert found(api, q="export", sort="relevance") == ["C1:0", "C1:1", "C1:2", "C1:3", "C1:4"]
    assert found(api, sort="relevance") == found(api)
    first = api.get("/signals", q="export", sort="relevance", limit=2).get_json()
    assert found(api, q="export", sort="relevance", limit=2, cursor=first["next_cursor"]) == ["C1:2", "C1:3"]


def test_an_unknown_order_and_a_cursor_of_another_are_named(api: Api, database: Database, alice: Tenant) -> None:
    for number in range(3):
        add_signal(database, alice.workspace_id, f"C1:{number}", verbatim="export")
    best = api.get("/signals", q="export", sort="relevance", limit=1).get_json()["next_cursor"]
    for query in ({"sort": "best"}, {"q": "export", "sort": "newest", "cursor": best}):
        answer = api.get("/signals", **query)
        assert answer.status_code == 422
        assert answer.get_json()["errors"][0]["field"] in query


@pytest.mark.parametrize("cursor", ["nonsense", "ü", "A" * 5_000, encode_cursor((NOW, "sig_1")), "bmFuIHNpZ18x"])
def test_a_cursor_of_another_order_is_named(database: Database, alice: Tenant, cursor: str) -> None:
    with database.read() as session, pytest.raises(InvalidFields, match="cursor"):
        best_page(session, alice.workspace_id, SignalChoice(q="export"), limit=2, cursor=cursor)

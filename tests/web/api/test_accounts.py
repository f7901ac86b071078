"""Which customers spoke, how often and when last."""

import pytest

from db import Database
from tests.conftest import NOW
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import add_signal
from web.actions import accounts


def test_accounts_are_one_across_sources_and_the_latest_comes_first(
    api: Api, bobs_api: Api, database: Database, alice: Tenant
) -> None:
    globex = {"account_name": "Globex"}
    add_signal(database, alice.workspace_id, "C1:1", minutes=30, **globex)
    add_signal(database, alice.workspace_id, "m1", minutes=10, source="pylon", account_external_id="p1", **globex)
    add_signal(database, alice.workspace_id, "C1:2", minutes=5, account_external_id="T0444")
    add_signal(database, alice.workspace_id, "C1:3", minutes=1, account_name="Gone", deleted_at=NOW)
    add_signal(database, alice.workspace_id, "C1:4", minutes=2)
    assert api.get("/accounts").get_json() == {
        "items": [
            {"key": "T0444", "name": None, "sources": ["slack"], "signal_count": 1,
             "last_signal_at": "2026-11-20T09:55:00Z"},
            {"key": "Globex", "name": "Globex", "sources": ["pylon", "slack"], "signal_count": 2,
             "last_signal_at": "2026-11-20T09:50:00Z"},
        ],
        "next_cursor": None,
        "counted_since": None,
    }  # fmt: skip
    assert len(api.get("/signals", account="Globex").get_json()["items"]) == 2
    assert bobs_api.get("/accounts").get_json()["items"] == []


def test_pages_neither_repeat_nor_skip(api: Api, database: Database, alice: Tenant) -> None:
    names = ["Ärzte & Co.", "北京", "Globex", "a/b", " ", "Initech", "%41"]
    for number, name in enumerate(names):
        add_signal(database, alice.workspace_id, f"C1:{number}", minutes=number // 3, account_name=name)
    seen, cursor = [], None
    while True:
        page = api.get("/accounts", limit=2, **({"cursor": cursor} if cursor else {})).get_json()
        seen += [item["key"] for item in page["items"]]
        cursor = page["next_cursor"]
        add_signal(database, alice.workspace_id, f"new:{len(seen)}", minutes=-1, account_name=f"New {len(seen)}")
        if cursor is None:
            break
    assert sorted(seen) == sorted(names)
    assert api.get("/accounts", cursor="none").get_json()["errors"][0]["field"] == "cursor"


def test_of_many_signals_only_the_newest_are_counted(
    api: Api, database: Database, alice: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "NEWEST", 3)
    for number in range(5):
        add_signal(database, alice.workspace_id, f"C1:{number}", minutes=number, account_name=f"A{number}")
    page = api.get("/accounts").get_json()
    assert [item["key"] for item in page["items"]] == ["A0", "A1", "A2"]
    assert page["counted_since"] == "2026-11-20T09:58:00Z"

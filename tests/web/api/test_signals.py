"""Reading signals: filters, pages, and what one looks like."""

from datetime import timedelta
from typing import Any

import pytest

from core.errors import InvalidFields
from db import Conversation, Database
from tests.conftest import NOW
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import add_signal
from web.paging import decode_cursor, encode_cursor


def found(api: Api, **query: Any) -> list[str]:
    answer = api.get("/signals", **query)
    assert answer.status_code == 200, answer.get_json()
    return [item["source_ref"] for item in answer.get_json()["items"]]


@pytest.fixture
def stream(database: Database, alice: Tenant) -> str:
    """Five signals, the newest first: a, b, c, d, e. Returns the conversation of b."""
    with database.write() as session:
        conversation = Conversation(workspace_id=alice.workspace_id)
        session.add(conversation)
    rows: list[dict[str, Any]] = [
        {"ref": "C01:a", "verbatim": "It costs 100% of my_time", "severity": "high", "author_name": "Ada"},
        {"ref": "C01:b", "verbatim": "fine", "conversation_id": conversation.id, "account_name": "Globex"},
        {"ref": "C012:c", "verbatim": "fine", "status": "reviewed", "author_email": "Ada@Globex.example"},
        {"ref": "C01:d", "source": "pylon", "source_scope": "org", "account_external_id": "GLOBEX"},
        {"ref": "C01:e", "interpretation": "Wants an EXPORT", "author_external_id": "U1", "deleted_at": NOW},
    ]
    for minutes, row in enumerate(rows):
        add_signal(database, alice.workspace_id, minutes=minutes, **row)
    return conversation.id


@pytest.mark.parametrize(
    ("query", "refs"),
    [
        ({}, "C01:a C01:b C012:c C01:d"),
        ({"include_deleted": "true"}, "C01:a C01:b C012:c C01:d C01:e"),
        ({"q": "COSTS 100% of my_"}, "C01:a"),
        ({"q": "%"}, ""),
        ({"q": "_"}, ""),
        ({"q": "/"}, ""),
        ({"q": "export", "include_deleted": "1"}, "C01:e"),
        ({"source": "pylon"}, "C01:d"),
        ({"status": "reviewed"}, "C012:c"),
        ({"severity": "high"}, "C01:a"),
        ({"account": "globex"}, "C01:b C01:d"),
        ({"author": "ada"}, "C01:a"),
        ({"author": "ada@globex.EXAMPLE"}, "C012:c"),
        ({"channel": "C01"}, "C01:a C01:b"),
        ({"channel": "C0"}, ""),
        ({"channel": "C01%"}, ""),
        ({"since": "2026-11-20T09:59:00Z"}, "C01:a C01:b"),
        ({"since": "2026-11-20T10:59:00+01:00"}, "C01:a C01:b"),
        ({"until": "2026-11-20T09:59:00Z"}, "C012:c C01:d"),
        ({"since": "2026-11-20T09:58:00Z", "until": "2026-11-20T10:00:00Z"}, "C01:b C012:c"),
        ({"q": "", "status": "", "cursor": ""}, "C01:a C01:b C012:c C01:d"),
    ],
)
def test_filters(api: Api, stream: str, query: dict[str, str], refs: str) -> None:
    assert found(api, **query) == refs.split()


def test_a_plus_that_was_not_escaped_is_understood(api: Api, stream: str) -> None:
    answer = api.call("GET", "/signals?since=2026-11-20T10:59:00+01:00")
    assert [item["source_ref"] for item in answer.get_json()["items"]] == ["C01:a", "C01:b"]


def test_the_conversation_filter(api: Api, stream: str) -> None:
    assert found(api, conversation=stream) == ["C01:b"]
    assert found(api, conversation="con_nowhere") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "done"}, "status"),
        ({"severity": "huge"}, "severity"),
        ({"since": "yesterday"}, "since"),
        ({"until": "0001-01-01T00:00:00+14:00"}, "until"),
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"q": "x" * 501}, "q"),
        ({"q": "\x00"}, "q"),
        ({"include_deleted": "perhaps"}, "include_deleted"),
        ({"sort": "asc"}, "sort"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "ü"}, "cursor"),
        ({"cursor": "A" * 5000}, "cursor"),
    ],
)
def test_a_bad_parameter_is_named(api: Api, query: dict[str, str], field: str) -> None:
    answer = api.get("/signals", **query)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]


def test_pages_neither_repeat_nor_skip_while_newer_ones_come_in(api: Api, database: Database, alice: Tenant) -> None:
    for number in range(7):
        add_signal(database, alice.workspace_id, f"C01:{number}", minutes=number // 3)  # several at one moment
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = api.get("/signals", limit=2, cursor=cursor).get_json()
        seen += [item["source_ref"] for item in answer["items"]]
        cursor = answer["next_cursor"]
        add_signal(database, alice.workspace_id, f"C01:new{len(seen)}", minutes=-len(seen))
    assert sorted(seen) == [f"C01:{number}" for number in range(7)]
    assert [int(ref[-1]) // 3 for ref in seen] == [0, 0, 0, 1, 1, 1, 2]


def test_cursors_survive_any_change_to_them() -> None:
    position = (NOW + timedelta(microseconds=1), "sig_01")
    cursor = encode_cursor(position)
    assert decode_cursor(cursor) == position
    for index in range(len(cursor)):
        with pytest.raises(InvalidFields, match="cursor"):
            decode_cursor(cursor[:index] + "!" + cursor[index + 1 :])


def test_a_signal_in_full(api: Api, database: Database, alice: Tenant) -> None:
    identity = add_signal(
        database, alice.workspace_id, "C01:1.1",
        source_url="https://acme.slack.com/archives/C01/p11", interpretation="Slow", frequency="rare",
        user_segment="admins", author_name="Ada", author_affiliation="external", account_name="Globex",
        tags=["export"], links=[{"url": "https://tracker.example/1", "title": "One"}], source_metadata={"a": [1]},
        edited_at=NOW, deleted_at=NOW, created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    assert api.get(f"/signals/{identity}").get_json() == {
        "id": identity, "source": "slack", "source_scope": "", "source_ref": "C01:1.1", "source_version": "1",
        "source_url": "https://acme.slack.com/archives/C01/p11", "verbatim": "words", "interpretation": "Slow",
        "severity": None, "frequency": "rare", "user_segment": "admins",
        "author": {"name": "Ada", "email": None, "external_id": None, "affiliation": "external"},
        "account": {"external_id": None, "name": "Globex"}, "tags": ["export"],
        "links": [{"url": "https://tracker.example/1", "title": "One"}], "conversation_id": None,
        "source_metadata": {"a": [1]}, "status": "new", "is_trivial": False, "occurred_at": "2026-11-20T10:00:00Z",
        "edited_at": "2026-11-20T10:00:00Z", "deleted_at": "2026-11-20T10:00:00Z",
        "created_at": "2026-11-20T10:00:00Z", "updated_at": "2026-11-20T10:00:00Z",
    }  # fmt: skip


def test_a_parameter_that_is_sent_twice_is_named(api: Api) -> None:
    for path in ("/signals?q=a&q=b", "/signals/export?format=csv&format=ndjson", "/events?limit=1&limit=2"):
        refused = api.call("GET", path)
        assert refused.status_code == 422
        assert refused.get_json()["errors"][0]["message"] == "Send this once."
    assert api.call("GET", "/me?x=1&x=2").status_code == 200


def test_small_talk_is_marked_and_hidden_unless_asked_for(database: Database, alice: Tenant, api: Api) -> None:
    add_signal(database, alice.workspace_id, ref="C01:a", verbatim="It stops.")
    add_signal(database, alice.workspace_id, ref="C01:b", verbatim="thanks!", is_trivial=True)
    assert found(api) == ["C01:a"]
    assert found(api, q="thanks") == []
    assert sorted(found(api, include_trivial="true")) == ["C01:a", "C01:b"]
    shown = api.get("/signals", include_trivial="true", q="thanks").get_json()["items"]
    assert [item["is_trivial"] for item in shown] == [True]
    assert sum(day["signals"] for day in api.get("/stats").get_json()["days"]) == 1

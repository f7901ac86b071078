"""Conversations: the latest spoken in first, with their names and what was said."""

from typing import Any

import pytest

from db import Database
from tests.conftest import NOW
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import add_conversation, add_integration, add_reply, add_signal


@pytest.fixture
def talk(database: Database, alice: Tenant) -> dict[str, str]:
    """Three conversations by name: ``old`` spoke again just now, ``gone`` has only deleted words."""
    thread, issue = ("slack_thread", "C1:1.0"), ("pylon_issue", "2f1c")
    made = {
        "old": add_conversation(database, alice.workspace_id, thread, issue),
        "young": add_conversation(database, alice.workspace_id),
        "gone": add_conversation(database, alice.workspace_id),
        "silent": add_conversation(database, alice.workspace_id),
    }
    said: list[tuple[str, int, dict[str, Any]]] = [
        ("old", 60, {}),
        ("old", 0, {"account_name": "Globex"}),
        ("young", 5, {}),
        ("young", 5, {}),
    ]
    for number, (name, minutes, values) in enumerate([*said, ("gone", 1, {"deleted_at": NOW})]):
        add_signal(database, alice.workspace_id, f"r{number}", minutes=minutes, conversation_id=made[name], **values)
    add_signal(database, alice.workspace_id, "r9", minutes=0)
    return made


def test_the_latest_spoken_in_comes_first(api: Api, talk: dict[str, str]) -> None:
    items = api.get("/conversations").get_json()["items"]
    assert [item["id"] for item in items] == [talk["old"], talk["young"]]
    assert items[0]["keys"] == [{"kind": "pylon_issue", "ref": "2f1c"}, {"kind": "slack_thread", "ref": "C1:1.0"}]
    assert [item["signal_count"] for item in items] == [2, 2]
    assert items[0]["last_signal_at"] == "2026-11-20T10:00:00Z"
    assert items[0]["account"] == {"external_id": None, "name": "Globex"}


def test_pages_stay_whole_while_people_speak(api: Api, database: Database, alice: Tenant, talk: dict[str, str]) -> None:
    first = api.get("/conversations", limit=1).get_json()
    add_signal(database, alice.workspace_id, "late", conversation_id=talk["silent"], minutes=-1)
    second = api.get("/conversations", limit=1, cursor=first["next_cursor"]).get_json()
    assert [item["id"] for page in (first, second) for item in page["items"]] == [talk["old"], talk["young"]]
    assert second["next_cursor"] is None
    assert api.get("/conversations").get_json()["items"][0]["id"] == talk["silent"]


def test_a_conversation_is_told_in_order(api: Api, talk: dict[str, str]) -> None:
    answer = api.get(f"/conversations/{talk['old']}")
    shown: dict[str, Any] = answer.get_json()
    assert [signal["source_ref"] for signal in shown["signals"]] == ["r0", "r1"]
    assert (shown["signal_count"], shown["last_signal_at"]) == (2, "2026-11-20T10:00:00Z")
    same = api.call("GET", f"/conversations/{talk['old']}", headers={"If-None-Match": answer.headers["ETag"]})
    assert same.status_code == 304


def test_deleted_words_are_shown_where_they_stood_and_not_counted(api: Api, talk: dict[str, str]) -> None:
    shown = api.get(f"/conversations/{talk['gone']}").get_json()
    assert (shown["signal_count"], shown["last_signal_at"], shown["account"]) == (0, None, None)
    assert [signal["deleted_at"] for signal in shown["signals"]] == ["2026-11-20T10:00:00Z"]
    assert api.get(f"/conversations/{talk['silent']}").get_json()["signals"] == []


def test_other_workspaces_hear_nothing(bobs_api: Api, talk: dict[str, str]) -> None:
    assert bobs_api.get("/conversations").get_json() == {"items": [], "next_cursor": None}
    assert bobs_api.get(f"/conversations/{talk['old']}").status_code == 404


def test_what_colleagues_reply_is_its_context(api: Api, bobs_api: Api, database: Database, alice: Tenant) -> None:
    talk = add_conversation(database, alice.workspace_id, ("slack_thread", "C01:1763632800.000100"))
    add_signal(database, alice.workspace_id, "C01:1763632800.000100", conversation_id=talk)
    integration = add_integration(database, alice.workspace_id, "slack", slack_team_id="T0HOME")
    event = add_reply(database, alice.workspace_id, integration)
    (said,) = api.get(f"/conversations/{talk}").get_json()["context"]
    assert (said["words"], said["reason"], said["ref"]) == (
        "We look into it.", "internal_author", "C01:1763632860.000200",
    )  # fmt: skip
    assert said["author"] == {"name": None, "email": None, "external_id": "U0KIM", "affiliation": "internal"}
    assert api.get(f"/conversations/{talk}").get_json()["signal_count"] == 1
    assert api.post("/erasures", {"author": "U0KIM"}).status_code == 200
    assert api.get(f"/conversations/{talk}").get_json()["context"] == []
    assert api.get(f"/events/{event}").get_json()["payload"] is None

"""What arrived and what became of it."""

from typing import Any

import pytest

from db import Database, Event
from tests.conftest import NOW
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import add_event, add_integration, add_key, add_receipt, add_signal


@pytest.fixture
def arrived(database: Database, alice: Tenant, bob: Tenant) -> dict[str, str]:
    """One event of each kind, the newest first."""
    ours, theirs = (add_integration(database, tenant.workspace_id) for tenant in (alice, bob))
    key = add_key(database, alice.workspace_id, "digest")
    signal = add_signal(database, alice.workspace_id)
    events = {
        "waiting": add_event(database, integration_id=ours, minutes=1),
        "failed": add_event(database, platform="webhook", webhook_key_id=key, state="failed", reason="bad", minutes=2),
        "captured": add_event(database, platform="slack", type="message", state="processed", minutes=3),
        "ignored": add_event(database, platform="slack", type="reaction", state="ignored", minutes=4),
        "theirs": add_event(database, integration_id=theirs, minutes=5),
        "nobodys": add_event(database, platform="slack", minutes=6),
    }
    add_receipt(database, events["captured"], alice.workspace_id, signal_id=signal, integration_id=ours)
    add_receipt(database, events["captured"], bob.workspace_id, outcome="ignored", reason="internal_author")
    add_receipt(database, events["ignored"], alice.workspace_id, outcome="ignored", reason="not_words")
    return {identity: name for name, identity in events.items()} | {"signal": signal, "ours": ours}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, "waiting failed captured ignored"),
        ({"state": "failed"}, "failed"),
        ({"platform": "slack"}, "captured ignored"),
        ({"type": "reaction"}, "ignored"),
        ({"outcome": "ignored"}, "ignored"),
        ({"outcome": "captured", "state": "processed"}, "captured"),
        ({"platform": "fax"}, ""),
    ],
)
def test_the_workspaces_events_with_filters(
    api: Api, arrived: dict[str, str], query: dict[str, str], names: str
) -> None:
    items = api.get("/events", **query).get_json()["items"]
    assert [arrived[item["id"]] for item in items] == names.split()


@pytest.mark.parametrize("state", ["failed", "pending"])
def test_what_waits_or_failed_by_each_way_that_it_concerns_the_workspace(
    api: Api, database: Database, alice: Tenant, bob: Tenant, state: str
) -> None:
    ours, theirs = (add_integration(database, tenant.workspace_id) for tenant in (alice, bob))
    key = add_key(database, alice.workspace_id, "digest")
    shared = add_event(database, platform="slack", type="message", state=state, minutes=1)
    by_key = add_event(database, platform="webhook", webhook_key_id=key, state=state, minutes=2)
    both = add_event(database, integration_id=ours, state=state, minutes=3)
    by_door = add_event(database, integration_id=ours, state=state, minutes=4)
    bobs = add_event(database, integration_id=theirs, state=state, minutes=5)
    nobodys = add_event(database, platform="slack", state=state, minutes=6)
    for event, workspace in ((shared, alice), (shared, bob), (both, alice), (bobs, bob)):
        add_receipt(database, event, workspace.workspace_id, outcome="failed", integration_id=None)

    def found(**query: str) -> list[str]:
        first = api.get("/events", state=state, limit=2, **query).get_json()
        after = first["next_cursor"]
        rest = api.get("/events", state=state, cursor=after, **query).get_json()["items"] if after else []
        return [item["id"] for item in [*first["items"], *rest]]

    assert found() == [shared, by_key, both, by_door]
    assert found(outcome="failed") == [shared, both]
    assert found(platform="pylon") == [both, by_door]
    assert found(type="message") == [shared]
    assert not {bobs, nobodys} & set(found())


def test_each_workspace_sees_its_own_outcome(api: Api, bobs_api: Api, arrived: dict[str, str]) -> None:
    captured = api.get("/events", outcome="captured").get_json()["items"][0]
    assert captured["receipt"] == {
        "outcome": "captured", "reason": None, "signal_id": arrived["signal"], "integration_id": arrived["ours"],
    }  # fmt: skip
    bobs = bobs_api.get(f"/events/{captured['id']}").get_json()["receipt"]
    assert (bobs["outcome"], bobs["reason"], bobs["signal_id"]) == ("ignored", "internal_author", None)


def test_an_event_without_a_receipt_has_no_outcome_yet(api: Api, arrived: dict[str, str]) -> None:
    waiting, failed = api.get("/events", limit=2).get_json()["items"]
    empty = {"outcome": None, "reason": None, "signal_id": None}
    assert waiting["receipt"] == empty | {"integration_id": arrived["ours"]}
    assert failed["receipt"] == empty | {"integration_id": None}
    assert (failed["reason"], failed["received_at"]) == ("bad", "2026-11-20T09:58:00Z")


def test_what_an_event_is_called_while_it_waits_is_nobodys_word(api: Api, database: Database, alice: Tenant) -> None:
    door = add_integration(database, alice.workspace_id)
    waits = add_event(database, integration_id=door, external_id="waiting:0b6f")
    named = add_event(database, integration_id=door, external_id="Ev1", minutes=1)
    assert [api.get(f"/events/{id_}").get_json()["external_id"] for id_ in (waits, named)] == [None, "Ev1"]


def test_pages(api: Api, arrived: dict[str, str]) -> None:
    first = api.get("/events", limit=3).get_json()
    second = api.get("/events", limit=3, cursor=first["next_cursor"]).get_json()
    assert [arrived[item["id"]] for item in second["items"]] == ["ignored"]


def test_the_payload_is_for_admins(api: Api, database: Database, alice: Tenant) -> None:
    integration = add_integration(database, alice.workspace_id)
    event = add_event(database, integration_id=integration, payload=b'\xff{"a": "\x00"}')
    assert api.get(f"/events/{event}").get_json()["payload"] == '\ufffd{"a": "\x00"}'
    assert Api(api.client, alice.tokens["write"]).get(f"/events/{event}").get_json()["payload"] is None
    assert "payload" not in api.get("/events").get_json()["items"][0]


def test_replay_makes_an_event_pending_again(api: Api, database: Database, alice: Tenant, woken: list[str]) -> None:
    done: dict[str, Any] = {"state": "failed", "reason": "bad", "attempts": 9, "processed_at": NOW}
    event = add_event(database, integration_id=add_integration(database, alice.workspace_id), **done)
    answer = Api(api.client, alice.tokens["write"]).post(f"/events/{event}/replay")
    assert answer.status_code == 202
    shown = answer.get_json()
    assert (shown["state"], shown["reason"], shown["attempts"]) == ("pending", None, 0)
    assert woken == ["process"]
    with database.read() as session:
        assert session.get_one(Event, event).due_at == NOW


def test_only_own_events_are_replayed(
    bobs_api: Api, database: Database, arrived: dict[str, str], woken: list[str]
) -> None:
    for event in [identity for identity, name in arrived.items() if name in ("waiting", "failed", "nobodys")]:
        assert bobs_api.post(f"/events/{event}/replay").status_code == 404
    assert woken == []

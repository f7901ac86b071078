"""Many signals changed and many events replayed at once: all of them or none."""

from db import AuditEntry, Database, Event, Signal
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import add_event, add_integration, add_signal


def test_many_signals_change_at_once(api: Api, database: Database, alice: Tenant) -> None:
    ids = [add_signal(database, alice.workspace_id, f"C1:{number}") for number in range(3)]
    asked = {"signal_ids": [ids[2], ids[0], ids[2]], "changes": {"status": "archived", "severity": "low"}}
    answer = api.post("/signals/changes", asked)
    assert answer.status_code == 200
    assert [item["id"] for item in answer.get_json()["items"]] == [ids[2], ids[0]]
    with database.read() as session:
        assert [session.get_one(Signal, each).status for each in ids] == ["archived", "new", "archived"]
        assert session.query(AuditEntry).filter_by(action="signal.changed").count() == 2


def test_none_changes_when_one_is_not_there(api: Api, database: Database, alice: Tenant, bob: Tenant) -> None:
    own, foreign = add_signal(database, alice.workspace_id), add_signal(database, bob.workspace_id)
    for other in (foreign, "none", "\u2603"):
        asked = {"signal_ids": [own, other], "changes": {"status": "archived"}}
        assert api.post("/signals/changes", asked).status_code == 404
    with database.read() as session:
        assert {session.get_one(Signal, each).status for each in (own, foreign)} == {"new"}


def test_wrong_changes_of_many_are_named(api: Api, alice: Tenant) -> None:
    wrong: list[dict[str, object]] = [
        {"signal_ids": []}, {"signal_ids": ["x"], "changes": {"status": "x"}}, {"signal_ids": ["x"] * 501},
    ]  # fmt: skip
    for body in wrong:
        assert api.post("/signals/changes", {"changes": {}, **body}).status_code == 422
    reader = Api(api.client, alice.tokens["read"])
    assert reader.post("/signals/changes", {"signal_ids": ["x"], "changes": {}}).status_code == 403


def test_many_events_are_replayed_at_once(api: Api, database: Database, alice: Tenant, woken: list[str]) -> None:
    integration = add_integration(database, alice.workspace_id)
    ids = [add_event(database, integration_id=integration, state="failed", minutes=n) for n in range(3)]
    answer = api.post("/events/replay", {"event_ids": [ids[1], ids[0], ids[1]]})
    assert answer.status_code == 202
    assert [(item["id"], item["state"]) for item in answer.get_json()["items"]] == [
        (ids[1], "pending"), (ids[0], "pending"),
    ]  # fmt: skip
    assert woken == ["process"]
    with database.read() as session:
        assert session.get_one(Event, ids[2]).state == "failed"


def test_none_is_replayed_when_one_is_not_there(api: Api, bobs_api: Api, database: Database, alice: Tenant) -> None:
    event = add_event(database, integration_id=add_integration(database, alice.workspace_id), state="failed")
    assert api.post("/events/replay", {"event_ids": [event, "none"]}).status_code == 404
    assert bobs_api.post("/events/replay", {"event_ids": [event]}).status_code == 404
    assert api.post("/events/replay", {"event_ids": []}).status_code == 422
    with database.read() as session:
        assert session.get_one(Event, event).state == "failed"

"""What a signal said before, and why it was captured."""

from datetime import timedelta

from db import Database, Signal, SignalRevision
from tests.conftest import NOW
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import add_event, add_integration, add_receipt, add_signal


def add_revision(database: Database, alice: Tenant, signal_id: str, number: int) -> None:
    with database.write() as session:
        session.add(
            SignalRevision(
                signal_id=signal_id, source_version=str(number), workspace_id=alice.workspace_id,
                verbatim=f"words {number}", replaced_at=NOW + timedelta(minutes=number),
            )
        )  # fmt: skip


def test_edits_are_told_the_latest_first_and_in_pages(api: Api, database: Database, alice: Tenant) -> None:
    signal_id = add_signal(database, alice.workspace_id)
    for number in range(3):
        add_revision(database, alice, signal_id, number)
    first = api.get(f"/signals/{signal_id}/revisions", limit=2).get_json()
    assert first["items"] == [
        {"source_version": "2", "verbatim": "words 2", "replaced_at": "2026-11-20T10:02:00Z"},
        {"source_version": "1", "verbatim": "words 1", "replaced_at": "2026-11-20T10:01:00Z"},
    ]
    rest = api.get(f"/signals/{signal_id}/revisions", limit=2, cursor=first["next_cursor"]).get_json()
    assert ([item["verbatim"] for item in rest["items"]], rest["next_cursor"]) == (["words 0"], None)


def test_of_a_deleted_signal_nothing_is_told_that_it_said(api: Api, database: Database, alice: Tenant) -> None:
    signal_id = add_signal(database, alice.workspace_id)
    add_revision(database, alice, signal_id, 1)
    with database.write() as session:
        session.get_one(Signal, signal_id).deleted_at = NOW
    assert api.get(f"/signals/{signal_id}/revisions").get_json() == {"items": [], "next_cursor": None}


def test_receipts_say_why_it_was_captured(api: Api, database: Database, alice: Tenant, bob: Tenant) -> None:
    signal_id = add_signal(database, alice.workspace_id)
    integration = add_integration(database, alice.workspace_id)
    said = add_event(database, integration_id=integration, minutes=5, state="processed")
    edited = add_event(database, integration_id=integration, minutes=3, state="processed")
    elsewhere = add_event(database, integration_id=integration, state="processed")
    add_receipt(database, said, alice.workspace_id, signal_id=signal_id, integration_id=integration)
    add_receipt(database, edited, alice.workspace_id, signal_id=signal_id, outcome="superseded", reason="older")
    add_receipt(database, said, bob.workspace_id)
    add_receipt(database, elsewhere, alice.workspace_id)
    path = f"/signals/{signal_id}/receipts"
    first = api.get(path, limit=1).get_json()
    assert first["items"] == [
        {"event_id": edited, "platform": "pylon", "type": "issue", "outcome": "superseded", "reason": "older",
         "integration_id": None, "received_at": "2026-11-20T09:57:00Z"},
    ]  # fmt: skip
    rest = api.get(path, limit=1, cursor=first["next_cursor"]).get_json()
    [receipt] = rest["items"]
    assert (receipt["event_id"], receipt["integration_id"], rest["next_cursor"]) == (said, integration, None)


def test_a_token_that_reads_is_enough_and_others_find_nothing(
    api: Api, bobs_api: Api, database: Database, alice: Tenant
) -> None:
    signal_id = add_signal(database, alice.workspace_id)
    reader = Api(api.client, alice.tokens["read"])
    for what in ("revisions", "receipts"):
        assert reader.get(f"/signals/{signal_id}/{what}").get_json() == {"items": [], "next_cursor": None}
        assert bobs_api.get(f"/signals/{signal_id}/{what}").status_code == 404
    assert reader.get("/accounts").status_code == 200
    assert reader.post("/erasures", {"author": "U1", "dry_run": True}).status_code == 403

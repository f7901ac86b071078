"""What a person or an account said is erased for good."""

from typing import Any

import pytest

from core.signal import Author, Capture
from db import AuditEntry, Database, DirectoryEntry, Event, Receipt, Signal, SignalRevision
from pipeline.places import Place, Placed
from pipeline.signals import write_signals
from tests.conftest import NOW, StillClock
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import add_event, add_integration, add_receipt, add_reply, add_signal

PRIYA = {"author_external_id": "U0456", "author_email": "priya@globex.example", "author_name": "Priya",
       "account_external_id": "T0789", "account_name": "Globex"}  # fmt: skip


def everything(database: Database) -> str:
    """All that the database holds of signals and events, as text."""
    with database.read() as session:
        rows: list[Any] = [
            *session.query(Signal), *session.query(SignalRevision), *session.query(Event), *session.query(Receipt),
        ]  # fmt: skip
        return " ".join(str({name: value for name, value in vars(row).items() if name[0] != "_"}) for row in rows)


@pytest.mark.parametrize("whose", [
    {"author": "U0456"}, {"author": "PRIYA@globex.example"}, {"account": "T0789"}, {"account": "globex"},
])  # fmt: skip
def test_words_authors_and_payloads_go(api: Api, database: Database, alice: Tenant, whose: dict[str, str]) -> None:
    said = add_signal(
        database, alice.workspace_id, verbatim="the sesame plan", interpretation="sesame", tags=["sesame"],
        source_metadata={"sesame": "sesame"}, links=[{"url": "https://sesame.example"}], user_segment="sesame", **PRIYA,
    )  # fmt: skip
    other = add_signal(database, alice.workspace_id, "C01:2.2", verbatim="barley", author_external_id="U9")
    event = add_event(database, integration_id=add_integration(database, alice.workspace_id), payload=b'"sesame"')
    add_receipt(database, event, alice.workspace_id, signal_id=said)
    with database.write() as session:
        session.add(
            SignalRevision(
                signal_id=said, source_version="0", workspace_id=alice.workspace_id, verbatim="sesame", replaced_at=NOW
            )
        )
    answer = api.post("/erasures", whose)
    assert (answer.status_code, answer.get_json()) == (200, {"found": 1, "erased": 1})
    left = everything(database).lower()
    for word in ("sesame", "priya", "u0456", "globex", "t0789"):
        assert word not in left
    assert "barley" in left
    shown = api.get(f"/events/{event}").get_json()
    assert (shown["receipt"]["outcome"], shown["receipt"]["reason"], shown["payload"]) == ("captured", "erased", None)
    assert [item["id"] for item in api.get("/signals").get_json()["items"]] == [other]
    assert api.get("/signals", q="sesame", include_deleted=True).get_json()["items"] == []
    assert api.post("/erasures", whose).get_json() == {"found": 0, "erased": 0}
    with database.read() as session:
        assert "priya" not in str([entry.details for entry in session.query(AuditEntry)]).lower()


def test_neither_a_replay_nor_a_late_event_brings_them_back(
    api: Api, database: Database, alice: Tenant, clock: StillClock
) -> None:
    said = add_signal(database, alice.workspace_id, "C01:1.1", verbatim="sesame", **PRIYA)
    event = add_event(database, state="processed", integration_id=add_integration(database, alice.workspace_id))
    add_receipt(database, event, alice.workspace_id, signal_id=said)
    api.post("/erasures", {"author": "U0456"})
    replayed = api.post(f"/events/{event}/replay")
    assert (replayed.status_code, replayed.get_json()["code"]) == (409, "event_erased")
    late = Capture("C01:1.1", "9999999999.999999", "sesame", NOW, author=Author("Priya"), edited_at=NOW)
    placed = Placed(Place(alice.workspace_id, "slack", "", "C01:1.1"), late)
    with database.write() as session:
        written = write_signals(session, [placed], clock.advance(hours=1))[id(placed)]
    assert (written.outcome, written.signal_id) == ("superseded", said)
    assert "sesame" not in everything(database)


def test_another_workspaces_copy_stays(api: Api, bobs_api: Api, database: Database, alice: Tenant, bob: Tenant) -> None:
    event = add_event(database, platform="slack", payload=b'"sesame"', state="processed")
    for tenant in (alice, bob):
        add_receipt(database, event, tenant.workspace_id, signal_id=add_signal(database, tenant.workspace_id, **PRIYA))
    api.post("/erasures", {"author": "U0456"})
    assert api.get(f"/events/{event}").get_json()["payload"] is None
    assert api.post(f"/events/{event}/replay").status_code == 409
    assert bobs_api.get(f"/events/{event}").get_json()["payload"] == '"sesame"'
    assert len(bobs_api.get("/signals", author="priya").get_json()["items"]) == 1
    assert bobs_api.post(f"/events/{event}/replay").status_code == 202
    assert api.get(f"/events/{event}").get_json()["payload"] is None


@pytest.mark.parametrize("body", [{}, {"author": " "}, {"author": "a", "account": "b"}, {"author": 7}, {"name": "x"}])
def test_one_author_or_one_account_is_named(api: Api, body: dict[str, Any]) -> None:
    assert api.post("/erasures", body).status_code == 422


def test_many_signals_are_erased(api: Api, database: Database, alice: Tenant) -> None:
    with database.write() as session:
        for number in range(1203):
            session.add(Signal(
                workspace_id=alice.workspace_id, source="slack", source_ref=f"C1:{number}", source_version="1",
                verbatim="words", occurred_at=NOW, **PRIYA,
            ))  # fmt: skip
    assert api.post("/erasures", {"account": "Globex"}).get_json() == {"found": 1203, "erased": 1203}


def test_stats_count_by_day_and_source(api: Api, database: Database, alice: Tenant, bob: Tenant) -> None:
    for ref, minutes in (("a", 0), ("b", 1), ("c", 24 * 60), ("d", 200 * 24 * 60)):
        add_signal(database, alice.workspace_id, ref, minutes=minutes)
    add_signal(database, alice.workspace_id, "e", source="pylon")
    add_signal(database, bob.workspace_id, "f")
    door = add_integration(database, alice.workspace_id)
    add_event(database, integration_id=door, minutes=3, due_at=NOW)
    add_event(database, integration_id=door, minutes=9, state="failed")
    stats = api.get("/stats").get_json()
    assert [(day["day"], day["source"], day["signals"]) for day in stats["days"]] == [
        ("2026-11-19", "slack", 1), ("2026-11-20", "pylon", 1), ("2026-11-20", "slack", 2),
    ]  # fmt: skip
    assert (stats["pending"], stats["failed"], stats["complete_up_to"]) == (1, 1, "2026-11-20T09:57:00Z")
    assert len(api.get("/stats", days=1).get_json()["days"]) == 2
    assert api.get("/stats", days=91).status_code == 422


def test_large_counts_are_told_again_for_a_minute(
    api: Api, database: Database, alice: Tenant, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted(days: int) -> int:
        return sum(day["signals"] for day in api.get("/stats", days=days).get_json()["days"])

    monkeypatch.setattr("web.actions.daily_counts.LARGE", 1)
    add_signal(database, alice.workspace_id, "C1:1.0")
    assert counted(30) == 1
    add_signal(database, alice.workspace_id, "C1:2.0")
    assert counted(30) == 2
    add_signal(database, alice.workspace_id, "C1:3.0")
    assert (counted(30), counted(29)) == (2, 3)
    clock.advance(minutes=1)
    assert counted(30) == 3


@pytest.mark.parametrize("whose", ["U0456", "priya@globex.example"])
def test_what_platforms_told_of_the_person_goes_too(api: Api, database: Database, alice: Tenant, whose: str) -> None:
    slack = add_integration(database, alice.workspace_id, "slack")
    add_signal(database, alice.workspace_id, verbatim="sesame", **PRIYA)
    with database.write() as session:
        for ref in ("U0456", "U9"):
            session.add(DirectoryEntry(integration_id=slack, kind="user", ref=ref, name=ref))
    api.post("/erasures", {"author": whose})
    with database.read() as session:
        assert [entry.ref for entry in session.query(DirectoryEntry)] == ["U9"]


def test_a_dry_run_only_counts(api: Api, bobs_api: Api, database: Database, alice: Tenant) -> None:
    for number in range(3):
        add_signal(database, alice.workspace_id, f"C01:{number}", **PRIYA)
    for whose in ({"author": "U0456"}, {"account": "globex"}):
        assert api.post("/erasures", {**whose, "dry_run": True}).get_json() == {"found": 3, "erased": 0}
        assert bobs_api.post("/erasures", {**whose, "dry_run": True}).get_json() == {"found": 0, "erased": 0}
    assert len(api.get("/signals").get_json()["items"]) == 3
    with database.read() as session:
        assert session.query(AuditEntry).count() == 0
    assert api.post("/erasures", {"author": "U0456", "dry_run": "yes"}).status_code == 422
    assert api.post("/erasures", {"author": "U0456", "dry_run": False}).get_json() == {"found": 3, "erased": 3}


def test_what_was_said_and_not_kept_goes_by_e_mail_too(
    api: Api, bobs_api: Api, database: Database, alice: Tenant, bob: Tenant
) -> None:
    ours = add_integration(database, alice.workspace_id, "slack", slack_team_id="T0HOME")
    theirs = add_integration(database, bob.workspace_id, "slack", slack_team_id="T0OTHER")
    mine, bobs = add_reply(database, alice.workspace_id, ours), add_reply(database, bob.workspace_id, theirs)
    with database.write() as session:
        session.add(
            DirectoryEntry(integration_id=ours, kind="user", ref="U0KIM", facts={"email": "kim@acme.example"},
                           fetched_at=NOW)
        )  # fmt: skip
    assert api.post("/erasures", {"author": "Kim@acme.example"}).get_json() == {"found": 0, "erased": 0}
    with database.read() as session:
        assert (session.get_one(Event, mine).payload, session.get_one(Event, mine).reason) == (b"", "erased")
        assert b"look into it" in session.get_one(Event, bobs).payload
    assert bobs_api.post("/erasures", {"author": "kim@acme.example"}).status_code == 200

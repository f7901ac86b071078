"""Keys for the generic webhook, from their making to their end."""

import base64
from datetime import timedelta

from core.digests import Digester
from db import AuditEntry, Database, Event, WebhookKey
from tests.conftest import NOW, StillClock
from tests.web.api.conftest import Api

FIELDS = {"id", "name", "api_key_hint", "is_active", "last_used_at", "previous_secret_expires_at", "created_at"}


def test_key_and_secret_are_shown_once(api: Api, database: Database, digester: Digester) -> None:
    answer = api.post("/webhook-keys", {"name": " Ask Elephant "})
    assert answer.status_code == 201
    made = answer.get_json()
    assert made.keys() == FIELDS | {"api_key", "secret"}
    assert (made["name"], made["is_active"], made["last_used_at"]) == ("Ask Elephant", True, None)
    assert made["api_key"].startswith("sbk_")
    assert made["api_key_hint"] == f"sbk_…{made['api_key'][-4:]}"
    assert len(base64.b64decode(made["secret"].removeprefix("whsec_"), validate=True)) == 32
    with database.read() as session:
        row = session.get_one(WebhookKey, made["id"])
        assert row.api_key == digester.digest("webhook_key", made["api_key"])
        assert row.secret == made["secret"]
    later = api.get("/webhook-keys").text + api.get(f"/webhook-keys/{made['id']}").text
    assert made["api_key"] not in later
    assert made["secret"] not in later


def test_rotation_changes_only_the_secret(api: Api, database: Database, clock: StillClock) -> None:
    made = api.post("/webhook-keys", {"name": "Zapier"}).get_json()
    rotated = api.post(f"/webhook-keys/{made['id']}/rotate").get_json()
    assert rotated.keys() == FIELDS | {"secret"}
    assert rotated["secret"] != made["secret"]
    assert rotated["previous_secret_expires_at"] == "2026-11-21T10:00:00Z"
    with database.read() as session:
        row = session.get_one(WebhookKey, made["id"])
        assert (row.secret, row.previous_secret) == (rotated["secret"], made["secret"])
        assert row.previous_secret_expires_at == NOW + timedelta(hours=24)


def test_a_key_can_be_stopped_and_started_without_deleting(api: Api) -> None:
    path = f"/webhook-keys/{api.post('/webhook-keys', {'name': 'Zapier'}).get_json()['id']}"
    verbs = ("deactivate", "deactivate", "activate")
    assert [api.post(f"{path}/{verb}").get_json()["is_active"] for verb in verbs] == [False, False, True]
    assert api.get(path).get_json()["is_active"] is True


def test_a_deleted_key_is_gone(api: Api, database: Database) -> None:
    path = f"/webhook-keys/{api.post('/webhook-keys', {'name': 'Zapier'}).get_json()['id']}"
    assert api.delete(path).status_code == 204
    assert api.delete(path).status_code == 404
    assert api.get("/webhook-keys").get_json() == {"items": [], "next_cursor": None}
    with database.read() as session:
        assert {entry.action for entry in session.query(AuditEntry)} == {"webhook_key.created", "webhook_key.deleted"}


def test_a_key_is_not_deleted_under_its_pending_events(api: Api, database: Database) -> None:
    key_id = api.post("/webhook-keys", {"name": "Zapier"}).get_json()["id"]
    with database.write() as session:
        session.add(Event(platform="webhook", webhook_key_id=key_id, type="signal", payload=b"{}", due_at=NOW))
    refused = api.delete(f"/webhook-keys/{key_id}")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "events_pending")
    with database.write() as session:
        session.query(Event).update({"state": "processed"})
    assert api.delete(f"/webhook-keys/{key_id}").status_code == 204


def test_a_key_needs_a_name(api: Api) -> None:
    for body in ({}, {"name": ""}, {"name": 5}, {"name": "x" * 201}):
        answer = api.post("/webhook-keys", body)
        assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "name")

"""The workspace's own settings, and another workspace."""

from datetime import timedelta
from typing import Any

import pytest

from core.digests import Digester
from db import AuditEntry, Database, WorkspaceMember
from tests.conftest import NOW
from tests.web.api.conftest import Api, Tenant
from tests.web.api.people import add_member, add_token


def test_a_workspace_is_renamed_and_keeps_for_so_many_days(api: Api, database: Database, alice: Tenant) -> None:
    before = api.get("/workspace")
    assert before.get_json()["name"] == "Alice"
    assert before.get_json()["retention_days"] is None
    changed = api.patch("/workspace", {"name": "Acme", "retention_days": 90.0})
    assert (changed.get_json()["name"], changed.get_json()["retention_days"]) == ("Acme", 90)
    assert changed.headers["ETag"] == api.get("/workspace").headers["ETag"] != before.headers["ETag"]
    assert api.patch("/workspace", {"retention_days": None}).get_json()["retention_days"] is None
    with database.read() as session:
        entries = session.query(AuditEntry).order_by(AuditEntry.id)
        assert [entry.action for entry in entries] == ["workspace.changed", "workspace.changed"]


def test_a_state_that_is_over_is_not_overwritten(api: Api) -> None:
    etag = api.get("/workspace").headers["ETag"]
    for name, status in (("Acme", 200), ("Globex", 412)):
        answer = api.call("PATCH", "/workspace", json={"name": name}, headers={"If-Match": etag})
        assert answer.status_code == status
    assert api.get("/workspace").get_json()["name"] == "Acme"
    assert api.call("GET", "/workspace", headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(
    "body", [{"name": " "}, {"slug": "x"}, *({"retention_days": days} for days in (0, "7", 7.5, True))]
)
def test_what_cannot_be_is_refused(api: Api, body: dict[str, Any]) -> None:
    assert api.patch("/workspace", body).status_code == 422


def test_another_workspace_comes_with_a_token_of_its_own(api: Api, database: Database, alice: Tenant) -> None:
    made = api.post("/workspaces", {"name": "Acme Europe"})
    assert made.status_code == 201
    body = made.get_json()
    assert body["slug"] == "acme-europe"
    other = Api(api.client, body["api_token"])
    assert other.get("/workspace").get_json() == {name: value for name, value in body.items() if name != "api_token"}
    assert other.get("/signals").get_json()["items"] == []
    assert api.get("/workspace").get_json()["name"] == "Alice"
    with database.read() as session:
        assert session.get_one(WorkspaceMember, (body["id"], alice.user_id)).role == "owner"


def test_its_token_lives_no_longer_than_the_one_that_asked(
    api: Api, database: Database, digester: Digester, alice: Tenant
) -> None:
    ends = NOW + timedelta(days=1)
    brief = Api(api.client, add_token(database, digester, alice.workspace_id, alice.user_id, "admin", ends=ends))
    other = Api(api.client, brief.post("/workspaces", {"name": "x"}).get_json()["api_token"])
    assert other.get("/me").get_json()["token"]["expires_at"] == "2026-11-21T10:00:00Z"


def test_only_owners_make_workspaces(api: Api, database: Database, digester: Digester, alice: Tenant) -> None:
    admin = add_member(database, alice.workspace_id, "eve", "admin")
    token = add_token(database, digester, alice.workspace_id, admin, "admin")
    refused = Api(api.client, token).post("/workspaces", {"name": "Hers"})
    assert (refused.status_code, refused.get_json()["code"]) == (403, "workspace_creation_forbidden")
    assert Api(api.client, alice.tokens["write"]).post("/workspaces", {"name": "x"}).status_code == 403

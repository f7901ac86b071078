"""Saved views: the console's, read and kept by programs."""

from typing import Any

import pytest

from db import AuditEntry, Database
from tests.web.api.conftest import Api, Tenant
from web.actions import saved_views

VIEW = {"name": "Urgent  exports ", "query": {"q": " export ", "severity": "high", "since": "2026-11-01"}}


def test_a_view_is_kept_listed_and_forgotten(api: Api, bobs_api: Api, database: Database, alice: Tenant) -> None:
    made = api.post("/saved-views", VIEW)
    assert made.status_code == 201
    view = made.get_json()
    assert view["name"] == "Urgent exports"
    assert view["query"] == {"q": "export", "severity": "high", "since": "2026-11-01"}
    assert view["created_by"] == alice.user_id
    assert api.get("/saved-views").get_json() == {"items": [view], "next_cursor": None}
    assert bobs_api.get("/saved-views").get_json()["items"] == []
    assert bobs_api.delete(f"/saved-views/{view['id']}").status_code == 404
    assert api.delete(f"/saved-views/{view['id']}").status_code == 204
    assert api.get("/saved-views").get_json()["items"] == []
    with database.read() as session:
        assert [row.action for row in session.query(AuditEntry)] == ["saved_view.created", "saved_view.deleted"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": " ", "query": {"q": "x"}}, "name"),
        ({"name": "x" * 81, "query": {"q": "x"}}, "name"),
        ({"name": "x", "query": {}}, "query"),
        ({"name": "x", "query": {"q": " "}}, "query.q"),
        ({"name": "x", "query": {"status": "gone"}}, "query.status"),
        ({"name": "x", "query": {"since": "2026-02-31"}}, "query.since"),
        ({"name": "x", "query": {"limit": "3"}}, "query.limit"),
    ],
)
def test_what_cannot_be_looked_for_is_refused_by_name(api: Api, body: dict[str, Any], field: str) -> None:
    answer = api.post("/saved-views", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]


def test_there_are_so_many_at_most(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MOST", 1)
    assert [api.post("/saved-views", VIEW).status_code for _ in range(2)] == [201, 422]


def test_readers_look_and_writers_keep(api: Api, alice: Tenant) -> None:
    reader, writer = Api(api.client, alice.tokens["read"]), Api(api.client, alice.tokens["write"])
    assert reader.get("/saved-views").status_code == 200
    assert reader.post("/saved-views", VIEW).status_code == 403
    assert writer.post("/saved-views", VIEW).status_code == 201

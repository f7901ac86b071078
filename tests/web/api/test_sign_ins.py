"""Where people are signed in and with what: each sees and ends their own."""

from datetime import timedelta

from db import Database
from tests.conftest import NOW
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import add_identity, add_session


def test_sessions_that_live_are_listed_in_pages(api: Api, bobs_api: Api, database: Database, alice: Tenant) -> None:
    made = [add_session(database, alice.user_id, created_at=NOW - timedelta(hours=hours)) for hours in range(3)]
    add_session(database, alice.user_id, revoked_at=NOW)
    add_session(database, alice.user_id, expires_at=NOW)
    add_session(database, alice.user_id, last_seen_at=NOW - timedelta(days=7))
    first = api.get("/me/sessions", limit=2).get_json()
    second = api.get("/me/sessions", limit=2, cursor=first["next_cursor"]).get_json()
    assert [each["id"] for each in first["items"] + second["items"]] == made
    assert second["next_cursor"] is None
    assert bobs_api.get("/me/sessions").get_json()["items"] == []


def test_one_session_ends_or_all_of_them(
    api: Api, bobs_api: Api, *, database: Database, alice: Tenant, bob: Tenant
) -> None:
    ended, other, _ = [add_session(database, alice.user_id, created_at=NOW - timedelta(hours=n)) for n in range(3)]
    add_session(database, bob.user_id)
    assert bobs_api.delete(f"/me/sessions/{ended}").status_code == 404
    assert api.delete(f"/me/sessions/{ended}").status_code == 204
    assert api.delete(f"/me/sessions/{ended}").status_code == 404
    left = [each["id"] for each in api.get("/me/sessions").get_json()["items"]]
    assert (len(left), left[0]) == (2, other)
    assert api.delete("/me/sessions").status_code == 204
    assert api.get("/me/sessions").get_json()["items"] == []
    assert len(bobs_api.get("/me/sessions").get_json()["items"]) == 1


def test_identities_are_listed_and_disconnected(api: Api, bobs_api: Api, database: Database, alice: Tenant) -> None:
    later, sooner = (
        add_identity(database, alice.user_id, "2"),
        add_identity(database, alice.user_id, "1", created_at=NOW - timedelta(days=1)),
    )
    assert [each["id"] for each in api.get("/me/identities").get_json()["items"]] == [later, sooner]
    assert bobs_api.delete(f"/me/identities/{later}").status_code == 404
    assert api.delete(f"/me/identities/{later}").status_code == 204
    assert api.delete(f"/me/identities/{later}").status_code == 404
    assert [each["subject"] for each in api.get("/me/identities").get_json()["items"]] == ["1"]


def test_a_token_that_reads_ends_nothing(api: Api, database: Database, alice: Tenant) -> None:
    held = add_session(database, alice.user_id), add_identity(database, alice.user_id)
    reading = Api(api.client, alice.tokens["read"])
    for path in ("/me/sessions", f"/me/sessions/{held[0]}", f"/me/identities/{held[1]}"):
        assert reading.delete(path).get_json()["code"] == "scope_insufficient"
    assert [len(reading.get(path).get_json()["items"]) for path in ("/me/sessions", "/me/identities")] == [1, 1]

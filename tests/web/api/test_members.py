"""Who is in the workspace, and who may change it."""

from core.digests import Digester
from db import ApiToken, AuditEntry, Database, Invitation, WorkspaceMember
from tests.conftest import StillClock
from tests.web.api.conftest import PUBLIC_URL, Api, Tenant
from tests.web.api.people import add_member, add_token


def roles(database: Database, workspace_id: str) -> dict[str, str]:
    with database.read() as session:
        rows = session.query(WorkspaceMember).filter_by(workspace_id=workspace_id)
        return {row.user_id: row.role for row in rows}


def code(answer: object) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]  # type: ignore[attr-defined]  # a test response


def test_members_are_listed_and_change_roles(api: Api, database: Database, alice: Tenant) -> None:
    dana = add_member(database, alice.workspace_id, "dana", "viewer")
    listed = api.get("/members").get_json()["items"]
    assert {(item["user_id"], item["role"]) for item in listed} == {(dana, "viewer"), (alice.user_id, "owner")}
    assert api.patch(f"/members/{dana}", {"role": "admin"}).get_json()["role"] == "admin"
    assert roles(database, alice.workspace_id)[dana] == "admin"
    with database.read() as session:
        entry = session.query(AuditEntry).one()
    assert (entry.action, entry.target_id) == ("member.role_changed", dana)
    assert (entry.details["from"], entry.details["to"]) == ("viewer", "admin")


def test_the_last_owner_stays(api: Api, database: Database, alice: Tenant) -> None:
    path = f"/members/{alice.user_id}"
    assert code(api.patch(path, {"role": "admin"})) == (409, "last_owner")
    assert code(api.delete(path)) == (409, "last_owner")
    assert api.patch(path, {"role": "owner"}).status_code == 200
    dana = add_member(database, alice.workspace_id, "dana", "member")
    assert api.patch(f"/members/{dana}", {"role": "owner"}).status_code == 200
    assert api.patch(path, {"role": "member"}).status_code == 200
    assert roles(database, alice.workspace_id) == {alice.user_id: "member", dana: "owner"}


def test_only_owners_make_and_unmake_owners(api: Api, database: Database, digester: Digester, alice: Tenant) -> None:
    dana = add_member(database, alice.workspace_id, "dana", "admin")
    admins = Api(api.client, add_token(database, digester, alice.workspace_id, dana, "admin"))
    for answer in (
        admins.patch(f"/members/{dana}", {"role": "owner"}),
        admins.patch(f"/members/{alice.user_id}", {"role": "viewer"}),
        admins.delete(f"/members/{alice.user_id}"),
        admins.post("/invitations", {"email": "eve@example.com", "role": "owner"}),
    ):
        assert code(answer) == (403, "owner_required")
    assert roles(database, alice.workspace_id) == {alice.user_id: "owner", dana: "admin"}


def test_whoever_is_removed_loses_their_tokens(
    api: Api, database: Database, digester: Digester, alice: Tenant, bob: Tenant
) -> None:
    dana = add_member(database, alice.workspace_id, "dana", "admin")
    danas = Api(api.client, add_token(database, digester, alice.workspace_id, dana, "admin"))
    assert danas.get("/me").status_code == 200
    assert api.delete(f"/members/{dana}").status_code == 204
    assert code(danas.get("/me")) == (401, "token_revoked")
    assert code(api.delete(f"/members/{dana}")) == (404, "not_found")
    assert code(api.delete(f"/members/{bob.user_id}")) == (404, "not_found")


def test_a_token_can_do_no_more_than_its_maker(
    api: Api, database: Database, digester: Digester, alice: Tenant, clock: StillClock
) -> None:
    dana = add_member(database, alice.workspace_id, "dana", "admin")
    danas = Api(api.client, add_token(database, digester, alice.workspace_id, dana, "admin"))
    assert danas.post("/webhook-keys", {"name": "Zapier"}).status_code == 201
    api.patch(f"/members/{dana}", {"role": "viewer"})
    assert code(danas.post("/webhook-keys", {"name": "Zapier"})) == (403, "role_insufficient")
    assert danas.get("/me").status_code == 200
    with database.write() as session:
        session.delete(session.get_one(WorkspaceMember, (alice.workspace_id, dana)))
    assert code(danas.get("/me")) == (403, "token_maker_left")


def test_an_invitation_is_a_link_that_is_shown_once(api: Api, database: Database, digester: Digester) -> None:
    answer = api.post("/invitations", {"email": " Dana@example.com ", "role": "admin"})
    made = answer.get_json()
    assert (answer.status_code, made["email"], made["role"]) == (201, "Dana@example.com", "admin")
    assert made["expires_at"] == "2026-11-27T10:00:00Z"
    token = made["url"].removeprefix(f"{PUBLIC_URL}/invitations/")
    with database.read() as session:
        row = session.query(Invitation).one()
    assert row.token_digest == digester.digest("invitation", token)
    listed = api.get("/invitations")
    assert [item["id"] for item in listed.get_json()["items"]] == [made["id"]]
    assert token not in listed.text
    assert api.delete(f"/invitations/{made['id']}").status_code == 204
    assert api.delete(f"/invitations/{made['id']}").status_code == 404
    assert api.get("/invitations").get_json()["items"] == []


def test_a_newer_invitation_takes_the_place_of_the_older(api: Api, clock: StillClock) -> None:
    first = api.post("/invitations", {"email": "dana@example.com"}).get_json()
    second = api.post("/invitations", {"email": "DANA@example.com"}).get_json()
    assert [item["id"] for item in api.get("/invitations").get_json()["items"]] == [second["id"]]
    assert first["role"] == "member"
    clock.advance(days=7)
    assert api.get("/invitations").get_json()["items"] == []


def test_members_and_nonsense_are_not_invited(api: Api) -> None:
    assert code(api.post("/invitations", {"email": "ALICE@example.com"})) == (409, "already_member")
    for body in ({}, {"email": "nobody"}, {"email": "a@b@c"}, {"email": "a@b.c", "role": "god"}):
        assert api.post("/invitations", body).status_code == 422


def test_tokens_are_shown_once_and_revoked(api: Api, database: Database, digester: Digester) -> None:
    made = api.post("/api-tokens", {"name": "Warehouse", "scopes": ["write", "read"]}).get_json()
    assert (made["scopes"], made["expires_at"], made["token"][:4]) == (["read", "write"], None, "sbx_")
    theirs = Api(api.client, made["token"])
    assert theirs.get("/me").get_json()["token"]["name"] == "Warehouse"
    assert code(theirs.post("/webhook-keys", {"name": "x"})) == (403, "scope_insufficient")
    assert code(theirs.get("/api-tokens")) == (403, "scope_insufficient")
    assert made["token"] not in api.get("/api-tokens").text
    assert api.delete(f"/api-tokens/{made['id']}").status_code == 204
    assert code(theirs.get("/me")) == (401, "token_revoked")
    assert api.delete(f"/api-tokens/{made['id']}").status_code == 404
    assert made["id"] not in api.get("/api-tokens").text
    with database.read() as session:
        assert session.query(ApiToken).filter_by(id=made["id"]).one().token_digest == digester.digest(
            "api_token", made["token"]
        )


def test_a_token_may_end(api: Api, clock: StillClock) -> None:
    for wrong in ("2026-11-20T10:00:00Z", "2020-01-01T00:00:00Z", "soon"):
        answer = api.post("/api-tokens", {"name": "x", "scopes": ["read"], "expires_at": wrong})
        assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "expires_at")
    body = {"name": "x", "scopes": ["read"], "expires_at": "2026-11-20T12:00:00+01:00"}
    made = api.post("/api-tokens", body).get_json()
    assert made["expires_at"] == "2026-11-20T11:00:00Z"
    clock.advance(hours=1)
    assert code(Api(api.client, made["token"]).get("/me")) == (401, "token_expired")


def test_the_audit_log_tells_who_did_what(api: Api, alice: Tenant, clock: StillClock) -> None:
    for name in ("one", "two", "three"):
        api.post("/webhook-keys", {"name": name})
        clock.advance(seconds=1)
    first = api.get("/audit-log", limit=2).get_json()
    second = api.get("/audit-log", limit=2, cursor=first["next_cursor"]).get_json()
    entries = first["items"] + second["items"]
    assert {entry["details"]["name"] for entry in entries} == {"one", "two", "three"}
    assert {entry["actor"]["id"] for entry in entries} == {alice.user_id}
    assert second["next_cursor"] is None
    assert code(Api(api.client, alice.tokens["write"]).get("/audit-log")) == (403, "scope_insufficient")


def test_a_role_that_was_changed_meanwhile_is_not_overwritten(api: Api, database: Database, alice: Tenant) -> None:
    path = f"/members/{add_member(database, alice.workspace_id, 'dana', 'viewer')}"
    shown = api.get(path)
    assert shown.get_json()["role"] == "viewer"
    for role, status in (("member", 200), ("admin", 412)):
        answer = api.call("PATCH", path, json={"role": role}, headers={"If-Match": shown.headers["ETag"]})
        assert answer.status_code == status
    assert api.get(path).get_json()["role"] == "member"
    assert api.get("/members/nobody").status_code == 404

"""Members, invitations, tokens and settings in the console."""

from datetime import timedelta

import pytest

from core.digests import Digester
from db import ApiToken, Invitation, Signal, Workspace, WorkspaceMember
from tests.web.api.people import add_member, add_token
from tests.web.console.admin.conftest import Rooms, secrets_on


def role_of(rooms: Rooms, user_id: str) -> str | None:
    with rooms.database.read() as session:
        member = session.get(WorkspaceMember, (rooms.made.workspace_id, user_id))
        return member.role if member else None


def test_an_invitation_is_a_link_to_send(rooms: Rooms, digester: Digester) -> None:
    [link] = secrets_on(rooms.submit("/members", email="dana@example.com", role="admin"))
    token = link.removeprefix("http://localhost/invitations/")
    with rooms.database.read() as session:
        row = session.query(Invitation).one()
    assert (row.role, row.token_digest) == ("admin", digester.digest("invitation", token))
    page = rooms.browser.get("/members").text
    assert "dana@example.com" in page
    assert token not in page
    path = f"/members/invitations/{row.id}/revoke"
    assert "opens nothing any more" in rooms.text(path)
    assert rooms.submit(path, confirmed="1").location == "/members"
    assert "dana@example.com" not in rooms.text("/members")


def test_an_invitation_that_cannot_be_is_said_on_the_form(rooms: Rooms) -> None:
    for fields, status in (({"email": "nobody"}, 422), ({"email": "owner@acme.example"}, 409), ({}, 422)):
        answer = rooms.submit("/members", **fields)
        assert answer.status_code == status
        assert 'role="alert"' in answer.text


def test_roles_change_and_members_go(rooms: Rooms, digester: Digester) -> None:
    dana = add_member(rooms.database, rooms.made.workspace_id, "dana", "viewer")
    add_token(rooms.database, digester, rooms.made.workspace_id, dana, "read")
    rooms.submit(f"/members/{dana}/role", role="member", confirmed="1")
    assert role_of(rooms, dana) == "member"
    assert "API tokens (1) stop working" in rooms.text(f"/members/{dana}/remove")
    assert role_of(rooms, dana) == "member"
    assert rooms.submit(f"/members/{dana}/remove", confirmed="1").status_code == 303
    assert role_of(rooms, dana) is None
    assert rooms.browser.get(f"/members/{dana}/remove").status_code == 404


def test_the_last_owner_can_neither_go_nor_be_demoted(rooms: Rooms) -> None:
    me = rooms.made.user_id
    assert "The last owner stays" in rooms.text("/members")
    assert rooms.submit(f"/members/{me}/role", role="viewer", confirmed="1").status_code == 409
    assert rooms.submit(f"/members/{me}/remove", confirmed="1").status_code == 409
    assert role_of(rooms, me) == "owner"


def test_admins_do_not_touch_owners(rooms: Rooms, digester: Digester) -> None:
    admins = rooms.as_role("admin", digester)
    assert admins.submit(f"/members/{rooms.made.user_id}/role", role="viewer", confirmed="1").status_code == 403
    assert admins.submit(f"/members/{rooms.made.user_id}/remove", confirmed="1").status_code == 403
    assert admins.submit("/members", email="eve@example.com", role="owner").status_code == 403
    assert role_of(rooms, rooms.made.user_id) == "owner"


def test_a_token_is_shown_once_and_revoked(rooms: Rooms, digester: Digester) -> None:
    [token] = secrets_on(rooms.submit("/api-tokens", name="Warehouse", scope="write", days="30"))
    with rooms.database.read() as session:
        row = session.query(ApiToken).filter_by(name="Warehouse").one()
    assert (row.token_digest, row.scopes) == (digester.digest("api_token", token), ["write"])
    assert row.expires_at == rooms.clock() + timedelta(days=30)
    assert token not in rooms.browser.get("/api-tokens").text
    path = f"/api-tokens/{row.id}/revoke"
    assert "are refused from now on" in rooms.text(path)
    rooms.submit(path, confirmed="1")
    assert "Warehouse" not in rooms.text("/api-tokens")


@pytest.mark.parametrize("fields", [
    {"name": "x"}, {"name": "x", "scope": "god"}, {"scope": "read"}, {"name": "x", "scope": "read", "days": "-1"},
])  # fmt: skip
def test_a_token_that_cannot_be(rooms: Rooms, fields: dict[str, str]) -> None:
    assert rooms.submit("/api-tokens", **fields).status_code == 422


def test_a_retention_that_deletes_asks_first(rooms: Rooms) -> None:
    rooms.add_signal("old", occurred_at=rooms.clock() - timedelta(days=40))
    rooms.add_signal("new")
    asked = rooms.submit("/settings", name="Acme Inc", retention_days="30")
    assert "1 signals that were said longer ago are deleted" in asked.text
    with rooms.database.read() as session:
        assert session.get_one(Workspace, rooms.made.workspace_id).retention_days is None
    answer = rooms.submit("/settings", name="Acme Inc", retention_days="30", confirmed="1")
    assert answer.location == "/settings?saved=1"
    with rooms.database.read() as session:
        workspace = session.get_one(Workspace, rooms.made.workspace_id)
    assert (workspace.name, workspace.retention_days) == ("Acme Inc", 30)
    assert rooms.submit("/settings", name="Acme Inc").status_code == 303
    with rooms.database.read() as session:
        assert session.get_one(Workspace, rooms.made.workspace_id).retention_days is None


@pytest.mark.parametrize("days", ["0", "-1", "9999", "many", "1e3"])
def test_a_retention_is_a_number_of_days(rooms: Rooms, days: str) -> None:
    assert rooms.submit("/settings", name="Acme", retention_days=days).status_code == 422


def test_erasing_says_how_much_it_is_and_asks(rooms: Rooms) -> None:
    rooms.add_signal("a", author_email="ada@globex.example", verbatim="sesame")
    rooms.add_signal("b", author_email="bob@globex.example", verbatim="barley")
    asked = rooms.submit("/settings/erase", author=" ada@globex.example ")
    assert "Erase 1 signal" in asked.text
    with rooms.database.read() as session:
        assert session.query(Signal).filter_by(verbatim="sesame").count() == 1
    done = rooms.submit("/settings/erase/confirmed", author="ada@globex.example", confirmed="1")
    assert done.location == "/settings?erased=1"
    with rooms.database.read() as session:
        assert sorted(signal.verbatim for signal in session.query(Signal)) == ["", "barley"]
    assert "sesame" not in rooms.browser.get("/signals").text
    for fields in ({}, {"author": "a", "account": "b"}):
        assert rooms.submit("/settings/erase", **fields).status_code == 422

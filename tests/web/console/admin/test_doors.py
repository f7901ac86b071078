"""Who may do what in the rooms for admins: a table of roles and acts."""

from collections.abc import Callable

import pytest
from flask import Flask
from ulid import ULID

from core.digests import Digester
from db import ApiToken, AuditEntry, Role
from tests.web.api.people import add_member
from tests.web.api.rows import add_app, add_event, add_integration, add_invitation, add_key
from tests.web.console.admin.conftest import Rooms

ROLES: tuple[Role, ...] = ("viewer", "member", "admin", "owner")
FIELDS: dict[str, dict[str, str]] = {
    "/webhook-keys": {"name": "Zapier"}, "/integrations/pylon": {"name": "Pylon"},
    "/members": {"email": "eve@example.com"},
    "/api-tokens": {"name": "x", "scope": "read"}, "/settings": {"name": "Acme"},
    "/slack-apps": {"name": "Box"}, "/slack-apps/<app_id>": {"name": "Box"},
    "/settings/erase": {"author": "nobody"},
    "/settings/erase/confirmed": {"author": "nobody"},
}  # fmt: skip


ADMITTED = {
    "/integrations/<integration_id>/channels/<channel_id>/join": 404,
    "/integrations/<integration_id>/imports/<import_id>/cancel": 404,
    "/integrations/<integration_id>/imports": 422,
    "/integrations/<integration_id>/digest": 404,
}
"""What somebody who may ask is told where there is no such channel, import or past."""


def acts(app: Flask, method: str) -> list[str]:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("admin.")]
    return sorted(rule.rule for rule in rules if method in (rule.methods or set()))


def filled(rooms: Rooms, rule: str) -> str:
    workspace_id, database = rooms.made.workspace_id, rooms.database
    path = (
        rule.replace("<any(header,address):what>", "header")
        .replace("<any(activate,deactivate):wish>", "deactivate")
        .replace("<any(pause,resume):wish>", "pause")
    )
    makers: dict[str, Callable[[], str]] = {
        "<key_id>": lambda: add_key(database, workspace_id, rule[:60]),
        "<integration_id>/channels": lambda: add_integration(database, workspace_id, "slack") + "/channels",
        "<integration_id>/pylon/address": lambda: called(rooms) + "/pylon/address",
        "<channel_id>": lambda: "C01",
        "<integration_id>": lambda: add_integration(database, workspace_id),
        "<event_id>": lambda: add_event(database, integration_id=add_integration(database, workspace_id)),
        "<user_id>": lambda: add_member(database, workspace_id, "dana", "viewer"),
        "<invitation_id>": lambda: add_invitation(database, workspace_id),
        "<token_id>": lambda: token_of(rooms),
        "<app_id>": lambda: add_app(database, workspace_id),
    }
    for name, make in makers.items():
        if name in path:
            path = path.replace(name, make())
    return path


def called(rooms: Rooms) -> str:
    """A connection that has an address."""
    return add_integration(rooms.database, rooms.made.workspace_id, ingest_key_digest=f"digest {ULID()}")


def token_of(rooms: Rooms) -> str:
    with rooms.database.read() as session:
        query = session.query(ApiToken).filter_by(workspace_id=rooms.made.workspace_id, revoked_at=None)
        return query.order_by(ApiToken.id).first().id  # type: ignore[union-attr]  # bootstrap made one


def fields_of(rule: str) -> dict[str, str]:
    if rule.endswith("/role"):
        return {"role": "member"}
    if rule == "/integrations/<integration_id>":
        return {"name": "Renamed"}
    if rule.endswith("/pylon"):
        return FIELDS.get(rule, {"webhook_secret": "pasted"})
    if rule.endswith("/channels"):
        return {"id": "C01"}
    return FIELDS.get(rule, {})


@pytest.mark.parametrize("role", ROLES)
def test_every_act_is_for_admins_and_owners(rooms: Rooms, digester: Digester, role: Role) -> None:
    theirs = rooms.as_role(role, digester)
    allowed = role in ("admin", "owner")
    rules = acts(rooms.app, "POST")
    assert len(rules) >= 15
    for rule in rules:
        with rooms.database.read() as session:
            before = session.query(AuditEntry).count()
        answer = theirs.submit(filled(rooms, rule), confirmed="1", **fields_of(rule))
        assert (answer.status_code in (ADMITTED.get(rule, 200), 303)) is allowed, (rule, answer.status_code)
        if not allowed:
            assert answer.status_code == 403
            with rooms.database.read() as session:
                assert session.query(AuditEntry).count() == before, rule


@pytest.mark.parametrize("role", ROLES)
def test_every_room_is_for_admins_and_owners(rooms: Rooms, digester: Digester, role: Role) -> None:
    theirs = rooms.as_role(role, digester)
    for rule in acts(rooms.app, "GET"):
        status = theirs.browser.get(filled(rooms, rule)).status_code
        assert status == (200 if role in ("admin", "owner") else 403), rule


def test_no_act_without_the_sessions_token_or_a_session(rooms: Rooms) -> None:
    for rule in acts(rooms.app, "POST"):
        path = filled(rooms, rule)
        assert rooms.submit(path, token="wrong", **fields_of(rule)).status_code == 403, rule
        headers = {"Origin": "https://evil.example"}
        data = {"csrf_token": rooms.csrf(), **fields_of(rule)}
        assert rooms.browser.post(path, data=data, headers=headers).status_code == 403, rule
        stranger = rooms.app.test_client().post(path, data=fields_of(rule))
        assert (stranger.status_code, stranger.location) == (303, "/sign-in"), rule


def test_no_get_changes_anything(rooms: Rooms) -> None:
    with rooms.database.read() as session:
        before = session.query(AuditEntry).count()
    for rule in acts(rooms.app, "GET"):
        assert rooms.browser.get(filled(rooms, rule)).status_code == 200, rule
    with rooms.database.read() as session:
        assert session.query(AuditEntry).count() == before


def test_pages_need_no_inline_code(rooms: Rooms) -> None:
    for rule in acts(rooms.app, "GET"):
        page = rooms.page(filled(rooms, rule))
        assert not page.find_all("style"), rule
        assert not page.find_all(style=True), rule
        assert all(script.get("src") and not script.string for script in page.find_all("script")), rule
        assert not [name for tag in page.find_all() for name in tag.attrs if name.startswith("on")], rule
        for form in page.select("main form[method=post]"):
            assert form.select("input[name=csrf_token]"), rule
        for field in page.select("main input:not([type=hidden]), main select, main textarea"):
            assert field.find_parent("label") or page.find("label", attrs={"for": str(field.get("id"))}), (rule, field)

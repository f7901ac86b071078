"""Bob, with Alice's ids, sees nothing on any route."""

from flask import Flask

from db import (
    ApiToken,
    Database,
    Event,
    Integration,
    Invitation,
    UserIdentity,
    UserSession,
    WebhookKey,
    WorkspaceMember,
)
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import (
    add_app,
    add_conversation,
    add_event,
    add_identity,
    add_import,
    add_integration,
    add_invitation,
    add_key,
    add_receipt,
    add_session,
    add_signal,
    add_view,
)


def alices_ids(database: Database, alice: Tenant) -> dict[str, str]:
    """One row for each kind of id that a route takes."""
    integration = add_integration(database, alice.workspace_id, webhook_secret="sesame")
    event = add_event(database, integration_id=integration, state="failed")
    add_receipt(database, event, alice.workspace_id)
    return {
        "signal_id": add_signal(database, alice.workspace_id),
        "integration_id": integration,
        "event_id": event,
        "conversation_id": add_conversation(database, alice.workspace_id),
        "key_id": add_key(database, alice.workspace_id, "digest"),
        "user_id": alice.user_id,
        "invitation_id": add_invitation(database, alice.workspace_id),
        "token_id": token_of(database, alice),
        "app_id": add_app(database, alice.workspace_id),
        "view_id": add_view(database, alice.workspace_id),
        "channel_id": "C0ALICESCHANNEL",
        "import_id": add_import(database, alice.workspace_id, integration),
        "session_id": add_session(database, alice.user_id),
        "identity_id": add_identity(database, alice.user_id),
    }


def token_of(database: Database, tenant: Tenant) -> str:
    with database.read() as session:
        return session.query(ApiToken).filter_by(workspace_id=tenant.workspace_id).order_by(ApiToken.id).first().id  # type: ignore[union-attr]  # the tenant has three


def test_no_route_shows_or_changes_another_workspaces_rows(
    app: Flask, api: Api, bobs_api: Api, database: Database, alice: Tenant
) -> None:
    ids = alices_ids(database, alice)
    walked = 0
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/v1/"):
            continue
        path = rule.rule.removeprefix("/api/v1")
        for name in rule.arguments:
            path = path.replace(f"<{name}>", ids[name])
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            body = {"app_id": add_app(database, alice.workspace_id)} if "install-links" in path else {"name": "Mine"}
            body = {"status": "archived"} if "/signals/" in path else body
            body = {"role": "viewer"} if "/members/" in path else body
            body = {"conversation_id": ids["conversation_id"]} if "/conversations/" in path else body
            answer = bobs_api.call(method, path, json=body)
            assert not any(identity in answer.text for identity in (*ids.values(), alice.workspace_id)), rule
            if rule.arguments or "install-links" in path:
                assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found"), (method, rule)
                walked += 1
    assert walked >= 15
    with database.read() as session:
        assert session.get_one(Integration, ids["integration_id"]).name == "Support"
        assert session.get_one(WebhookKey, ids["key_id"]).is_active
        assert session.get_one(Event, ids["event_id"]).state == "failed"
        assert session.get_one(WorkspaceMember, (alice.workspace_id, alice.user_id)).role == "owner"
        assert session.get_one(Invitation, ids["invitation_id"]).revoked_at is None
        assert session.get_one(ApiToken, ids["token_id"]).revoked_at is None
        assert session.get_one(UserSession, ids["session_id"]).revoked_at is None
        assert session.get_one(UserIdentity, ids["identity_id"]).user_id == alice.user_id


def test_lists_of_a_third_workspace_are_empty(api: Api, database: Database, alice: Tenant, charlie: Tenant) -> None:
    alices_ids(database, alice)
    stranger = Api(api.client, charlie.tokens["admin"])
    for path in ("/signals", "/integrations", "/webhook-keys", "/events"):
        assert stranger.get(path).get_json() == {"items": [], "next_cursor": None}
        assert len(api.get(path).get_json()["items"]) == 1

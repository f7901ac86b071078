"""Who may call the API, and what a token allows."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import update

from core.digests import Digester
from db import ApiToken, Database
from tests.conftest import NOW, StillClock
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import add_app, add_event, add_integration, add_receipt
from web.services import Services, attach


def used_at(database: Database, digester: Digester, token: str) -> ApiToken:
    with database.read() as session:
        return session.query(ApiToken).filter_by(token_digest=digester.digest("api_token", token)).one()


def test_a_token_tells_whose_it_is(api: Api, alice: Tenant) -> None:
    answer = api.get("/me").get_json()
    assert answer["workspace"] == {"id": alice.workspace_id, "name": "Alice", "slug": "alice"}
    assert answer["user"] == {"id": alice.user_id, "email": "alice@example.com", "name": "Alice"}
    assert answer["token"]["name"] == "admin token"
    assert answer["token"]["scopes"] == ["admin"]
    assert answer["token"]["expires_at"] is None


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "token_missing"),
        ("", "token_missing"),
        ("Bearer", "token_missing"),
        ("Basic c2J4OnNieA==", "token_missing"),
        ("Bearer sbx_nobody", "token_unknown"),
        ("Bearer \xff\xfe\x80", "token_unknown"),
        ("Bearer " + "x" * 10_000, "token_unknown"),
        ("bearer\tsbx_nobody", "token_missing"),
    ],
)
def test_strangers_are_told_what_is_missing(client: FlaskClient, header: str | None, code: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = client.get("/api/v1/me", headers=headers)
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["code"] == code
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_revoked_and_expired_tokens_are_unknown_to_nobody_but_refused(
    database: Database, client: FlaskClient, alice: Tenant, clock: StillClock
) -> None:
    with database.write() as session:
        session.execute(update(ApiToken).values(expires_at=NOW + timedelta(hours=1)))
    reader = Api(client, alice.tokens["read"])
    assert reader.get("/me").get_json()["token"]["expires_at"] == "2026-11-20T11:00:00Z"
    clock.advance(hours=1)
    assert reader.get("/me").get_json()["code"] == "token_expired"
    with database.write() as session:
        session.execute(update(ApiToken).values(revoked_at=NOW))
    assert reader.get("/me").get_json()["code"] == "token_revoked"


def test_the_scheme_may_be_written_in_any_case(client: FlaskClient, alice: Tenant) -> None:
    headers = {"Authorization": f"bEARER  {alice.tokens['read']} "}
    assert client.get("/api/v1/me", headers=headers).status_code == 200


def test_use_is_noted_once_a_minute(database: Database, digester: Digester, api: Api, clock: StillClock) -> None:
    moments = []
    for _ in range(4):
        api.get("/me")
        moments.append(used_at(database, digester, api.token or "").last_used_at)
        clock.advance(seconds=30)
    assert moments == [NOW, NOW, NOW + timedelta(minutes=1), NOW + timedelta(minutes=1)]


def test_while_the_database_is_away_the_caller_may_come_again(
    app: APIFlask, client: FlaskClient, open_database: Callable[[str], Database]
) -> None:
    away = open_database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    attach(app, replace(cast("Services", app.extensions["signalbox"]), database=away))
    answer = Api(client, "sbx_somebody").get("/me")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "database_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


SCOPES_TABLE = [
    ("GET", "/me", "read", 200),
    ("GET", "/signals", "read", 200),
    ("GET", "/events", "read", 200),
    ("GET", "/integrations", "read", 200),
    ("GET", "/webhook-keys", "read", 200),
    ("POST", "/events/{event}/replay", "write", 202),
    ("POST", "/webhook-keys", "admin", 201),
    ("POST", "/integrations", "admin", 201),
    ("PATCH", "/integrations/{integration}", "admin", 200),
    ("DELETE", "/integrations/{integration}", "admin", 204),
    ("POST", "/slack/install-links", "admin", 201),
]
BODIES = {
    "/webhook-keys": {"name": "Zapier"},
    "/integrations": {"platform": "pylon", "name": "Support"},
    "/integrations/{integration}": {"name": "Renamed"},
}


@pytest.mark.parametrize(("method", "path", "needed", "status"), SCOPES_TABLE)
def test_scopes(
    database: Database, client: FlaskClient, alice: Tenant, *, method: str, path: str, needed: str, status: int
) -> None:
    integration = add_integration(database, alice.workspace_id)
    event = add_event(database, state="processed")
    add_app(database, None)
    add_receipt(database, event, alice.workspace_id)
    body = BODIES.get(path, {})
    order = ("read", "write", "admin")
    for scope, token in alice.tokens.items():
        allowed = order.index(scope) >= order.index(needed)
        answer = Api(client, token).call(method, path.format(event=event, integration=integration), json=body)
        assert answer.status_code == (status if allowed else 403), scope
        if not allowed:
            assert answer.get_json()["code"] == "scope_insufficient"

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.digests import Digester
from core.settings import Settings
from db import Database
from oauth.installer import Installer
from oauth.sessions import open_session
from tests.conftest import StillClock
from tests.oauth.conftest import Connection, Tenant
from web.services import attach
from web.session import COOKIE
from web.slack_install import slack_install


@pytest.fixture
def client(
    installer: Installer, database: Database, digester: Digester, clock: StillClock, settings: Settings
) -> FlaskClient:
    app = Flask(__name__)
    app.register_blueprint(slack_install)
    parts = SimpleNamespace(installer=installer, database=database, digester=digester, clock=clock, settings=settings)
    attach(app, cast("Any", parts))
    return app.test_client()


@pytest.fixture
def sign_in(client: FlaskClient, database: Database, digester: Digester, clock: StillClock) -> Callable[..., None]:
    def sign_in(tenant: Tenant, user_id: str) -> None:
        with database.write() as session:
            token = open_session(session, digester, user_id=user_id, workspace_id=tenant.workspace_id, now=clock())
        client.set_cookie(COOKIE, token)

    return sign_in


def test_a_signed_in_owner_goes_there_and_back(
    client: FlaskClient, sign_in: Callable[..., None], acme: Tenant, connections: Callable[[], list[Connection]]
) -> None:
    sign_in(acme, acme.owner)
    started = client.get(f"/slack/install?workspace={acme.workspace_id}", base_url="https://localhost")
    assert started.status_code == 302
    back = httpx.get(started.headers["location"]).headers["location"]
    returned = client.get(back.removeprefix("https://signalbox.example.com"), base_url="https://localhost")

    assert returned.status_code == 200
    assert returned.mimetype == "text/html"
    assert returned.headers["cache-control"] == "no-store"
    assert "script" not in returned.headers["content-security-policy"]
    assert len(connections()) == 1


def test_others_get_a_page_that_says_what_to_do(
    client: FlaskClient, sign_in: Callable[..., None], acme: Tenant
) -> None:
    path = f"/slack/install?workspace={acme.workspace_id}"
    assert client.get(path).status_code == 401
    sign_in(acme, acme.member)
    answer = client.get(path)
    assert answer.status_code == 403
    assert "Ask an owner or an admin" in answer.text
    assert "set-cookie" not in answer.headers


def test_a_ticket_needs_no_session(client: FlaskClient, installer: Installer, acme: Tenant) -> None:
    link = installer.create_ticket(workspace_id=acme.workspace_id, user_id=acme.owner)
    path = link.removeprefix("https://signalbox.example.com")
    assert client.get(path).status_code == 302
    assert client.get("/slack/install?ticket=").status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/slack/oauth_redirect",
        "/slack/oauth_redirect?state=%00&code=%ff",
        "/slack/oauth_redirect?error=%3Cscript%3E",
        "/slack/oauth_redirect?error",
        "/slack/oauth_redirect?state[]=1&state=2&state=3",
        "/slack/install",
        "/slack/install?ticket=%00%ff",
        "/slack/install?workspace=%00&app=%00",
    ],
)
def test_strangers_cause_no_server_error(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Cookie": '__Host-signalbox-install="\xff; ;=;;'})
    assert 400 <= answer.status_code < 500
    assert "<script>" not in answer.text


def test_odd_ids_of_a_signed_in_person_cause_none_either(
    client: FlaskClient, sign_in: Callable[..., None], acme: Tenant
) -> None:
    sign_in(acme, acme.owner)
    for query in ("workspace=%00", f"workspace={acme.workspace_id}&app=%00", f"workspace={acme.workspace_id}&app=a%00"):
        assert client.get(f"/slack/install?{query}").status_code in (302, 403, 404)

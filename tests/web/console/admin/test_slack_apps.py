"""Slack apps in the console: named, made in Slack, pasted, checked, proved, and deleted with a warning."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest

from core.digests import Digester
from db import Database, Integration, SlackApp
from sandbox.app import create_sandbox
from sandbox.cast import assemble
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from sandbox.slack import SlackApp as SlacksApp
from sandbox.slack import SlackStandIn
from tests.conftest import StillClock
from tests.web.api.rows import add_app
from tests.web.console.admin.conftest import Rooms
from web.services import Services
from web.upgrades import install_path

PASTED = {
    "name": "Box", "client_id": "11.22", "client_secret": "client-secret", "signing_secret": "signing-secret",
}  # fmt: skip


@pytest.fixture(autouse=True)
def slack(rooms: Rooms, clock: StillClock) -> Iterator[SlackStandIn]:
    """The Slack that is asked about credentials."""
    app = SlacksApp(client_id="11.22", client_secret="client-secret", signing_secret="signing-secret", api_app_id="A0")
    slack = SlackStandIn(app, assemble().world, clock=clock)
    with SandboxServer(create_sandbox(slack, PylonStandIn("Pylon"))) as server:
        parts = cast("Services", rooms.app.extensions["signalbox"])
        vars(parts)["settings"] = replace(parts.settings, slack_api_url=server.slack_api_url)
        yield slack


def test_from_a_name_to_add_to_slack(rooms: Rooms, database: Database) -> None:
    begun = rooms.submit("/slack-apps", name="Acme’s Box")
    assert begun.status_code == 303
    path = begun.headers["Location"]
    page = rooms.page(path)
    links = {link.text.strip(): str(link["href"]) for link in page.select("a[target=_blank]")}
    manifest = json.loads(parse_qs(urlsplit(links["Create in Slack"]).query)["manifest_json"][0])
    assert manifest["display_information"]["name"] == "Acme’s Box"
    app_id = path.rpartition("/")[2]
    assert manifest["settings"]["event_subscriptions"]["request_url"].endswith(f"/slack/apps/{app_id}/events")
    over_socket = json.loads(parse_qs(urlsplit(links["Create with Socket Mode"]).query)["manifest_json"][0])
    assert over_socket["settings"]["socket_mode_enabled"] is True
    assert "Not finished" in rooms.text("/slack-apps"), "one can come back later"

    wrong = rooms.submit(path, **{**PASTED, "client_secret": "mistyped"})
    assert wrong.status_code == 422
    assert "not the app&#39;s client secret" in wrong.text
    assert "11.22" in wrong.text
    assert "mistyped" not in wrong.text

    assert rooms.submit(path, **PASTED).status_code == 303
    shown = rooms.page(path)
    assert "Not yet seen" in shown.get_text()
    assert not [secret for secret in ("client-secret", "signing-secret") if secret in str(shown)]
    install = install_path(rooms.made.workspace_id, app_id)
    assert install in [link["href"] for link in shown.select("a.button")]
    with database.write() as session:
        session.query(SlackApp).one().signature_verified_at = rooms.clock()
    assert "Verified" in rooms.text(path)
    assert "signature verified" in rooms.text("/slack-apps")


def test_secrets_are_replaced_and_fields_left_empty_stay(rooms: Rooms, database: Database) -> None:
    path = f"/slack-apps/{add_app(database, rooms.made.workspace_id)}"
    assert (
        rooms.submit(path, name="Box", signing_secret="fresh-secret", client_secret="", app_token="").status_code == 303
    )
    with database.read() as session:
        row = session.query(SlackApp).one()
        assert (row.signing_secret, row.previous_signing_secret, row.client_secret) == ("fresh-secret", "s", "c")
    assert "Accepted until" in rooms.text(path)
    assert "fresh-secret" not in rooms.browser.get(path).text


def test_deleting_asks_and_says_what_ends(rooms: Rooms, database: Database) -> None:
    app_id = add_app(database, rooms.made.workspace_id)
    assert "No connection uses it now" in rooms.text(f"/slack-apps/{app_id}/delete")
    _connect(database, rooms.made.workspace_id, app_id)
    assert "Its connection is disconnected at once" in rooms.text(f"/slack-apps/{app_id}/delete")
    assert rooms.submit(f"/slack-apps/{app_id}/delete", confirmed="1").status_code == 303
    assert rooms.browser.get(f"/slack-apps/{app_id}").status_code == 404
    assert "Disconnected: its Slack app was deleted" in rooms.text("/integrations")


def test_another_workspaces_app_is_not_there(
    rooms: Rooms, open_rooms: Callable[..., Rooms], database: Database
) -> None:
    app_id = add_app(database, rooms.made.workspace_id)
    other = open_rooms("Other")
    for path in (f"/slack-apps/{app_id}", f"/slack-apps/{app_id}/delete"):
        assert other.browser.get(path).status_code == 404
        assert other.submit(path, name="Mine", confirmed="1").status_code == 404
    assert "No app of your own yet" in other.text("/slack-apps")


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_apps_are_for_admins(rooms: Rooms, digester: Digester, database: Database, role: str) -> None:
    theirs = rooms.as_role(role, digester)  # type: ignore[arg-type]
    app_id = add_app(database, rooms.made.workspace_id)
    for path in ("/slack-apps", f"/slack-apps/{app_id}", f"/slack-apps/{app_id}/delete"):
        assert theirs.browser.get(path).status_code == 403


def test_a_connection_is_offered_what_a_reinstallation_would_enable(rooms: Rooms, database: Database) -> None:
    app_id = add_app(database, rooms.made.workspace_id)
    integration_id = _connect(database, rooms.made.workspace_id, app_id, scopes=["channels:history"])
    again = install_path(rooms.made.workspace_id, app_id)
    for path in ("/integrations", f"/integrations/{integration_id}"):
        page = rooms.page(path)
        assert "Reinstall to enable messages in private channels" in page.get_text()
        assert again in [link["href"] for link in page.select("a[href]")]
    assert "optional" in rooms.text(f"/integrations/{integration_id}")
    with database.write() as session:
        session.get_one(Integration, integration_id).scopes = [*rooms.app.extensions["signalbox"].slack_features.scopes]
    assert "Reinstall to enable" not in rooms.text("/integrations")


def _connect(database: Database, workspace_id: str, app_id: str, **values: object) -> str:
    with database.write() as session:
        row = Integration(
            workspace_id=workspace_id, platform="slack", name="Tidewater", slack_app_id=app_id, slack_team_id="T0",
            access_token="xoxb-1", **values,
        )  # fmt: skip
        session.add(row)
    return row.id


@pytest.mark.parametrize("path", ["/slack-apps", "/integrations"])
def test_the_apps_are_part_of_the_integrations(rooms: Rooms, path: str) -> None:
    assert [link.text for link in rooms.page(path).select("nav [aria-current=page]")] == ["Integrations"]

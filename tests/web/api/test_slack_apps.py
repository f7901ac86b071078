"""A workspace's own Slack apps: begun, checked with Slack, changed and ended; secrets never come out."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from core.grants import Client
from core.settings import Settings
from db import AuditEntry, Database, Integration, SlackApp
from sandbox.app import create_sandbox
from sandbox.cast import assemble
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from sandbox.slack import SlackApp as SlacksApp
from sandbox.slack import SlackStandIn
from tests.conftest import StillClock
from tests.web.api.conftest import PUBLIC_URL, Api, Tenant
from web.manifest import NEW_APP_URL

TOKEN = "xapp-1-A0OWN-7777-abcdef"
OWN = {
    "name": "Signalbox of Alice", "client_id": "11.22", "client_secret": "client-secret",
    "signing_secret": "signing-secret",
}  # fmt: skip
FIELDS = {
    "id", "name", "state", "client_id", "api_app_id", "has_app_token", "events_url", "signature_verified_at",
    "previous_signing_secret_expires_at", "socket_opened_at", "created_at", "updated_at",
}  # fmt: skip


@pytest.fixture
def slack(clock: StillClock) -> SlackStandIn:
    app = SlacksApp(
        client_id="11.22", client_secret="client-secret", signing_secret="signing-secret", api_app_id="A0OWN",
        app_token=TOKEN,
    )  # fmt: skip
    return SlackStandIn(app, assemble().world, clock=clock)


@pytest.fixture
def settings(slack: SlackStandIn) -> Iterator[Settings]:
    with SandboxServer(create_sandbox(slack, PylonStandIn("Pylon"))) as server:
        yield Settings(public_url=PUBLIC_URL, slack_api_url=server.slack_api_url)


def test_an_app_is_registered_after_slack_was_asked(api: Api, slack: SlackStandIn) -> None:
    answer = api.post("/slack-apps", OWN)
    assert answer.status_code == 201
    made = answer.get_json()
    assert set(made) == FIELDS
    assert (made["name"], made["client_id"], made["state"]) == (OWN["name"], "11.22", "ready")
    assert made["events_url"] == f"{PUBLIC_URL}/slack/apps/{made['id']}/events"
    assert (made["signature_verified_at"], made["has_app_token"], made["api_app_id"]) == (None, False, None)
    assert api.get("/slack-apps").get_json()["items"] == [made]
    assert api.get(f"/slack-apps/{made['id']}").get_json() == made
    assert slack.calls("oauth.v2.access") == 1
    assert "secret" not in json.dumps(made).replace("signing_secret_expires", "")


def test_an_app_level_token_names_the_app(api: Api, slack: SlackStandIn) -> None:
    made = api.post("/slack-apps", {**OWN, "app_token": TOKEN}).get_json()
    assert (made["api_app_id"], made["has_app_token"]) == ("A0OWN", True)
    assert slack.calls("apps.connections.open") == 1


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"client_id": "33.44"}, "client_id", "Slack knows no app"),
        ({"client_id": "A0OWN"}, "client_id", "two numbers"),
        ({"client_secret": "another"}, "client_secret", "not the app's client secret"),
        ({"client_secret": "two words"}, "client_secret", "copy it whole"),
        ({"client_secret": "ключ"}, "client_secret", "copy it whole"),
        ({"signing_secret": "client-secret"}, "signing_secret", "This is the client secret"),
        ({"signing_secret": "xoxb-1-2"}, "signing_secret", "This is a token"),
        ({"signing_secret": "11.22"}, "signing_secret", "This is a client id"),
        ({"app_token": "xoxb-1-2"}, "app_token", "begins with xapp-"),
        ({"app_token": "xapp-1-A0OWN-7777-another"}, "app_token", "does not accept"),
        ({"id": "app_1"}, "id", "begun here"),
        ({"id": "int_01K5ZJ6Q2V5M8X0T3N7R4B9C1D"}, "id", "begun here"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(api: Api, wrong: dict[str, str], field: str, says: str) -> None:
    answer = api.post("/slack-apps", {**OWN, **wrong})
    assert answer.status_code == 422
    (error,) = answer.get_json()["errors"]
    assert error["field"] == field
    assert says in error["message"]
    assert not [value for value in wrong.values() if value in answer.get_data(as_text=True)]
    assert api.get("/slack-apps").get_json()["items"] == []


@pytest.mark.parametrize("missing", ["name", "client_id", "client_secret", "signing_secret"])
def test_every_credential_is_needed(api: Api, missing: str) -> None:
    answer = api.post("/slack-apps", {name: value for name, value in OWN.items() if name != missing})
    assert (answer.status_code, [each["field"] for each in answer.get_json()["errors"]]) == (422, [missing])


def test_a_slack_that_does_not_answer_decides_nothing(api: Api, slack: SlackStandIn) -> None:
    slack.fail_next("oauth.v2.access")
    answer = api.post("/slack-apps", OWN)
    assert (answer.status_code, answer.get_json()["code"]) == (424, "slack_unavailable")
    assert api.get("/slack-apps").get_json()["items"] == []
    assert api.post("/slack-apps", OWN).status_code == 201


def test_a_token_that_opens_no_sockets_is_the_apps_all_the_same(api: Api, slack: SlackStandIn) -> None:
    slack.fail_next("apps.connections.open", error="missing_scope", status=200)
    assert api.post("/slack-apps", {**OWN, "app_token": TOKEN}).get_json()["has_app_token"]


def test_an_app_is_begun_made_in_slack_and_finished(api: Api) -> None:
    begun = api.post("/slack-apps/drafts", {"name": "Alice’s Signalbox"})
    assert begun.status_code == 201
    draft = begun.get_json()
    assert (draft["state"], draft["client_id"]) == ("draft", None)
    link = urlsplit(draft["create_url"])
    assert f"{link.scheme}://{link.netloc}{link.path}" == NEW_APP_URL
    assert "+" not in link.query
    query = parse_qs(link.query)
    manifest = json.loads(query["manifest_json"][0])
    assert query["new_app"] == ["1"]
    assert manifest["display_information"]["name"] == "Alice’s Signalbox"
    assert manifest["settings"]["event_subscriptions"]["request_url"] == draft["events_url"]
    assert manifest["settings"]["interactivity"]["request_url"] == draft["events_url"]
    finished = api.post("/slack-apps", {**OWN, "id": draft["id"]}).get_json()
    assert (finished["id"], finished["state"], finished["name"]) == (draft["id"], "ready", OWN["name"])
    assert len(api.get("/slack-apps").get_json()["items"]) == 1
    again = api.post("/slack-apps", {**OWN, "id": draft["id"]})
    assert (again.status_code, again.get_json()["code"]) == (409, "slack_app_exists")


def test_a_manifest_keeps_an_id_that_nobody_stored(api: Api) -> None:
    manifest = api.get("/slack-apps/manifest", name="Box").get_json()
    path = urlsplit(manifest["settings"]["event_subscriptions"]["request_url"]).path
    identity = path.split("/")[3]
    assert api.get("/slack-apps").get_json()["items"] == []
    made = api.post("/slack-apps", {**OWN, "id": identity}).get_json()
    assert urlsplit(made["events_url"]).path == path
    again = api.get("/slack-apps/manifest", app_id=identity).get_json()
    assert again["settings"] == manifest["settings"]
    assert again["_metadata"] == manifest["_metadata"]


def test_a_manifest_for_socket_mode_has_no_address_for_requests(api: Api) -> None:
    manifest = api.get("/slack-apps/manifest", socket_mode="true").get_json()
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"] == {"is_enabled": True}
    assert "request_url" not in manifest["settings"]["event_subscriptions"]
    assert all(url.startswith(PUBLIC_URL) for url in manifest["oauth_config"]["redirect_urls"])


def test_one_slack_app_is_registered_once_on_a_server(api: Api, bobs_api: Api) -> None:
    api.post("/slack-apps", OWN)
    for who in (api, bobs_api):
        answer = who.post("/slack-apps", OWN)
        assert (answer.status_code, answer.get_json()["code"]) == (409, "slack_app_exists")
    guess = bobs_api.post("/slack-apps", {**OWN, "client_secret": "guessed"})
    assert guess.status_code == 422, "who does not hold the secret learns nothing of who does"


def test_of_many_at_once_one_registers_it(api: Api, database: Database) -> None:
    with ThreadPoolExecutor(6) as callers:
        clients = [Api(api.client.application.test_client(), api.token) for _ in range(6)]
        statuses = sorted(
            answer.status_code for answer in callers.map(lambda each: each.post("/slack-apps", OWN), clients)
        )
    assert statuses == [201, *[409] * 5]
    assert len(api.get("/slack-apps").get_json()["items"]) == 1


def test_a_new_signing_secret_leaves_the_old_one_alive_for_a_day(
    api: Api, database: Database, clock: StillClock
) -> None:
    made = api.post("/slack-apps", OWN).get_json()
    with database.write() as session:
        session.get_one(SlackApp, made["id"]).signature_verified_at = clock()
    changed = api.patch(f"/slack-apps/{made['id']}", {"signing_secret": "fresh-secret"}).get_json()
    assert changed["signature_verified_at"] is None
    assert changed["previous_signing_secret_expires_at"] == "2026-11-21T10:00:00Z"
    with database.read() as session:
        row = session.get_one(SlackApp, made["id"])
        assert (row.signing_secret, row.previous_signing_secret) == ("fresh-secret", "signing-secret")
    clock.advance(hours=1)
    same = api.patch(f"/slack-apps/{made['id']}", {"signing_secret": "fresh-secret", "name": "Box"}).get_json()
    assert same["previous_signing_secret_expires_at"] == "2026-11-21T10:00:00Z", "the present one again is no change"
    assert same["name"] == "Box"


def test_new_credentials_are_checked_before_they_replace_good_ones(api: Api, database: Database) -> None:
    made = api.post("/slack-apps", {**OWN, "app_token": TOKEN}).get_json()
    for wrong in ({"client_secret": "another"}, {"app_token": "xapp-1-A0OWN-7777-another"}, {"app_token": "xapp"}):
        assert api.patch(f"/slack-apps/{made['id']}", wrong).status_code == 422
    with database.read() as session:
        row = session.get_one(SlackApp, made["id"])
        assert (row.client_secret, row.app_token) == ("client-secret", TOKEN)
    assert api.patch(f"/slack-apps/{made['id']}", {"app_token": None}).get_json()["has_app_token"] is False


def test_a_token_of_another_app_is_refused(api: Api, slack: SlackStandIn) -> None:
    made = api.post("/slack-apps", {**OWN, "app_token": TOKEN}).get_json()
    other = "xapp-1-A0OTHER-7777-abcdef"
    slack.add_app(SlacksApp(
        client_id="55.66", client_secret="c", signing_secret="s", api_app_id="A0OTHER", app_token=other
    ))  # fmt: skip
    answer = api.patch(f"/slack-apps/{made['id']}", {"app_token": other})
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "app_token")


def test_a_draft_takes_a_name_and_no_single_secret(api: Api) -> None:
    draft = api.post("/slack-apps/drafts", {"name": "Box"}).get_json()
    assert api.patch(f"/slack-apps/{draft['id']}", {"name": "Better"}).get_json()["name"] == "Better"
    answer = api.patch(f"/slack-apps/{draft['id']}", {"signing_secret": "s"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "slack_app_incomplete")
    link = api.post("/slack/install-links", {"app_id": draft["id"]})
    assert (link.status_code, link.get_json()["code"]) == (409, "slack_app_incomplete")


def test_deleting_an_app_ends_its_connections(api: Api, alice: Tenant, database: Database, woken: list[str]) -> None:
    made = api.post("/slack-apps", OWN).get_json()
    with database.write() as session:
        row = Integration(
            workspace_id=alice.workspace_id, platform="slack", name="Tidewater", slack_app_id=made["id"],
            slack_team_id="T0HOME", access_token="xoxb-1", refresh_token="xoxe-1",
        )  # fmt: skip
        session.add(row)
        session.flush()
        identity = row.id
    assert api.delete(f"/slack-apps/{made['id']}").status_code == 204
    assert woken == ["farewell"]
    assert api.get(f"/slack-apps/{made['id']}").status_code == 404
    shown = api.get(f"/integrations/{identity}").get_json()
    assert (shown["state"], shown["state_reason"]) == ("disconnected", "slack_app_deleted")
    with database.read() as session:
        row = session.get_one(Integration, identity)
        assert (row.access_token, row.refresh_token) == ("xoxb-1", None), "it is kept to say farewell with"
        assert row.wipe_due_at is not None
        assert Client.read(row.app_secret or "") == Client(OWN["client_id"], OWN["client_secret"])
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "slack_app.deleted")).one()
        assert entry.details["connections"] == 1


def test_others_see_nothing_of_it(api: Api, bobs_api: Api, charlie: Tenant) -> None:
    made = api.post("/slack-apps", OWN).get_json()
    draft = api.post("/slack-apps/drafts", {"name": "Box"}).get_json()
    assert bobs_api.get("/slack-apps").get_json()["items"] == []
    calls: list[Any] = [
        bobs_api.get(f"/slack-apps/{made['id']}"),
        bobs_api.patch(f"/slack-apps/{made['id']}", {"name": "Mine"}),
        bobs_api.delete(f"/slack-apps/{made['id']}"),
        bobs_api.get("/slack-apps/manifest", app_id=made["id"]),
        bobs_api.post("/slack/install-links", {"app_id": made["id"]}),
    ]
    assert [answer.status_code for answer in calls] == [404] * 5
    taken = bobs_api.post("/slack-apps", {**OWN, "id": draft["id"]})
    assert (taken.status_code, taken.get_json()["errors"][0]["field"]) == (422, "id")
    assert api.get(f"/slack-apps/{made['id']}").get_json() == made


@pytest.mark.parametrize("scope", ["read", "write"])
def test_only_admins_see_and_change_apps(api: Api, alice: Tenant, scope: Any) -> None:
    made = api.post("/slack-apps", OWN).get_json()
    weaker = Api(api.client, alice.tokens[scope])
    answers = [
        weaker.get("/slack-apps"), weaker.get(f"/slack-apps/{made['id']}"), weaker.get("/slack-apps/manifest"),
        weaker.post("/slack-apps", OWN), weaker.post("/slack-apps/drafts", {"name": "x"}),
        weaker.patch(f"/slack-apps/{made['id']}", {"name": "x"}), weaker.delete(f"/slack-apps/{made['id']}"),
    ]  # fmt: skip
    assert {answer.status_code for answer in answers} == {403}


def test_the_only_own_app_is_installed_when_none_is_named(api: Api) -> None:
    assert api.post("/slack/install-links").get_json()["code"] == "slack_app_missing"
    made = api.post("/slack-apps", OWN).get_json()
    assert api.post("/slack/install-links").status_code == 201
    assert api.post("/slack/install-links", {"app_id": made["id"]}).status_code == 201

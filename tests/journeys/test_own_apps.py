"""Stories of several Slack apps on one server: each path selects its signing secret, and nobody's words double."""

import os
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from core.taming import JsonObject
from integrations.slack.scopes import FEATURES
from sandbox import slack_events
from sandbox.cast import Cast
from sandbox.signalbox import Signalbox
from sandbox.slack import SlackApp, SlackStandIn
from tests.journeys.site import Site, Tenant, eventually


@pytest.fixture
def own(site: Site, cast: Cast) -> SlackStandIn:
    """An app that somebody made in Slack, with secrets of its own."""
    number = int.from_bytes(os.urandom(6))
    made = SlackApp(
        client_id=f"77.{number}", client_secret="own-client-secret", signing_secret=f"own-signing-secret-{number}",
        api_app_id=f"A{number}", app_token=f"xapp-1-A{number}-1-abc",
    )  # fmt: skip
    return site.slack.add_app(made)


def test_from_the_link_to_a_signal(site: Site, cast: Cast, tenant: Tenant, own: SlackStandIn) -> None:
    """Begun in Signalbox, made in Slack, pasted, proved by Slack's first request, added to Slack."""
    draft = tenant.post("slack-apps/drafts", {"name": "Box of Acme"})
    own.send_events_to(draft["events_url"])
    challenge: JsonObject = {"type": "url_verification", "challenge": "3eZbrw1aB", "token": "t"}
    assert own.deliver(challenge).status_code == 401, "nobody pasted its signing secret yet"
    app = _register(tenant, own, id=draft["id"])
    assert (app["signature_verified_at"], app["api_app_id"]) == (None, None)
    assert own.deliver(challenge).text == "3eZbrw1aB"
    assert tenant.get(f"slack-apps/{app['id']}")["signature_verified_at"]
    Signalbox(site.base_url, tenant.token).add_to_slack(cast.home.id, app["id"])
    assert tenant.get(f"slack-apps/{app['id']}")["api_app_id"] == own.app.api_app_id
    assert _say(own, cast, "The export stops at 1,000 rows.").status_code == 200
    (signal,) = eventually(tenant.signals)
    assert signal["verbatim"] == "The export stops at 1,000 rows."


def test_each_path_has_its_own_secret(site: Site, cast: Cast, tenant: Tenant, own: SlackStandIn) -> None:
    shared_url = f"{site.base_url}/slack/events"
    app, other = _register(tenant, own), site.tenant("Other")
    site.add_to_slack(other)
    for stand_in, url in ((own, shared_url), (site.slack, app["events_url"])):
        stand_in.send_events_to(url)
        answer = stand_in.deliver({"type": "url_verification", "challenge": "c", "token": "t"})
        assert (answer.status_code, answer.json()["code"]) == (401, "signature_mismatch")
    for path in ("app_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "..", "%00"):
        own.send_events_to(f"{site.base_url}/slack/apps/{path}/events")
        assert own.deliver({"type": "url_verification", "challenge": "c", "token": "t"}).status_code in (401, 404)
    assert tenant.get(f"slack-apps/{app['id']}")["signature_verified_at"] is None
    site.slack.send_events_to(shared_url)
    _say(site.slack, cast, "The shared app goes on.")
    assert eventually(other.signals)[0]["verbatim"] == "The shared app goes on."
    assert tenant.signals() == []


def test_one_team_with_two_apps_says_everything_once(site: Site, cast: Cast, tenant: Tenant, own: SlackStandIn) -> None:
    """Slack sends such a message through each of the apps: two events, which are one signal."""
    site.add_to_slack(tenant)
    app = _register(tenant, own)
    own.send_events_to(app["events_url"])
    Signalbox(site.base_url, tenant.token).add_to_slack(cast.home.id, app["id"])
    assert len(tenant.get("integrations")["items"]) == 2
    said = _message(site, cast, "Twice heard.")
    for stand_in in (site.slack, own):
        assert stand_in.deliver(stand_in.event(said, team=cast.home)).status_code == 200
    eventually(lambda: len(_settled(tenant)) == 2)
    (signal,) = tenant.signals()
    assert signal["verbatim"] == "Twice heard."
    edited = slack_events.message_changed(said, "Twice heard, once edited.", site.slack.next_ts())
    for stand_in in (site.slack, own):
        stand_in.deliver(stand_in.event(edited, team=cast.home))
    eventually(lambda: len(_settled(tenant)) == 4)
    (signal,) = tenant.signals()
    assert signal["verbatim"] == "Twice heard, once edited."


def test_a_signing_secret_is_replaced_without_a_gap(site: Site, cast: Cast, tenant: Tenant, own: SlackStandIn) -> None:
    app = _register(tenant, own)
    own.send_events_to(app["events_url"])
    Signalbox(site.base_url, tenant.token).add_to_slack(cast.home.id, app["id"])
    _say(own, cast, "Signed with the first.")
    with tenant.api as api:
        changed = api.patch(f"slack-apps/{app['id']}", json={"signing_secret": "the-second"}).raise_for_status().json()
    assert changed["signature_verified_at"] is None
    assert _say(own, cast, "Still signed with the first.").status_code == 200
    assert tenant.get(f"slack-apps/{app['id']}")["signature_verified_at"] is None, "the old one proves nothing"
    own.sign_with("the-second")
    assert _say(own, cast, "Signed with the second.").status_code == 200
    assert tenant.get(f"slack-apps/{app['id']}")["signature_verified_at"]
    eventually(lambda: len(tenant.signals()) == 3)


def test_a_deleted_app_stops_at_once(site: Site, cast: Cast, tenant: Tenant, own: SlackStandIn) -> None:
    app = _register(tenant, own)
    own.send_events_to(app["events_url"])
    Signalbox(site.base_url, tenant.token).add_to_slack(cast.home.id, app["id"])
    _say(own, cast, "Kept.")
    eventually(tenant.signals)
    with tenant.api as api:
        assert api.delete(f"slack-apps/{app['id']}").status_code == 204
    assert _say(own, cast, "Too late.").status_code == 401
    (integration,) = tenant.get("integrations")["items"]
    assert (integration["state"], integration["state_reason"]) == ("disconnected", "slack_app_deleted")
    assert [signal["verbatim"] for signal in tenant.signals()] == ["Kept."]
    eventually(lambda: own.grants.installation(cast.home) is None)
    again = _register(tenant, own)
    own.send_events_to(again["events_url"])
    Signalbox(site.base_url, tenant.token).add_to_slack(cast.home.id, again["id"])
    assert [each["state"] for each in tenant.get("integrations")["items"]] == ["active"], "it is the same connection"


def test_optional_scopes_cost_their_features_and_are_offered_again(
    site: Site, cast: Cast, tenant: Tenant, own: SlackStandIn
) -> None:
    app = _register(tenant, own)
    own.send_events_to(app["events_url"])
    own.declined_scopes = frozenset(FEATURES.optional_scopes)
    Signalbox(site.base_url, tenant.token).add_to_slack(cast.home.id, app["id"])
    (integration,) = tenant.get("integrations")["items"]
    assert integration["state"] == "active"
    assert not set(integration["scopes"]) & own.declined_scopes
    _say(own, cast, "Heard without the optional scopes.")
    (signal,) = eventually(tenant.signals)
    assert signal["verbatim"] == "Heard without the optional scopes."
    features = tenant.get(f"integrations/{integration['id']}/features")
    declined = {each["name"] for each in features["items"] if not each["is_enabled"]}
    assert declined
    assert all(FEATURES[name].optional for name in declined)
    assert features["offer"].startswith("Reinstall to enable ")
    assert f"app={app['id']}" in features["install_url"]
    own.declined_scopes = frozenset()
    Signalbox(site.base_url, tenant.token).add_to_slack(cast.home.id, app["id"])
    assert tenant.get(f"integrations/{integration['id']}/features")["offer"] is None
    assert len(tenant.get("integrations")["items"]) == 1


def test_an_own_app_is_nobody_elses(site: Site, cast: Cast, tenant: Tenant, own: SlackStandIn) -> None:
    app, other = _register(tenant, own), site.tenant("Other")
    with other.api as api:
        assert api.get(f"slack-apps/{app['id']}").status_code == 404
        assert api.post("slack/install-links", json={"app_id": app["id"]}).status_code == 404
    with httpx.Client(follow_redirects=True) as browser:
        browser.get(other.sign_in_url)
        page = browser.get(f"{site.base_url}/slack/install?workspace={other.workspace_id}&app={app['id']}")
        assert page.status_code == 404
    with httpx.Client() as browser:
        browser.get(tenant.sign_in_url, follow_redirects=True)
        away = browser.get(f"{site.base_url}/slack/install?workspace={tenant.workspace_id}&app={app['id']}")
        assert away.status_code == 302
        assert own.app.client_id in urlsplit(away.headers["location"]).query


def _register(tenant: Tenant, own: SlackStandIn, **given: str) -> dict[str, Any]:
    app = own.app
    pasted = {
        "name": "Own", "client_id": app.client_id, "client_secret": app.client_secret,
        "signing_secret": app.signing_secret,
    }  # fmt: skip
    made: dict[str, Any] = tenant.post("slack-apps", {**pasted, **given})
    return made


def _message(site: Site, cast: Cast, text: str) -> JsonObject:
    channel, author = cast.channels["kestrel-tidewater"], cast.users["marta"]
    return slack_events.message(channel, author, text, site.slack.next_ts())


def _say(stand_in: SlackStandIn, cast: Cast, text: str) -> httpx.Response:
    channel, author = cast.channels["kestrel-tidewater"], cast.users["marta"]
    event = slack_events.message(channel, author, text, stand_in.next_ts())
    return stand_in.deliver(stand_in.event(event, team=cast.home))


def _settled(tenant: Tenant) -> list[dict[str, Any]]:
    return [event for event in tenant.get("events")["items"] if event["state"] != "pending"]

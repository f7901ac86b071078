"""Stories of a workspace that adds the app to Slack: from the redirect to what customers said."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from core.taming import JsonObject
from integrations.slack.scopes import FEATURES
from sandbox import slack_events
from sandbox.cast import Cast
from tests.journeys.site import METRICS_TOKEN, Site, Tenant, eventually


def test_install_message_signal(site: Site, cast: Cast, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    said = _message(site, cast, "The export stops at 1,000 rows.")
    assert _deliver(site, cast, said).status_code == 200
    (signal,) = eventually(tenant.signals)
    assert signal["verbatim"] == "The export stops at 1,000 rows."
    assert signal["source"] == "slack"
    assert signal["source_ref"] == f"{said['channel']}:{said['ts']}"
    assert signal["author"]["name"] == "Marta Olsen"
    assert signal["author"]["affiliation"] == "external"
    assert signal["account"]["external_id"] == cast.users["marta"].team_id
    assert signal["source_url"].startswith("https://")
    (integration,) = tenant.get("integrations")["items"]
    assert integration["state"] == "active"
    assert integration["slack_team_id"] == cast.home.id
    assert set(integration["scopes"]) == set(FEATURES.scopes)
    assert integration["token_expires_at"]
    assert "xox" not in str(integration)


def test_edits_and_deletions_reach_the_signal(site: Site, cast: Cast, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    said = _message(site, cast, "It is slow.")
    _deliver(site, cast, said)
    eventually(tenant.signals)
    _deliver(site, cast, slack_events.message_changed(said, "It is slow on Mondays.", site.slack.next_ts()))
    edited = eventually(lambda: [s for s in tenant.signals() if s["edited_at"]])[0]
    assert edited["verbatim"] == "It is slow on Mondays."
    _deliver(site, cast, slack_events.message_deleted(said, site.slack.next_ts()))
    eventually(lambda: not tenant.signals())
    (deleted,) = tenant.signals(include_deleted=True)
    assert deleted["deleted_at"]
    assert deleted["id"] == edited["id"]


def test_a_deletion_that_comes_first_wins(site: Site, cast: Cast, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    said = _message(site, cast, "Please forget this.")
    _deliver(site, cast, slack_events.message_deleted(said, site.slack.next_ts()))
    eventually(lambda: tenant.signals(include_deleted=True))
    _deliver(site, cast, said)
    done = eventually(lambda: _processed(tenant, 2))
    assert {event["receipt"]["outcome"] for event in done} == {"deleted", "superseded"}
    assert tenant.signals() == []


def test_four_copies_at_once_are_one_signal(site: Site, cast: Cast, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    payloads = [site.slack.event(_message(site, cast, f"Wish number {n}"), team=cast.home) for n in range(25)]
    with ThreadPoolExecutor(8) as senders:
        answers = list(senders.map(site.slack.deliver, payloads * 4))
    assert {answer.status_code for answer in answers} == {200}
    eventually(lambda: len(tenant.signals()) == 25)
    events = tenant.get("events", limit=200)["items"]
    assert len(events) == 25, "each event is stored once"


def test_noise_is_not_captured_and_says_why(site: Site, cast: Cast, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    channel = cast.channels["kestrel-tidewater"]
    ours = slack_events.message(channel, cast.users["jonas"], "On it!", site.slack.next_ts())
    bot = slack_events.bot_message(channel, cast.home.id, "CI", "deployed", site.slack.next_ts())
    internal = slack_events.message(cast.channels["support-desk"], cast.users["sam"], "lunch?", site.slack.next_ts())
    for event in (ours, bot, internal, slack_events.channel_join(channel, cast.users["devon"], site.slack.next_ts())):
        _deliver(site, cast, event)
    events = eventually(lambda: _processed(tenant, 4))
    reasons = {event["receipt"]["reason"] for event in events}
    assert reasons == {"internal_author", "bot_message", "channel_not_shared", "channel_join"}
    assert tenant.signals() == []


def test_uninstalling_wipes_tokens_and_stops_intake(site: Site, cast: Cast, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    late = site.slack.event(_message(site, cast, "too late"), team=cast.home)
    site.slack.uninstall(cast.home)
    site.slack.drain()
    eventually(lambda: tenant.get("integrations")["items"][0]["state"] == "disconnected")
    assert tenant.get("integrations")["items"][0]["token_expires_at"] is None
    assert site.slack.deliver(late).status_code == 200
    assert tenant.signals() == []
    site.add_to_slack(tenant)
    (integration,) = tenant.get("integrations")["items"]
    assert integration["state"] == "active", "a reinstall brings the same connection back"


def test_a_team_belongs_to_one_workspace(site: Site, cast: Cast, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    other = site.tenant("Other")
    url = other.post("slack/install-links")["url"]
    with httpx.Client(follow_redirects=True) as browser:
        page = browser.get(url)
    assert page.status_code == 409
    assert "slack_team_connected_elsewhere" in page.text
    assert other.get("integrations")["items"] == []
    _deliver(site, cast, _message(site, cast, "Whose words are these?"))
    eventually(tenant.signals)
    assert other.signals() == []
    (signal,) = tenant.signals()
    with other.api as api:
        assert api.get(f"signals/{signal['id']}").status_code == 404


def test_forged_and_stale_events_are_refused_and_leave_no_trace(site: Site, cast: Cast, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    before = len(site.logs())
    forged = httpx.post(
        f"{site.base_url}/slack/events",
        content=b'{"type":"event_callback","secret-word":"abracadabra"}',
        headers={"x-slack-request-timestamp": "1700000000", "x-slack-signature": "v0=" + "0" * 64},
    )
    assert forged.status_code == 401
    assert forged.headers["content-type"] == "application/problem+json"
    assert forged.json()["code"] == "timestamp_stale"
    written = site.logs()[before:]
    assert "inbound_refused" in written
    assert "abracadabra" not in written


def test_the_challenge_is_echoed_only_when_signed(site: Site) -> None:
    site.slack.send_events_to(f"{site.base_url}/slack/events")
    challenge: JsonObject = {"type": "url_verification", "challenge": "3eZbrw1aB", "token": "t"}
    assert site.slack.deliver(challenge).text == "3eZbrw1aB"
    unsigned = httpx.post(f"{site.base_url}/slack/events", json=challenge)
    assert unsigned.status_code == 401
    assert "3eZbrw1aB" not in unsigned.text


def _message(site: Site, cast: Cast, text: str) -> JsonObject:
    channel, author = cast.channels["kestrel-tidewater"], cast.users["marta"]
    return slack_events.message(channel, author, text, site.slack.next_ts())


def _deliver(site: Site, cast: Cast, event: JsonObject) -> httpx.Response:
    return site.slack.deliver(site.slack.event(event, team=cast.home))


def _processed(tenant: Tenant, count: int) -> list[dict[str, Any]]:
    events = [event for event in tenant.get("events")["items"] if event["state"] != "pending"]
    return events if len(events) == count else []


def test_whoever_calls_slack_is_counted(site: Site, cast: Cast, tenant: Tenant) -> None:
    """The web processes and the worker; on PostgreSQL it is the worker that lists the channels."""
    assert cast.home
    site.add_to_slack(tenant)
    counted = 'signalbox_platform_calls_total{method="conversations.list",outcome="ok",platform="slack"}'
    eventually(lambda: counted in _figures(site))


def _figures(site: Site) -> str:
    return httpx.get(f"{site.base_url}/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}, timeout=20).text

"""Stories of servers that Slack cannot reach: sockets bring the same events, with the same promises."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from core.taming import JsonObject
from sandbox import slack_events
from sandbox.cast import Cast, assemble
from sandbox.signalbox import Signalbox
from sandbox.slack import SlackApp, SlackStandIn
from tests.journeys.site import Site, Tenant, eventually
from tests.slack_sockets import NotAcknowledged, SlackSockets

OWN = SlackApp(
    client_id="77.88", client_secret="own-client-secret", signing_secret="own-signing-secret", api_app_id="A0OWN",
    app_token="xapp-1-A0OWN-1-abc",
)  # fmt: skip


@pytest.fixture
def cast(own_site: Site) -> Cast:
    """Fresh companies in the site's Slack."""
    cast = assemble()
    own_site.slack.world = cast.world
    return cast


@pytest.fixture
def sockets(own_site: Site, cast: Cast) -> Iterator[SlackSockets]:
    """Slack's side; the server's shared app has an app-level token, and its events go to no address."""
    own_site.slack.give_app_token("xapp-1-A0BOX-1-abc")
    own_site.environ["SIGNALBOX_SLACK_APP_TOKEN"] = own_site.slack.app.app_token
    with SlackSockets(own_site.slack) as running:
        yield running


def test_events_of_two_apps_come_over_their_sockets(own_site: Site, cast: Cast, sockets: SlackSockets) -> None:
    tenant, other = _start(own_site, sockets), own_site.tenant("Other")
    Signalbox(own_site.base_url, tenant.token).add_to_slack(cast.home.id)
    said = _message(own_site, cast, "It came over a socket.")
    sockets.deliver(_enveloped(own_site.slack, cast, said))
    (signal,) = eventually(tenant.signals)
    assert (signal["verbatim"], signal["author"]["affiliation"]) == ("It came over a socket.", "external")
    edited = slack_events.message_changed(said, "It came over a socket, twice.", own_site.slack.next_ts())
    for _ in range(2):
        sockets.deliver(_enveloped(own_site.slack, cast, edited))
    eventually(lambda: tenant.signals()[0]["edited_at"])

    own = own_site.slack.add_app(OWN)
    app = other.post("slack-apps", {
        "name": "Own", "client_id": OWN.client_id, "client_secret": OWN.client_secret,
        "signing_secret": OWN.signing_secret, "app_token": OWN.app_token,
    })  # fmt: skip
    eventually(lambda: sockets.connected(own))  # without a restart
    assert eventually(lambda: other.get(f"slack-apps/{app['id']}")["socket_opened_at"])
    Signalbox(own_site.base_url, other.token).add_to_slack(cast.home.id, app["id"])
    sockets.deliver(_enveloped(own, cast, _message(own_site, cast, "Through the own app.")), to=own)
    eventually(other.signals)
    assert [each["verbatim"] for each in other.signals()] == ["Through the own app."]
    assert len(tenant.signals()) == 1
    with other.api as api:
        api.delete(f"slack-apps/{app['id']}").raise_for_status()
    eventually(lambda: not sockets.connected(own))
    sockets.deliver(_enveloped(own_site.slack, cast, slack_events.app_uninstalled()))
    eventually(lambda: tenant.get("integrations")["items"][0]["state"] == "disconnected")
    assert "xapp" not in own_site.logs()


def test_killed_between_receiving_and_storing(own_site: Site, cast: Cast, sockets: SlackSockets) -> None:
    """Nothing was stored, so nothing was acknowledged: Slack sends it again to whoever comes back."""
    tenant = _start(own_site, sockets)
    Signalbox(own_site.base_url, tenant.token).add_to_slack(cast.home.id)
    event = _enveloped(own_site.slack, cast, _message(own_site, cast, "Do not lose me."))
    with _nobody_stores(own_site):
        delivery = _Delivery(sockets, event)
        delivery.has_been_sent()
        own_site.kill("run")
    assert not delivery.is_acknowledged()
    _restart(own_site, sockets)
    _insist(sockets, event)
    assert [each["verbatim"] for each in eventually(tenant.signals)] == ["Do not lose me."]
    assert len(tenant.get("events")["items"]) == 1


def test_killed_between_storing_and_acknowledging(own_site: Site, cast: Cast, sockets: SlackSockets) -> None:
    """It is stored, but Slack does not know: what it sends again is one signal."""
    tenant = _start(own_site, sockets)
    Signalbox(own_site.base_url, tenant.token).add_to_slack(cast.home.id)
    event = _enveloped(own_site.slack, cast, _message(own_site, cast, "Do not double me."))
    sockets.loses_acks = True
    delivery = _Delivery(sockets, event)
    eventually(lambda: tenant.get("events")["items"])
    own_site.kill("run")
    assert not delivery.is_acknowledged()
    sockets.loses_acks = False
    _restart(own_site, sockets)
    _insist(sockets, event)
    assert [each["verbatim"] for each in eventually(tenant.signals)] == ["Do not double me."]
    assert len(tenant.get("events")["items"]) == 1


def test_a_stream_through_renewals_and_kills(own_site: Site, cast: Cast, sockets: SlackSockets) -> None:
    tenant = _start(own_site, sockets)
    Signalbox(own_site.base_url, tenant.token).add_to_slack(cast.home.id)
    for number in range(60):
        if number % 15 == 10:
            sockets.refresh(own_site.slack)
        if number in (20, 40):
            own_site.kill("run")
            own_site.start("run", "--socket-mode")
        _insist(sockets, _enveloped(own_site.slack, cast, _message(own_site, cast, f"Wish number {number}")))
    own_site.wait_until_ready()
    eventually(lambda: len(tenant.signals()) >= 60)
    assert sorted(each["verbatim"] for each in tenant.signals()) == sorted(f"Wish number {n}" for n in range(60))


class _Delivery:
    """An event on its way, in a thread of its own, without retries."""

    def __init__(self, sockets: SlackSockets, event: JsonObject) -> None:
        self._sockets, self._event = sockets, event
        self._before = sockets.sent
        self._acknowledged = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def has_been_sent(self) -> None:
        eventually(lambda: self._sockets.sent > self._before)

    def is_acknowledged(self) -> bool:
        self._thread.join()
        return self._acknowledged

    def _run(self) -> None:
        with contextlib.suppress(NotAcknowledged):
            self._sockets.deliver(self._event)
            self._acknowledged = True


def _start(site: Site, sockets: SlackSockets) -> Tenant:
    _restart(site, sockets)
    return site.tenant()


def _restart(site: Site, sockets: SlackSockets) -> None:
    site.start("run", "--socket-mode")
    site.wait_until_ready()
    eventually(lambda: sockets.connected(site.slack))


def _insist(sockets: SlackSockets, event: JsonObject) -> None:
    """As Slack does, sends again what nobody acknowledged."""

    def delivered() -> bool:
        try:
            sockets.deliver(event)
        except NotAcknowledged:
            return False
        return True

    eventually(delivered)


@contextlib.contextmanager
def _nobody_stores(site: Site) -> Iterator[None]:
    """Holds what every INSERT needs: SQLite's one writer, or PostgreSQL's table of events."""
    url = site.environ["SIGNALBOX_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    is_postgresql = url.startswith("postgresql")
    with engine.connect() as connection:
        connection.execute(text("BEGIN" if is_postgresql else "BEGIN IMMEDIATE"))
        if is_postgresql:
            connection.execute(text("LOCK TABLE events IN ACCESS EXCLUSIVE MODE"))
        yield
        connection.execute(text("ROLLBACK"))
    engine.dispose()


def _message(site: Site, cast: Cast, words: str) -> JsonObject:
    channel, author = cast.channels["kestrel-tidewater"], cast.users["marta"]
    return slack_events.message(channel, author, words, site.slack.next_ts())


def _enveloped(slack: SlackStandIn, cast: Cast, event: JsonObject) -> Any:
    return slack.event(event, team=cast.home)

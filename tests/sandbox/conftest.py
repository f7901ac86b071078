import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from core.taming import JsonObject, parse_object
from sandbox.app import create_sandbox
from sandbox.cast import Cast, assemble
from sandbox.loopback import loopback_client
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from sandbox.slack import SlackApp, SlackStandIn
from tests.sandbox.receiver import Receiver

REDIRECT_URI = "http://127.0.0.1:9/slack/oauth_redirect"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, step: timedelta) -> None:
        self.now += step


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cast() -> Cast:
    return assemble()


@pytest.fixture
def slack(cast: Cast, clock: Clock) -> SlackStandIn:
    app = SlackApp(client_id="11.22", client_secret="client-secret", signing_secret="signing", api_app_id="A0APP")
    return SlackStandIn(app, cast.world, auto_approve=True, clock=clock)


@pytest.fixture
def pylon(clock: Clock) -> PylonStandIn:
    return PylonStandIn("Tidewater", clock=clock)


@pytest.fixture
def server(slack: SlackStandIn, pylon: PylonStandIn) -> Iterator[SandboxServer]:
    with SandboxServer(create_sandbox(slack, pylon)) as running:
        yield running


@pytest.fixture
def receiver(slack: SlackStandIn) -> Iterator[Receiver]:
    receiver = Receiver()
    with SandboxServer(receiver.app()) as running:
        receiver.url = running.url
        slack.send_events_to(f"{running.url}/slack/events")
        yield receiver


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with loopback_client(5) as client:
        yield client


class Installer:
    """Walks through the OAuth dance as an app would."""

    def __init__(self, http: httpx.Client, server: SandboxServer) -> None:
        self.http, self.server = http, server

    def ask(self, **changes: str) -> httpx.Response:
        asked = {
            "client_id": "11.22",
            "scope": "channels:history,users:read",
            "user_scope": "",
            "redirect_uri": REDIRECT_URI,
            "state": "st&te=1",
        } | changes
        return self.http.get(self.server.slack_authorize_url, params=asked)

    def code(self, **changes: str) -> str:
        return httpx.URL(self.ask(**changes).headers["location"]).params["code"]

    def exchange(self, **arguments: str) -> JsonObject:
        return self.call("oauth.v2.access", {"redirect_uri": REDIRECT_URI} | arguments, ("11.22", "client-secret"))

    def install(self, **changes: str) -> str:
        return str(self.exchange(code=self.code(**changes))["access_token"])

    def call(
        self, method: str, arguments: dict[str, str] | None = None, auth: str | tuple[str, str] = ""
    ) -> JsonObject:
        if isinstance(auth, tuple):
            auth_headers = {"authorization": "Basic " + base64.b64encode(":".join(auth).encode()).decode()}
        else:
            auth_headers = {"authorization": f"Bearer {auth}"} if auth else {}
        answer = self.http.post(self.server.slack_api_url + method, data=arguments or {}, headers=auth_headers)
        assert answer.status_code == 200
        return parse_object(answer.content)


@pytest.fixture
def installer(http: httpx.Client, server: SandboxServer) -> Installer:
    return Installer(http, server)

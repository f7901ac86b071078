"""Switches of the home page are answered before Slack is asked anything, and the page says how it went."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest

from core.adapter import InboundRequest
from core.taming import JsonObject
from db import Database, Integration
from integrations.slack.afterwards import Afterwards
from integrations.slack.bolt import build_app
from integrations.slack.effects import SlackEffects
from integrations.slack.home import NOT_ASKED, NOT_INTERNAL
from oauth.authorize import IntegrationsAuthorize
from pipeline.installations.lifecycle import StoredLifecycle
from pipeline.tokens.access import StoredAccess
from sandbox.app import create_sandbox
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from sandbox.slack import SlackApp, SlackStandIn
from sandbox.slack_surfaces import form_of
from sandbox.slack_world import SlackChannel, SlackTeam, SlackUser, SlackWorld
from tests.conftest import StillClock
from tests.integrations.slack.test_bolt import make_flow, refuse
from tests.surfaces import surfaces_over
from tests.web.desk_rows import Room, furnish

HOME = SlackTeam(id="T0HOME", name="Acme", domain="acme")
OTHER = SlackTeam(id="T0OTHER", name="Other", domain="other")
ALICE = SlackUser(id="U0ALICE", team_id=HOME.id, name="Alice")
OURS = SlackChannel(id="C0OURS", name="desk", team_ids=(HOME.id,))
SHARED = SlackChannel(id="C0SHARED", name="ext-other", team_ids=(HOME.id, OTHER.id))
REDIRECT_URI = "https://signalbox.example.com/slack/oauth_redirect"
SECONDS = 10


@dataclass
class House:
    """Alice before the app's home page, and a Slack that answers when it is let."""

    room: Room
    slack: SlackStandIn
    effects: SlackEffects
    later: Afterwards
    may_answer: threading.Event = field(default_factory=threading.Event)
    was_asked: threading.Event = field(default_factory=threading.Event)

    def hold(self, _: str) -> None:
        self.was_asked.set()
        assert self.may_answer.wait(SECONDS)

    def press(self, action: JsonObject) -> int:
        """The status that Slack is answered."""
        payload = self.slack.desktop(ALICE, place=HOME).press(action)
        body = urlencode(form_of(payload)).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        request = InboundRequest(headers, body, self.room.clock())
        return self.effects.answer(self.room.app_id, request, refuse).status

    def settle(self) -> None:
        """What was to be done after the answers is done, in order."""
        done = threading.Event()
        self.later(done.set)
        assert done.wait(SECONDS)

    def config(self) -> dict[str, object]:
        with self.room.database.read() as session:
            return dict(session.get_one(Integration, self.room.integration_id).config)

    def page(self) -> str:
        return str(self.slack.screens.homes.get(ALICE.id))


@pytest.fixture
def house(database: Database, clock: StillClock) -> Iterator[House]:
    room, later = furnish(database, clock), Afterwards()
    app = SlackApp(client_id="1.2", client_secret="s", signing_secret="t", api_app_id="A1", rotation=False)
    world = SlackWorld(teams=(HOME, OTHER), users=(ALICE,), channels=(OURS, SHARED))
    slack = SlackStandIn(app, world, auto_approve=True, clock=clock)
    code = slack.grants.approve(HOME, installer_id="U1", scopes=("a",), client_id="1.2", redirect_uri=REDIRECT_URI)
    pair = slack.grants.redeem(code, client_id="1.2", redirect_uri=REDIRECT_URI)[1]
    with database.write() as session:
        session.get_one(Integration, room.integration_id).access_token = pair.access
    with SandboxServer(create_sandbox(slack, PylonStandIn("Acme", clock=clock))) as server:
        bolt = build_app(
            oauth_flow=make_flow(),
            authorize=IntegrationsAuthorize(database, StoredAccess(database), room.app_id),
            lifecycle=StoredLifecycle(database, clock),
            surfaces=surfaces_over(database, clock, server.slack_api_url, later),
        )
        yield House(room, slack, SlackEffects(lambda _: bolt), later)


def choice(channel: SlackChannel) -> JsonObject:
    return {"type": "conversations_select", "action_id": "home_digest_channel", "selected_conversation": channel.id}


def test_a_slow_slack_holds_up_no_answer(house: House) -> None:
    house.slack.before_answer = house.hold
    assert house.press(choice(OURS)) == 200
    assert house.was_asked.wait(SECONDS)
    assert "slack_digest" not in house.config(), "Slack has not said yet whose channel that is"
    heard: JsonObject = {"type": "button", "action_id": "home_hear", "value": f"{OURS.id} {OURS.name}"}
    assert house.press(heard) == 200
    assert house.config()["slack_channels"] == [{"id": OURS.id, "name": OURS.name, "auto": True}]
    assert house.slack.screens.homes == {}
    house.may_answer.set()
    house.settle()
    assert house.config()["slack_digest"] == {"channel_id": OURS.id, "channel_name": OURS.name, "hour": 8}
    assert f"#{OURS.name} at 08:00 UTC" in house.page()
    assert f"*#{OURS.name}*: people outside" in house.page(), "what the last switch did shows, too"
    assert house.slack.calls("conversations.info") == 1


def test_a_channel_that_others_read_is_refused_on_the_page(house: House) -> None:
    assert house.press(choice(SHARED)) == 200
    house.settle()
    assert NOT_INTERNAL in house.page()
    assert "slack_digest" not in house.config()


def test_a_slack_that_does_not_say_changes_nothing_and_the_page_says_so(house: House) -> None:
    house.slack.fail_next("conversations.info", status=503)
    assert house.press(choice(OURS)) == 200
    house.settle()
    assert NOT_ASKED in house.page()
    assert "slack_digest" not in house.config()


def test_what_fails_afterwards_holds_up_nothing_after_it(house: House) -> None:
    def broken() -> None:
        raise RuntimeError("xoxb-secret")

    house.slack.fail_next("views.publish", status=503)
    house.later(broken)
    for _ in range(2):
        assert house.press(choice(OURS)) == 200
    house.settle()
    assert house.slack.calls("views.publish") == 2
    assert f"#{OURS.name} at 08:00 UTC" in house.page()

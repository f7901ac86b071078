"""Socket Mode with slack_sdk's own client against the sandbox: acknowledged means taken, whatever breaks."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import pytest
from slack_sdk.socket_mode.request import SocketModeRequest

from core.adapter import InboundRequest, InteractiveReply
from core.clock import utc_now
from core.errors import StepFailed
from core.sockets import OpenSocket
from core.taming import JsonObject
from integrations.slack.socket import SlackSockets, as_inbound
from sandbox.app import create_sandbox
from sandbox.cast import assemble
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from sandbox.slack import SlackApp, SlackStandIn
from tests import slack_sockets
from tests.journeys.site import eventually
from tests.slack_sockets import NotAcknowledged

TOKEN = "xapp-1-A0BOX-1-abc"
EVENT: JsonObject = {"type": "event_callback", "event_id": "Ev1", "event": {"type": "message", "text": "жёлтый"}}


@dataclass
class Receiver:
    """Takes requests; refuses as many as it is told to, and answers what it is told to."""

    reply: InteractiveReply = field(default_factory=lambda: InteractiveReply(200, "", "text/plain"))
    refuses: int = 0
    taken: list[InboundRequest] = field(default_factory=list)
    greeted: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def receive(self, request: InboundRequest) -> InteractiveReply:
        with self._lock:
            if self.refuses:
                self.refuses -= 1
                raise RuntimeError("the database is away")
            self.taken.append(request)
        return self.reply

    def greet(self) -> None:
        self.greeted += 1


@pytest.fixture
def slack() -> SlackStandIn:
    app = SlackApp(client_id="11.22", client_secret="c", signing_secret="s", api_app_id="A0BOX", app_token=TOKEN)
    return SlackStandIn(app, assemble().world)


@pytest.fixture
def api_url(slack: SlackStandIn) -> Iterator[str]:
    with SandboxServer(create_sandbox(slack, PylonStandIn("Pylon"))) as server:
        yield server.slack_api_url


@pytest.fixture
def sockets(slack: SlackStandIn) -> Iterator[slack_sockets.SlackSockets]:
    with slack_sockets.SlackSockets(slack) as running:
        yield running


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def open_socket(
    api_url: str, sockets: slack_sockets.SlackSockets, receiver: Receiver
) -> Iterator[Callable[[], OpenSocket]]:
    opened: list[OpenSocket] = []

    def opening() -> OpenSocket:
        opened.append(SlackSockets(api_url, utc_now).open(TOKEN, receiver.receive, receiver.greet))
        return opened[-1]

    yield opening
    for socket in opened:
        socket.close()


@pytest.fixture
def socket(
    open_socket: Callable[[], OpenSocket], slack: SlackStandIn, sockets: slack_sockets.SlackSockets
) -> OpenSocket:
    opened = open_socket()
    eventually(lambda: sockets.connected(slack))
    return opened


def test_an_event_is_taken_as_a_door_would_get_it(
    socket: OpenSocket, sockets: slack_sockets.SlackSockets, receiver: Receiver
) -> None:
    assert sockets.deliver(EVENT) is None
    (taken,) = receiver.taken
    assert taken.headers == {"content-type": "application/json"}
    assert json.loads(taken.body) == EVENT
    eventually(lambda: receiver.greeted == 1)
    assert socket.is_open


def test_what_was_not_kept_is_not_acknowledged_and_comes_again(
    socket: OpenSocket, sockets: slack_sockets.SlackSockets, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_sockets, "ANSWER_SECONDS", 0.3)
    receiver.refuses = 2
    with pytest.raises(NotAcknowledged):
        sockets.deliver(EVENT | {"event": {}})
    sockets.deliver(EVENT | {"event": {}}, retries=3)
    assert len(receiver.taken) == 1
    assert socket.is_open


@pytest.mark.parametrize(
    ("answer", "payload"),
    [
        (("", "text/plain"), None),
        (("Saved.", "text/plain; charset=utf-8"), {"text": "Saved."}),
        (('{"response_action": "clear"}', "application/json; charset=utf-8"), {"response_action": "clear"}),
    ],
)
def test_an_interactive_answer_goes_along_with_the_acknowledgement(
    socket: OpenSocket,
    sockets: slack_sockets.SlackSockets,
    receiver: Receiver,
    answer: tuple[str, str],
    payload: object,
) -> None:
    receiver.reply = InteractiveReply(200, *answer)
    assert sockets.deliver({"type": "view_submission", "view": {"id": "V1"}}, kind="interactive") == payload
    (taken,) = receiver.taken
    assert taken.headers == {"content-type": "application/x-www-form-urlencoded"}
    assert json.loads(parse_qs(taken.body.decode())["payload"][0]) == {"type": "view_submission", "view": {"id": "V1"}}


def test_a_command_comes_as_a_form(socket: OpenSocket, sockets: slack_sockets.SlackSockets, receiver: Receiver) -> None:
    sockets.deliver({"command": "/signalbox", "text": "what & why", "team_id": "T0"}, kind="slash_commands")
    form = parse_qs(receiver.taken[0].body.decode())
    assert form == {"command": ["/signalbox"], "text": ["what & why"], "team_id": ["T0"]}


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
def test_a_socket_that_slack_renews_loses_and_doubles_nothing(
    socket: OpenSocket, slack: SlackStandIn, sockets: slack_sockets.SlackSockets, receiver: Receiver, reason: str
) -> None:
    for number in range(20):
        if number in (5, 12):
            sockets.refresh(slack, reason)
        _insist(sockets, {"type": "event_callback", "event_id": f"Ev{number}", "event": {"type": "message"}})
    eventually(lambda: sockets.opened == 3)
    assert {json.loads(taken.body)["event_id"] for taken in receiver.taken} == {f"Ev{n}" for n in range(20)}
    eventually(lambda: sockets.connected(slack) == 1)


def test_a_broken_socket_comes_back_by_itself(
    socket: OpenSocket, slack: SlackStandIn, sockets: slack_sockets.SlackSockets, receiver: Receiver
) -> None:
    sockets.break_off(slack)
    eventually(lambda: sockets.opened == 2)
    _insist(sockets, EVENT | {"event": {"type": "message"}})
    assert receiver.taken
    assert receiver.greeted == 2


def test_several_sockets_of_one_app_get_each_request_once(
    socket: OpenSocket,
    open_socket: Callable[[], OpenSocket],
    slack: SlackStandIn,
    sockets: slack_sockets.SlackSockets,
    receiver: Receiver,
) -> None:
    second = open_socket()
    eventually(lambda: sockets.connected(slack) == 2)
    sockets.deliver(EVENT | {"event": {}})
    second.close()
    eventually(lambda: sockets.connected(slack) == 1)
    _insist(sockets, EVENT | {"event": {}, "event_id": "Ev2"})
    assert [json.loads(taken.body)["event_id"] for taken in receiver.taken] == ["Ev1", "Ev2"]


def test_a_lost_acknowledgement_brings_the_request_again(
    socket: OpenSocket, sockets: slack_sockets.SlackSockets, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_sockets, "ANSWER_SECONDS", 0.3)
    sockets.loses_acks = True
    with pytest.raises(NotAcknowledged):
        sockets.deliver(EVENT | {"event": {}}, retries=1)
    assert len({taken.body for taken in receiver.taken}) == 1, "the inbox knows it by its bytes"
    assert len(receiver.taken) == 2


def test_a_token_that_slack_refuses_says_so(api_url: str, receiver: Receiver, slack: SlackStandIn) -> None:
    opener = SlackSockets(api_url, utc_now)
    with pytest.raises(StepFailed) as refused:
        opener.open("xapp-1-A0BOX-1-wrong", receiver.receive, receiver.greet)
    assert (refused.value.reason, refused.value.permanent) == ("slack_app_token_refused", True)
    with pytest.raises(StepFailed) as away:
        opener.open(TOKEN, receiver.receive, receiver.greet)  # Slack names an address where nobody listens
    assert (away.value.reason, away.value.permanent) == ("slack_unavailable", False)


@pytest.mark.parametrize("kind", ["events_api", "interactive", "slash_commands"])
def test_half_an_emoji_is_taken_too(kind: str) -> None:
    request = SocketModeRequest(kind, "e1", {"text": "half of it: \ud83d"})
    assert b"half" in as_inbound(request, utc_now).body


def _insist(sockets: slack_sockets.SlackSockets, payload: JsonObject) -> None:
    """As Slack does, sends again what nobody acknowledged."""

    def delivered() -> bool:
        try:
            sockets.deliver(payload)
        except NotAcknowledged:
            return False
        return True

    eventually(delivered)

"""Socket Mode: Slack's requests over a connection that we open, taken like those that come to a door.

https://docs.slack.dev/apis/events-api/using-socket-mode. The token that opens a socket proves who speaks, so that
nothing is signed. slack_sdk's client keeps the connection; what it says in logs is withheld (`core.slack_logs`).
"""

import json
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web import WebClient

from core.adapter import InboundRequest, InteractiveReply
from core.clock import Clock
from core.errors import StepFailed
from core.logs import get_logger
from core.slack_logs import slack_logger
from core.sockets import Receive
from core.trust import machines_trust

log = get_logger()

TIMEOUT_SECONDS = 8
AT_ONCE = 8
"""Requests of one socket that are taken at the same time."""
_FORM = {"content-type": "application/x-www-form-urlencoded"}
_JSON = {"content-type": "application/json"}
_REFUSALS = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "missing_scope", "not_allowed_token_type"}
)
_NO_ANSWER = (OSError, HTTPException, ValueError, AttributeError, TypeError, SlackClientError)


class SlackSockets:
    """Implements `core.sockets.SocketOpener`."""

    def __init__(self, api_url: str, clock: Clock) -> None:
        self._api_url = api_url
        self._clock = clock

    def open(self, app_token: str, receive: Receive, greeted: Callable[[], None]) -> "SlackSocket":
        """See `core.sockets.SocketOpener.open`."""
        web = WebClient(
            base_url=self._api_url,
            timeout=TIMEOUT_SECONDS,
            ssl=machines_trust(),
            logger=slack_logger(),
            retry_handlers=[],
        )
        client = SocketModeClient(app_token, logger=slack_logger(), web_client=web, concurrency=AT_ONCE)
        socket = SlackSocket(client, self._clock, receive, greeted)
        try:
            client.connect()
        except SlackApiError as error:
            socket.close()
            raise _refusal(error) from None
        except _NO_ANSWER as error:
            socket.close()
            raise StepFailed("slack_unavailable", permanent=False, message=type(error).__name__) from None
        if not socket.is_open:  # slack_sdk only logs that the address it got did not let it in
            socket.close()
            raise StepFailed("slack_unavailable", permanent=False)
        return socket


class SlackSocket:
    """One socket of one app. Implements `core.sockets.OpenSocket`."""

    def __init__(self, client: SocketModeClient, clock: Clock, receive: Receive, greeted: Callable[[], None]) -> None:
        self._client = client
        self._clock = clock
        self._receive = receive
        self._greeted = greeted
        client.message_listeners.append(self._hear)
        client.socket_mode_request_listeners.append(self._take)

    @property
    def is_open(self) -> bool:
        """See `core.sockets.OpenSocket`."""
        return bool(self._client.is_connected())

    def close(self) -> None:
        """See `core.sockets.OpenSocket`."""
        self._client.close()

    def _hear(self, _: BaseSocketModeClient, message: Mapping[str, Any], __: str | None = None) -> None:
        if message.get("type") == "hello":
            self._greeted()

    def _take(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        """Acknowledges after the commit; without one Slack sends the request again."""
        try:
            reply = self._receive(as_inbound(request, self._clock))
        except Exception as error:  # noqa: BLE001  # whatever it was, it is not stored
            log.warning("socket_request_not_taken", kind=type(error).__name__)
            return
        client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload=payload_of(reply)))


def as_inbound(request: SocketModeRequest, clock: Clock) -> InboundRequest:
    """The request as it would have come to the door: events as JSON, interactivity and commands as forms."""
    if request.type == "interactive":
        body, headers = urlencode({"payload": json.dumps(request.payload)}), _FORM
    elif request.type == "slash_commands":
        body, headers = urlencode(request.payload, errors="replace"), _FORM
    else:
        body, headers = json.dumps(request.payload), _JSON
    return InboundRequest(headers, body.encode(), clock())


def payload_of(reply: InteractiveReply) -> dict[str, Any] | None:
    """What an acknowledgement carries: an object as it is, words as a message's text, and nothing as nothing."""
    if not reply.body:
        return None
    if reply.content_type.startswith("application/json"):
        answered: dict[str, Any] = json.loads(reply.body)
        return answered
    return {"text": reply.body}


def _refusal(error: SlackApiError) -> StepFailed:
    """Our failure for Slack's. The original is not chained: its text quotes what was sent."""
    if str(error.response.get("error")) in _REFUSALS:
        return StepFailed("slack_app_token_refused", permanent=True)
    return StepFailed("slack_unavailable", permanent=False)

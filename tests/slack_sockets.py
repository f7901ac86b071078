"""Slack's side of Socket Mode: sockets that apps open, and what goes over them until it is acknowledged.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import secrets
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, TypeAlias
from urllib.parse import parse_qs, urlsplit

import msgspec
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from core.errors import NotJsonObject
from core.taming import JsonObject, Tame, parse_object
from sandbox.errors import SandboxError
from sandbox.slack import ANSWER_SECONDS, RETRY_WAITS, SlackStandIn

HOST = "127.0.0.1"
Kind: TypeAlias = Literal["events_api", "interactive", "slash_commands"]


class NotAcknowledged(SandboxError):
    """Nobody was connected, or nobody acknowledged in time."""


@dataclass(slots=True)
class _Sent:
    """An envelope on its way, and what came back."""

    over: ServerConnection
    settled: threading.Event = field(default_factory=threading.Event)
    ack: JsonObject | None = None


class SlackSockets:
    """``with SlackSockets(slack) as sockets: sockets.deliver(…)``. Acknowledgements can be lost, sockets break."""

    def __init__(self, slack: SlackStandIn) -> None:
        self._slack = slack.apps[0]
        self._lock = threading.Lock()
        self._tickets: dict[str, SlackStandIn] = {}
        self._open: list[tuple[SlackStandIn, ServerConnection]] = []
        self._sent: dict[str, _Sent] = {}
        self.loses_acks = False
        self.opened = self.sent = 0
        self._server = serve(self._converse, HOST, 0, compression=None, close_timeout=1)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "SlackSockets":
        self._thread.start()
        self._slack.socket_address = self._address
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._slack.socket_address = None
        self._server.shutdown()
        self._thread.join()

    def connected(self, app: SlackStandIn) -> int:
        """How many sockets of this app are open."""
        with self._lock:
            return len(self._of(app))

    def deliver(
        self,
        payload: JsonObject,
        *,
        to: SlackStandIn | None = None,
        kind: Kind = "events_api",
        retries: int = 0,
        wait: Callable[[float], object] = lambda _: None,
    ) -> JsonObject | None:
        """Sends the request to one of the app's sockets; the payload of its acknowledgement, if it has one.

        Up to ``retries`` (at most 3) repeats follow, after ``wait(seconds)`` as on HTTP. Raises `NotAcknowledged`.
        """
        app, attempt, last = to or self._slack, 0, min(retries, len(RETRY_WAITS))
        while True:
            sent = self._send(app, payload, kind, attempt)
            if sent is not None and sent.settled.wait(ANSWER_SECONDS) and sent.ack is not None:
                return Tame(sent.ack).object("payload").raw or None
            if attempt == last:
                raise NotAcknowledged("nobody acknowledged")
            wait(RETRY_WAITS[attempt])
            attempt += 1

    def refresh(self, app: SlackStandIn, reason: str = "refresh_requested") -> None:
        """Slack wants the app to open a new socket; the old one goes on until it is closed."""
        for connection in self._connections(app):
            _send(connection, {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-sandbox"}})

    def break_off(self, app: SlackStandIn) -> None:
        """The network goes: no farewell."""
        for connection in self._connections(app):
            connection.socket.close()

    def _address(self, app: SlackStandIn) -> str:
        """A socket's address, which works once."""
        ticket = secrets.token_urlsafe(16)
        with self._lock:
            self._tickets[ticket] = app
        port = self._server.socket.getsockname()[1]
        return f"ws://{HOST}:{port}/link/?ticket={ticket}&app_id={app.app.api_app_id}"

    def _converse(self, connection: ServerConnection) -> None:
        path = connection.request.path if connection.request else ""
        ticket = next(iter(parse_qs(urlsplit(path).query).get("ticket", ())), "")
        with self._lock:
            app = self._tickets.pop(ticket, None)
        if app is None:
            connection.close(1008, "unknown ticket")
            return
        with self._lock:
            self._open.append((app, connection))
            self.opened += 1
        try:
            _send(connection, self._hello(app))
            for message in connection:
                self._hear(message)
        except (ConnectionClosed, OSError):
            pass
        finally:
            self._forget(app, connection)

    def _hello(self, app: SlackStandIn) -> JsonObject:
        return {
            "type": "hello",
            "num_connections": self.connected(app),
            "debug_info": {"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": app.app.api_app_id},
        }

    def _hear(self, message: str | bytes) -> None:
        try:
            ack = parse_object(message.encode() if isinstance(message, str) else message)
        except NotJsonObject:
            return
        with self._lock:
            sent = self._sent.get(str(ack.get("envelope_id")))
        if sent is not None and not self.loses_acks:
            sent.ack = ack
            sent.settled.set()

    def _send(self, app: SlackStandIn, payload: JsonObject, kind: Kind, attempt: int) -> _Sent | None:
        """Over the socket that was opened last; None when there is none."""
        envelope_id = str(uuid.uuid4())
        envelope: JsonObject = {
            "envelope_id": envelope_id,
            "type": kind,
            "accepts_response_payload": kind != "events_api",
            "payload": payload,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
        with self._lock:
            connections = self._of(app)
            if not connections:
                return None
            sent = self._sent[envelope_id] = _Sent(connections[-1])
        _send(sent.over, envelope)
        self.sent += 1
        return sent

    def _forget(self, app: SlackStandIn, connection: ServerConnection) -> None:
        """What was on its way over this socket is not acknowledged any more."""
        with self._lock:
            self._open.remove((app, connection))
            lost = [sent for sent in self._sent.values() if sent.over is connection]
        for sent in lost:
            sent.settled.set()

    def _connections(self, app: SlackStandIn) -> list[ServerConnection]:
        with self._lock:
            return self._of(app)

    def _of(self, app: SlackStandIn) -> list[ServerConnection]:
        return [connection for owner, connection in self._open if owner is app]


def _send(connection: ServerConnection, message: JsonObject) -> None:
    try:
        connection.send(msgspec.json.encode(message).decode())
    except (ConnectionClosed, OSError):
        return

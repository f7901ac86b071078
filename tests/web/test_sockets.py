"""Which sockets there are: as the rows say, each opened again for as long as it is wanted."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import pytest

from core.errors import StepFailed
from core.sockets import OpenSocket, Receive
from db import Database, SlackApp
from tests.conftest import StillClock
from tests.journeys.site import eventually
from web import sockets
from web.services import Services
from web.sockets import SocketListener


@dataclass
class Socket:
    """A socket that is open until it is closed, or until it breaks."""

    app_token: str
    is_open: bool = True

    def close(self) -> None:
        self.is_open = False


@dataclass
class Opener:
    """Opens what is asked for, unless it is told to refuse."""

    refuses: str | None = None
    opened: list[Socket] = field(default_factory=list)
    tries: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, app_token: str, receive: Receive, greeted: Callable[[], None]) -> OpenSocket:  # noqa: ARG002
        socket = Socket(app_token)
        with self._lock:
            self.tries += 1
            if self.refuses:
                raise StepFailed(self.refuses, permanent=True)
            self.opened.append(socket)
        greeted()
        return socket

    @property
    def tokens(self) -> set[str]:
        """Of the sockets that are open now."""
        with self._lock:
            return {socket.app_token for socket in self.opened if socket.is_open}


@pytest.fixture
def opener() -> Opener:
    return Opener()


@pytest.fixture
def listener(
    database: Database, clock: StillClock, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SocketListener]:
    for name in ("LOOK_SECONDS", "SHORTEST_PAUSE_SECONDS", "LONGEST_PAUSE_SECONDS"):
        monkeypatch.setattr(sockets, name, 0.02)
    made = SocketListener(cast("Services", SimpleNamespace(database=database, clock=clock)), opener)
    made.start()
    yield made
    made.stop()


def test_sockets_follow_the_rows(database: Database, listener: SocketListener, opener: Opener) -> None:
    first, second = _add(database, "xapp-1"), _add(database, "xapp-2")
    _add(database, None)
    eventually(lambda: opener.tokens == {"xapp-1", "xapp-2"})
    with database.write() as session:
        session.get_one(SlackApp, first).app_token = "xapp-3"
        session.delete(session.get_one(SlackApp, second))
    eventually(lambda: opener.tokens == {"xapp-3"})
    assert len(opener.opened) == 3


def test_that_slack_greeted_it_is_kept(
    database: Database, listener: SocketListener, opener: Opener, clock: StillClock
) -> None:
    app_id = _add(database, "xapp-1")
    eventually(lambda: _opened_at(database, app_id) == clock())


def test_what_cannot_be_opened_is_tried_again(database: Database, listener: SocketListener, opener: Opener) -> None:
    opener.refuses = "slack_app_token_refused"
    _add(database, "xapp-1")
    eventually(lambda: opener.tries >= 3)
    opener.refuses = None
    eventually(lambda: opener.tokens == {"xapp-1"})


def test_a_socket_that_does_not_come_back_is_opened_anew(
    database: Database, listener: SocketListener, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "PATIENCE_SECONDS", 1.0)
    _add(database, "xapp-1")
    eventually(lambda: opener.tokens == {"xapp-1"})
    opener.opened[0].is_open = False
    eventually(lambda: len(opener.opened) == 2)
    assert opener.tokens == {"xapp-1"}


def test_stopping_closes_everything(database: Database, listener: SocketListener, opener: Opener) -> None:
    _add(database, "xapp-1")
    eventually(lambda: opener.tokens == {"xapp-1"})
    listener.stop()
    assert opener.tokens == set()


def _add(database: Database, app_token: str | None) -> str:
    with database.write() as session:
        app = SlackApp(client_id="1.2", client_secret="c", signing_secret="s", app_token=app_token)
        session.add(app)
    return app.id


def _opened_at(database: Database, app_id: str) -> object:
    with database.read() as session:
        return session.get_one(SlackApp, app_id).socket_opened_at

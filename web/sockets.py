"""Socket Mode: one socket for each Slack app that has an app-level token, opened, kept and closed as the rows say."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from core.adapter import InboundRequest, InteractiveReply
from core.errors import SealBroken, StepFailed
from core.logs import get_logger
from core.sockets import OpenSocket, SocketOpener
from db import SlackApp
from db.sealed import holds
from web.ingress.slack import take
from web.services import Services

log = get_logger()

LOOK_SECONDS = 3.0
"""How soon a socket follows an app that was registered, changed or deleted."""
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
STOP_SECONDS = 10.0
PATIENCE_SECONDS = 30.0
"""How long a socket may try to come back by itself before it is opened anew."""


class SocketListener:
    """Listens until stopped, beside whatever else the process does."""

    def __init__(self, of: Services, opener: SocketOpener) -> None:
        self._of = of
        self._opener = opener
        self._stopping = threading.Event()
        self._kept: dict[str, _KeptSocket] = {}
        self._thread = threading.Thread(target=self._look_after, name="sockets", daemon=True)

    def start(self) -> None:
        """Starts listening."""
        log.info("sockets_started")
        self._thread.start()

    def stop(self) -> None:
        """Closes the sockets; what is being taken is committed and acknowledged first."""
        self._stopping.set()
        self._thread.join()
        ending = [*self._kept.values()]
        self._keep({})
        for kept in ending:
            kept.join(STOP_SECONDS)

    def _look_after(self) -> None:
        while not self._stopping.is_set():
            try:
                self._keep(self._wanted())
            except SQLAlchemyError as error:
                # Sockets stay as they are: what cannot be stored meanwhile is not acknowledged, and comes again.
                log.warning("sockets_not_looked_after", kind=type(error).__name__)
            self._stopping.wait(LOOK_SECONDS)

    def _wanted(self) -> dict[str, str]:
        """The app-level token of each app that has one."""
        with self._of.database.read() as session:
            apps = session.scalars(select(SlackApp).where(SlackApp.client_id != ""))
            return dict(_tokens(app for app in apps if holds(app, "app_token")))

    def _keep(self, wanted: Mapping[str, str]) -> None:
        for app_id in [app_id for app_id, kept in self._kept.items() if wanted.get(app_id) != kept.app_token]:
            self._kept.pop(app_id).end()
        for app_id in wanted.keys() - self._kept.keys():
            receive, greeted = partial(take, self._of, app_id), partial(self._note, app_id)
            self._kept[app_id] = _KeptSocket(app_id, wanted[app_id], partial(self._open, receive, greeted))

    def _open(
        self, receive: Callable[[InboundRequest], InteractiveReply], greeted: Callable[[], None], app_token: str
    ) -> OpenSocket:
        return self._opener.open(app_token, receive, greeted)

    def _note(self, app_id: str) -> None:
        """Slack greeted a socket of this app."""
        log.info("socket_opened", slack_app_id=app_id)
        try:
            with self._of.database.write() as session:
                greeted = update(SlackApp).where(SlackApp.id == app_id)
                session.execute(greeted.values(socket_opened_at=self._of.clock()))
        except SQLAlchemyError as error:
            log.warning("socket_not_noted", slack_app_id=app_id, kind=type(error).__name__)


def _tokens(apps: Iterable[SlackApp]) -> Iterator[tuple[str, str]]:
    """App and token; a token that does not open any more keeps nobody else from listening."""
    for app in apps:
        try:
            yield app.id, app.app_token
        except SealBroken as error:
            log.error("secret_not_readable", slack_app_id=app.id, reason=error.reason)  # noqa: TRY400


class _KeptSocket:
    """One app's socket, opened again whenever it ends, in a thread of its own: a slow app holds up no other."""

    def __init__(self, app_id: str, app_token: str, open_socket: Callable[[str], OpenSocket]) -> None:
        self.app_token = app_token
        self._app_id = app_id
        self._open = open_socket
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"socket-{app_id}", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Lets it close; nobody waits for it."""
        self._ending.set()

    def join(self, seconds: float) -> None:
        """Waits until it is closed."""
        self._thread.join(seconds)

    def _run(self) -> None:
        pause = SHORTEST_PAUSE_SECONDS
        while not self._ending.is_set():
            try:
                socket = self._open(self.app_token)
            except StepFailed as error:
                log.warning("socket_not_opened", slack_app_id=self._app_id, reason=error.reason)
                self._ending.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                continue
            pause = SHORTEST_PAUSE_SECONDS
            self._watch(socket)
            socket.close()
            log.info("socket_closed", slack_app_id=self._app_id)

    def _watch(self, socket: OpenSocket) -> None:
        """Until it is to end, or did not come back by itself."""
        closed_for = 0.0
        while closed_for < PATIENCE_SECONDS and not self._ending.wait(1.0):
            closed_for = 0.0 if socket.is_open else closed_for + 1.0

"""``signals/stream``: signals as they are captured, changed and deleted, as Server-Sent Events.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from flask import Flask, Response, current_app, request
from sqlalchemy.exc import SQLAlchemyError

from core.errors import FieldError, InvalidFields
from core.logs import get_logger
from web.api.blueprint import api
from web.api.following import Follower, News
from web.api.headers import reads
from web.api.signals import Signal
from web.auth import caller
from web.errors import TryLater
from web.paging import Position, decode_cursor, encode_cursor
from web.server import THREADS
from web.services import services

RECONNECT_MS = 1_000
_EXTENSION = "signalbox_streams"
_CONTENT_TYPE = "text/event-stream"
_CONTENT: dict[str, Any] = {
    "schema": {
        "description": "Events `signal.created`, `signal.updated` and `signal.deleted`; `data` is the signal as JSON."
    },
    "example": 'retry: 1000\n\nid: MjAyNi…\nevent: signal.created\ndata: {"id": "sig_01K5…", "verbatim": "…"}\n\n',
}
LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The `id` of the last event that you got: the stream goes on after it.",
    "schema": {"type": "string"},
}
_ANSWER: dict[int | str, Any] = {
    200: {"description": "Events, for at most a minute.", "content": {_CONTENT_TYPE: _CONTENT}}
}

log = get_logger()


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a stream looks and speaks, in seconds, and how long it lives until its client comes again."""

    look: float = 1.0
    heartbeat: float = 15.0
    life: float = 60.0
    wait: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic


class Streams:
    """The streams of one process: never more than a quarter of its threads."""

    def __init__(self, pace: Pace | None = None, most: int = THREADS // 4) -> None:
        self.pace = pace or Pace()
        self.watch: Callable[[int], object] = lambda _: None
        """Told of every stream that opens (1) and ends (-1)."""
        self._free = threading.Semaphore(most)

    def enter(self) -> Callable[[], None]:
        """Takes a place; returns what gives it back (once, however often it is called).

        Raises `TryLater` with reason ``stream_limit_reached``.
        """
        if not self._free.acquire(blocking=False):
            message = "As many streams are open as this process serves."
            raise TryLater("stream_limit_reached", message, retry_after=int(self.pace.heartbeat))
        self.watch(1)
        held = [self._free]

        def leave() -> None:
            while held:
                held.pop().release()
                self.watch(-1)

        return leave


def allow_streams(app: Flask, streams: Streams) -> None:
    """Gives the app its streams."""
    app.extensions[_EXTENSION] = streams


def streams_of(app: Flask) -> Streams:
    """The app's streams."""
    return cast("Streams", app.extensions[_EXTENSION])


@api.get("/signals/stream")
@reads(LAST_EVENT_ID)
@api.doc(responses=_ANSWER)
def stream_signals() -> Response:
    """Follow signals as Server-Sent Events.

    A stream ends after a minute and whenever the server restarts; the browser's `EventSource`, and every other client
    that sends the last `id` back in `Last-Event-ID`, goes on where it ended. Nothing is left out; what was told in the
    last seconds before may come again. Without `Last-Event-ID` it begins now.
    """
    follower = Follower(services().database, caller().workspace_id, services().clock, _last_event())
    if request.method == "HEAD":  # nobody would ever close it
        return Response(content_type=_CONTENT_TYPE)
    streams = streams_of(current_app)
    leave = streams.enter()
    response = Response(_then(leave, tell(follower, streams.pace)), content_type=_CONTENT_TYPE)
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold events back
    response.call_on_close(leave)  # for a client that went away before the first word
    return response


def _then(leave: Callable[[], None], pieces: Iterator[str]) -> Iterator[str]:
    try:
        yield from pieces
    finally:
        leave()


def tell(follower: Follower, pace: Pace) -> Iterator[str]:
    """The stream's text. It speaks at every look, if only to notice that nobody listens any more."""
    began = spoke = pace.now()
    try:
        yield f"retry: {RECONNECT_MS}\nid: {encode_cursor(follower.begin())}\n\n"
        while True:
            news = follower.news()
            yield "".join(map(_event, news))
            now = pace.now()
            if news:
                spoke = now
            elif now - spoke >= pace.heartbeat:
                spoke = now
                yield ": nothing new\n\n"
            if now - began >= pace.life:
                return
            pace.wait(0 if follower.is_behind else pace.look)
    except SQLAlchemyError as error:  # the client comes again, and is told 503 as long as the database is away
        log.warning("stream_ended", error_class=type(error).__name__)


def _event(news: News) -> str:
    data = Signal.of(news.signal).model_dump_json()
    return f"id: {encode_cursor(news.change)}\nevent: signal.{news.kind}\ndata: {data}\n\n"


def _last_event() -> Position | None:
    given = request.headers.get("Last-Event-ID", "")
    if not given:
        return None
    try:
        return decode_cursor(given)
    except InvalidFields as error:
        raise InvalidFields([FieldError("Last-Event-ID", "Send the id of an event as it came, or none.")]) from error

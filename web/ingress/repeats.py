"""Repeats at a door whose platform sends no delivery id: one that comes while its twin still waits adds nothing.

Thin bodies repeat legitimately, so nothing is refused and nothing is lost: the twin is looked up after the repeat came,
and sees what it told of. A recorded request that is sent over and over thus costs no row, only a look.
"""

import hashlib
import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import TypeAlias, cast

from flask import current_app
from sqlalchemy import select

from db import Event
from pipeline.receive import Stored
from web.services import services

WINDOW = timedelta(seconds=30)
MOST = 10_000
"""Bodies that are remembered at once; the oldest are forgotten first."""

_EXTENSION = "signalbox_repeats"
Body: TypeAlias = tuple[str, bytes]
"""The integration's id and a digest of the body."""


class Repeats:
    """What came lately to this process. It is safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[Body, tuple[str, datetime]] = OrderedDict()

    def recent(self, body: Body, now: datetime) -> str | None:
        """The event that this very body made within `WINDOW`."""
        with self._lock:
            event_id, at = self._seen.get(body, ("", now))
        return event_id if event_id and now - at < WINDOW else None

    def remember(self, body: Body, event_id: str, now: datetime) -> None:
        """The body made this event."""
        with self._lock:
            self._seen[body] = (event_id, now)
            self._seen.move_to_end(body)
            while len(self._seen) > MOST:
                self._seen.popitem(last=False)


def body_of(integration_id: str, content: bytes) -> Body:
    """What is remembered of a delivery."""
    return integration_id, hashlib.sha256(content).digest()


def waiting_twin(body: Body, now: datetime) -> Stored | None:
    """The event of the same body, as long as nobody has begun to work on it."""
    event_id = _repeats().recent(body, now)
    if event_id is None:
        return None
    waits = select(Event.id).where(Event.id == event_id, Event.state == "pending", Event.lease_token.is_(None))
    with services().database.read() as session:
        return Stored(event_id, duplicate=True) if session.scalar(waits) is not None else None


def remember(body: Body, stored: Stored, now: datetime) -> None:
    """The delivery was stored."""
    _repeats().remember(body, stored.event_id, now)


def _repeats() -> Repeats:
    return cast("Repeats", current_app.extensions.setdefault(_EXTENSION, Repeats()))

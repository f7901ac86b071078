"""What identifies a signal, and writes on their way to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from core.signal import Said, Write
from db import Outcome, Signal


class Place(NamedTuple):
    """What identifies a signal."""

    workspace_id: str
    source: str
    scope: str
    ref: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A write and where it belongs."""

    place: Place
    write: Write


@dataclass(frozen=True, slots=True)
class Written:
    """What a write came to. ``said`` and ``waits`` as in `db.Receipt`, for words that were not kept."""

    outcome: Outcome
    signal_id: str | None
    reason: str | None = None
    said: Said | None = None
    waits: bool = False

    @property
    def is_new_signal(self) -> bool:
        """Whether nothing was stored at that place before."""
        return self.outcome == "captured" and self.reason is None


def stored(session: Session, places: Iterable[Place]) -> dict[Place, tuple[str, str]]:
    """Id and version of these places' signals."""
    wanted = list(places)
    if not wanted:
        return {}
    query = select(Signal.id, Signal.source_version, *place_columns()).where(tuple_(*place_columns()).in_(wanted))
    return {Place(*place): (id_, version) for id_, version, *place in session.execute(query)}


def place_columns() -> tuple[Any, ...]:
    """The columns of a `Place`, in its order."""
    return Signal.workspace_id, Signal.source, Signal.source_scope, Signal.source_ref

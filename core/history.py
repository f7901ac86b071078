"""Reading what was said before: what a platform's historian is asked for, one request at a time, and what it answers.

A record is an event as the platform would have sent it live, so that it takes the same way: adapter, dedupe, signals.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeAlias

from core.adapter import Access, AccountKey
from core.signal import ConversationKey
from core.taming import JsonObject

Origin: TypeAlias = Literal["import", "reconcile"]
"""Why a record was read: somebody asked for the past, or a gap was looked for."""


_NARROW_PACE = 30.0


@dataclass(frozen=True, slots=True)
class Reader:
    """The connection that reads. Records name it, and nobody else, as whom they are addressed to."""

    integration_id: str
    app_id: str | None = None
    account: AccountKey = field(default_factory=AccountKey)
    bot_user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a channel's past; ``channel`` is "" on platforms that have none.

    ``threads_since`` passes over the threads in which nothing was said since then (None: reads them all).
    """

    reader: Reader
    channel: str
    since: datetime
    until: datetime
    origin: Origin = "import"
    threads_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the platform allows: messages a request, and seconds between two requests in the long run."""

    page_size: int
    pace_seconds: float

    @property
    def is_narrow(self) -> bool:
        """Whether every request must be weighed: one a minute, or hardly more."""
        return self.pace_seconds >= _NARROW_PACE

    @property
    def thousand_take(self) -> timedelta:
        """How long a thousand messages take; what costs requests of its own, such as threads, comes on top."""
        return timedelta(seconds=-(-1000 // self.page_size) * self.pace_seconds)


@dataclass(frozen=True, slots=True)
class Record:
    """A message as an event: stored under ``external_id``, with ``payload`` as its body.

    ``ref`` identifies the message as in `core.signal.Capture`. A ``blank`` record says that there is no message left.
    A record of a whole conversation names it, and with ``version`` the state of it that it stands for, as in
    `core.signal.Topic`: nothing is missed where that state is known already.
    """

    external_id: str
    type: str
    payload: bytes
    ref: str
    occurred_at: datetime
    blank: bool = False
    conversation: ConversationKey | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """From ``oldest`` to before ``newest`` every message is on the page: all that open a conversation, or with
    ``conversation`` all that answer in it.
    """

    oldest: datetime
    newest: datetime
    conversation: ConversationKey | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One request's answer. ``position`` is where to go on, None at the end; ``reached_at`` the moment down to which
    everything is read (None: as before); ``seen_to`` the one down to which it is known what there is to read (None: as
    ``reached_at``); ``outstanding`` how many requests are known to be needed before going further
    back; ``wait_seconds`` how long the platform wants us to wait.
    """

    records: tuple[Record, ...]
    position: JsonObject | None
    allowance: Allowance
    wait_seconds: float = 0.0
    reached_at: datetime | None = None
    seen_to: datetime | None = None
    outstanding: int = 0
    window: Window | None = None
    channel_name: str | None = None


class Historian(Protocol):
    """Reads a platform's past. Every method raises `core.errors.StepFailed`, transient or permanent.

    ``look_back`` is how far before the last look the search for gaps begins again: what a page shows of that time may
    have changed since.
    """

    @property
    def look_back(self) -> timedelta:
        """At least the ten minutes that events may be late by."""

    @property
    def allowances(self) -> tuple[Allowance, ...]:
        """What reading may turn out to be allowed here, the fastest first; one where there is nothing to find out."""

    def page(self, access: Access, stretch: Stretch, position: JsonObject, allowance: Allowance | None) -> Page:
        """The page at ``position`` ({} is the start), newest first. Safe to ask again: records keep their ids."""

    def look(
        self, access: Access, stretch: Stretch, ref: str, conversation: ConversationKey | None, now: datetime
    ) -> Record | None:
        """What became of one message: its deletion as a record, noticed ``now``; None while it is there."""

    def slowed(self, allowance: Allowance | None, seconds: float) -> Allowance | None:
        """What to believe of the allowance after the platform asked for a pause of so many seconds. Pure."""

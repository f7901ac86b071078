"""A panel: what a platform shows of Signalbox inside its own pages, such as beside an issue. It asks us by GET."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

from core.adapter import Refusal, Secrets
from core.signal import ConversationKey
from core.taming import JsonObject


@dataclass(frozen=True, slots=True)
class PanelRequest:
    """A request as it came: header names in lower case, the query string as raw bytes."""

    headers: Mapping[str, str]
    query: bytes


@dataclass(frozen=True, slots=True)
class Handshake:
    """The platform asks whether we are there: ``code`` is to be echoed."""

    code: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """The platform asks what is known of a conversation. ``organisation`` is who it says it is."""

    conversation: ConversationKey
    organisation: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """A signal as a panel shows it; ``url`` is its page in the console, ``source_url`` the place where it was said."""

    words: str
    author: str
    at: datetime
    source: str
    url: str
    source_url: str | None = None
    severity: str | None = None
    status: str = "new"


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to show of a conversation: the last signals, the newest first, of ``count`` in all. ``url`` is the
    conversation's page in the console, or the console itself.
    """

    url: str
    said: tuple[Said, ...] = field(default=(), repr=False)
    count: int = 0


Question: TypeAlias = Handshake | Wanted


class Panel(Protocol):
    """One platform's panel: pure, stateless and total."""

    def refusal(self, request: PanelRequest, secrets: Secrets) -> Refusal | None:
        """Constant-time authentication by what the connection configures; None means authentic."""

    def question(self, request: PanelRequest) -> Question | None:
        """What an authentic request asks; None when it asks nothing that is known."""

    def answer(self, told: Told) -> JsonObject:
        """What to show, as the platform wants it."""

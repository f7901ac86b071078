"""What a platform's own surfaces (dialogs, commands, home pages) ask of Signalbox, for whoever stands before them.

A platform vouches for people by issuer and subject. What a person may see is decided here, never on the platform.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeAlias

from core.adapter import AccountKey
from core.tickets import Ticketing, TicketWish

Role: TypeAlias = Literal["owner", "admin", "member", "viewer"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody before a surface of one connection. Without a ``role`` they are no member of the workspace: nothing that
    the workspace knows is for them.
    """

    workspace_id: str
    workspace_name: str
    integration_id: str
    account: AccountKey
    user_id: str | None = None
    role: Role | None = None

    @property
    def may_look(self) -> bool:
        """Whether they may see what the workspace heard."""
        return self.role is not None

    @property
    def may_administer(self) -> bool:
        """Whether they may change how it listens."""
        return self.role in ("owner", "admin")


@dataclass(frozen=True, slots=True)
class Brief:
    """A signal in short."""

    url: str
    words: str
    author: str
    account: str | None
    where: str | None
    severity: str | None
    status: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Chapter:
    """One event about a message, and what became of it; ``reason`` is a sentence, ``state`` that of the event,
    ``repeats`` how often the platform sent it again.
    """

    kind: str
    received_at: datetime
    verified_by: str
    state: str
    outcome: str | None = None
    reason: str | None = None
    connection: str | None = None
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """Why a message was captured, or why not. ``copy_of`` is the signal that the same words became first, through
    another source; ``hints`` say what to look at when it never came.
    """

    chapters: tuple[Chapter, ...]
    signal: str | None = None
    is_deleted: bool = False
    copy_of: str | None = None
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Room:
    """A channel: ``hears`` says whose words are kept there by themselves (None: nobody's, only when asked)."""

    id: str
    name: str
    hears: Literal["external", "all"] | None


@dataclass(frozen=True, slots=True)
class DigestPlan:
    """Where and at which hour (UTC) the digest is posted; ``problem`` is a sentence when it is not."""

    channel_id: str
    channel_name: str | None
    hour: int
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """How a connection's token fares. One that does not end has no ``expires_at``; ``expires_in`` is negative for one
    that has ended. ``problem`` says in whole sentences why it could not be renewed and what helps.
    """

    expires_at: datetime | None = None
    expires_in: timedelta | None = None
    refreshed_at: datetime | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """How a connection fares. ``problem`` is a sentence when it does not work, and ``reconnect_url`` is where whoever
    administers it connects again; ``needs_reconnect`` when nothing else helps. ``rooms`` are those that are known;
    ``picks_rooms`` is false when all shared ones are heard.
    """

    is_active: bool
    problem: str | None
    token: Token
    needs_reconnect: bool
    reconnect_url: str
    last_event_at: datetime | None
    signals_today: int
    picks_rooms: bool
    rooms: tuple[Room, ...]
    reaction: str | None
    digest: DigestPlan | None
    latest: tuple[Brief, ...]


class Desk(Protocol):
    """Answers surfaces. Everything is bound to the visitor's workspace; what they may not do raises
    `core.errors.Forbidden`.
    """

    def visitor(self, slack_app_id: str, account: AccountKey, issuer: str, subject: str) -> Visitor | None:
        """Who that is to the connection of this installation; None when it is not connected."""

    def console(self, path: str = "") -> str:
        """The address of a page of the console, such as ``signals/<id>``."""

    def overview(self, visitor: Visitor) -> Overview:
        """How the visitor's connection fares."""

    def search(self, visitor: Visitor, words: str, limit: int) -> Sequence[Brief]:
        """The newest signals with these words."""

    def brief(self, visitor: Visitor, signal_id: str) -> Brief | None:
        """That signal, if it is of the workspace and was not deleted."""

    def story(self, visitor: Visitor, channel: str, ts: str, *, sees_message: bool) -> Story:
        """Why that message was captured or not. ``sees_message``: the platform vouches that the visitor sees it,
        who is then also told of events that became nobody's; else only of what the workspace received itself.
        """

    def hear(self, visitor: Visitor, room: str, *, name: str | None, on: bool) -> None:
        """Switches the capture of a channel on or off; off still captures what is asked for."""

    def choose_reaction(self, visitor: Visitor, emoji: str) -> None:
        """The emoji that captures; an empty one switches that off. Raises `core.errors.InvalidFields`."""

    def plan_digest(self, visitor: Visitor, plan: DigestPlan | None) -> None:
        """Where the digest goes; None ends it. The caller has made sure that the channel is internal."""

    def ticketing(self, visitor: Visitor, channel: str, ts: str, thread_ts: str | None) -> Ticketing | None:
        """What is known before a ticket is opened over this message; None when none can be, or not by this visitor."""

    def wish_ticket(self, visitor: Visitor, wish: TicketWish) -> bool:
        """Commits that a ticket is to be opened, once per message; False when it cannot be."""

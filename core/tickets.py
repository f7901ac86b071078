"""Tickets: an issue that a colleague opens in the support platform over a message that they see in Slack.

Creating one is not idempotent, so it is asked for once; whether an uncertain attempt succeeded is looked up.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from core.adapter import Access

NOT_SENT = "ticket_not_sent"
"""The reason of a failure that left nothing behind: it may be tried again, as a pause may."""


@dataclass(frozen=True, slots=True)
class Ticketing:
    """What is known before a ticket is opened over a message: the channel's account, the customer's address, and the
    ticket that the conversation became already.
    """

    account_id: str | None = None
    account_name: str | None = None
    requester_email: str | None = None
    opened_url: str | None = None


@dataclass(frozen=True, slots=True)
class TicketWish:
    """A ticket that somebody wants over a message (``channel``, ``ts``), of the thread ``thread_ts`` if it is a reply.

    ``person`` is told what came of it. ``answers_customer``: they confirmed that the customer is messaged.
    """

    channel: str
    ts: str
    thread_ts: str | None
    url: str | None
    title: str = field(repr=False)
    text: str = field(repr=False)
    person: str
    requester_email: str | None = None
    answers_customer: bool = False


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A ticket to make. ``url`` leads to the message that it is about; ``text`` is plain."""

    title: str = field(repr=False)
    text: str = field(repr=False)
    url: str | None = None
    account_id: str | None = None
    requester_email: str | None = None
    answers_customer: bool = False


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket that exists."""

    id: str
    url: str | None


class TicketDesk(Protocol):
    """Makes tickets on one platform."""

    def create(self, access: Access, ticket: NewTicket) -> Ticket:
        """Asks once. Raises `core.errors.StepFailed`: permanent when refused; a pause or `NOT_SENT` when nothing was
        asked; any other leaves open whether the ticket exists.
        """

    def find(self, access: Access, ticket: NewTicket, since: datetime) -> Ticket | None:
        """The ticket that an uncertain attempt after ``since`` made, if it did. Raises `core.errors.StepFailed`."""


class TicketVoice(Protocol):
    """Tells people what came of their tickets, in private."""

    def tell_ticket(self, access: Access, person: str, url: str | None, problem: str | None) -> None:
        """``problem`` is a sentence when there is no ticket. Raises `core.errors.StepFailed`."""

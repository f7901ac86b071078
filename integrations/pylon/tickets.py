"""Issues that are opened from here: internal, unless a person confirmed that the customer is messaged.

https://docs.usepylon.com/pylon-docs/developer/api/api-reference/issues: ``destination_metadata`` other than
``internal`` delivers the body to the customer.
"""

import html
from datetime import datetime

from core.adapter import Access, Pauses
from core.errors import StepFailed
from core.taming import JsonObject, Tame
from core.tickets import NOT_SENT, NewTicket, Ticket, TicketDesk
from integrations.pylon.client import PylonClient

_NEVER_LEFT = frozenset({"ConnectError", "ConnectTimeout"})
"""What httpx calls a request that found nobody to talk to."""


def ticket_desk(api_url: str, pauses: Pauses) -> TicketDesk:
    """What `integrations.discover` finds."""
    return PylonTickets(PylonClient(api_url, pauses))


class PylonTickets:
    """Implements `core.tickets.TicketDesk`."""

    def __init__(self, client: PylonClient) -> None:
        self._client = client

    def create(self, access: Access, ticket: NewTicket) -> Ticket:
        """See `core.tickets.TicketDesk.create`."""
        try:
            answer = self._client.post("create", "/issues", access, asked(ticket))
        except StepFailed as failure:
            if failure.reason == "pylon_unreachable" and failure.message in _NEVER_LEFT:
                raise StepFailed(NOT_SENT, permanent=False) from failure
            raise
        made = _ticket(answer.object("data"))
        if made is None:
            raise StepFailed("pylon_unavailable", permanent=False, message="Pylon answered without an issue.")
        return made

    def find(self, access: Access, ticket: NewTicket, since: datetime) -> Ticket | None:
        """See `core.tickets.TicketDesk.find`."""
        bounds: JsonObject = {"field": "created_at", "operator": "time_is_after", "value": since.isoformat()}
        answer = self._client.post("search", "/issues/search", access, {"filter": bounds, "limit": 100})
        made = (issue for issue in answer.objects("data") if _is_it(issue, ticket))
        return next(filter(None, map(_ticket, made)), None)


def asked(ticket: NewTicket) -> JsonObject:
    """The body of the request. What people wrote is text in it, whatever it looks like."""
    body = "".join(f"<p>{html.escape(line)}</p>" for line in ticket.text.splitlines() if line.strip())
    if ticket.url and not ticket.answers_customer:
        body += f'<p><a href="{html.escape(ticket.url)}">In Slack</a></p>'
    destination = "slack" if ticket.answers_customer else "internal"
    whose: JsonObject = {"account_id": ticket.account_id, "requester_email": ticket.requester_email}
    return {
        "title": ticket.title,
        "body_html": body,
        "destination_metadata": {"destination": destination},
        **{name: value for name, value in whose.items() if value},
    }


def _is_it(issue: Tame, ticket: NewTicket) -> bool:
    wanted = asked(ticket)
    return (issue.text("title"), issue.text("body_html")) == (wanted["title"], wanted["body_html"])


def _ticket(issue: Tame) -> Ticket | None:
    identity = issue.text("id")
    return Ticket(identity, issue.text("link")) if identity else None

"""Tickets from a dialog: what is known beforehand, and the wish as a row."""

from datetime import datetime
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.desk import Visitor
from core.tickets import Ticketing, TicketWish
from db import AuditEntry, Conversation, ConversationLink, DirectoryEntry, Duty, Integration, Signal
from pipeline.tickets import OPEN_TICKET, scope_of, wish_ticket

PLATFORM = "pylon"
OPENERS = ("owner", "admin", "member")


Place: TypeAlias = tuple[str, str, str | None]
"""A message: its channel, its ``ts``, and the ``ts`` of the thread that it replies in."""


def known(session: Session, visitor: Visitor, message: Place, console: str) -> Ticketing | None:
    """None when no ticket can be opened: there is no desk with a token, or the visitor may not."""
    desk = _desk(session, visitor)
    if desk is None:
        return None
    channel, ts, _ = message
    entry = session.get(DirectoryEntry, (desk.id, "channel_account", channel))
    author = select(Signal.author_email).where(
        Signal.workspace_id == visitor.workspace_id, Signal.source == "slack", Signal.source_ref == f"{channel}:{ts}",
        Signal.author_affiliation != "internal",
    )  # fmt: skip
    return Ticketing(
        account_id=entry.facts.get("account_id") if entry else None,
        account_name=entry.name if entry else None,
        requester_email=session.scalar(author),
        opened_url=_opened(session, visitor, desk, message, console),
    )


def wish(session: Session, visitor: Visitor, wanted: TicketWish, now: datetime) -> bool:
    """Stores the wish; False when it cannot be carried out."""
    desk = _desk(session, visitor)
    if desk is None:
        return False
    entry = session.get(DirectoryEntry, (desk.id, "channel_account", wanted.channel))
    account_id = entry.facts.get("account_id") if entry else None
    wish_ticket(session, desk, visitor.integration_id, account_id, wanted, now=now)
    session.add(
        AuditEntry(
            workspace_id=visitor.workspace_id,
            actor_id=visitor.user_id,
            action="ticket.asked_for",
            target_id=desk.id,
            details={"answers_customer": wanted.answers_customer},
            created_at=now,
        )
    )
    return True


def _desk(session: Session, visitor: Visitor) -> Integration | None:
    if visitor.role not in OPENERS:
        return None
    table = Integration.__table__.c
    query = select(Integration).where(
        Integration.workspace_id == visitor.workspace_id, Integration.platform == PLATFORM,
        Integration.state == "active", Integration.is_active, table.access_token.is_not(None),
    )  # fmt: skip
    return session.scalars(query.order_by(Integration.created_at, Integration.id)).first()


def _opened(session: Session, visitor: Visitor, desk: Integration, message: Place, console: str) -> str | None:
    """Where the ticket is that the message's thread became already, or that was just asked for."""
    channel, ts, thread_ts = message
    link = ConversationLink
    thread = select(link.conversation_id).where(
        link.workspace_id == visitor.workspace_id,
        link.kind == "slack_thread",
        link.ref == f"{channel}:{thread_ts or ts}",
    )
    is_issue = select(link).where(link.kind == "pylon_issue", link.conversation_id == Conversation.id).exists()
    conversation = session.scalars(
        select(Conversation).where(Conversation.id == thread.scalar_subquery(), is_issue)
    ).first()
    duty = session.get(Duty, (desk.id, OPEN_TICKET, scope_of(channel, ts)))
    url = (conversation.url if conversation else None) or (duty.cursor.get("url") if duty and duty.done_at else None)
    if url:
        return str(url)
    return f"{console}conversations/{conversation.id}" if conversation else None

"""What was said beside the signals of a conversation, and is none: colleagues' replies, or what nobody asked for.

The words are read from the events that brought them, for as long as those are kept; they are stored nowhere else.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from core.adapter import Recipient
from core.retelling import Reteller
from core.signal import Author, Capture, Removal
from db import ConversationLink, Event, Integration, Receipt, Workspace
from pipeline.forgetting import FORGOTTEN
from pipeline.names.directory import look_up
from pipeline.names.naming import Told, named
from pipeline.planning import received
from pipeline.recipients import recipient_of, scope_of

MOST = 200
"""Messages; the newest."""
EVENTS_EACH = 4
"""So many events a message, on average, may have told of it."""


class _Arrived(NamedTuple):
    """An event, what became of it in the workspace, and for how many days that keeps things."""

    event: Event
    receipt: Receipt
    integration: Integration
    days: int | None


@dataclass(frozen=True, slots=True)
class Beside:
    """Words that are no signal, and the reason (a slug). ``ref`` names the message at its source."""

    source: str
    ref: str
    words: str
    author: Author
    occurred_at: datetime
    edited_at: datetime | None
    url: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class _Retold:
    """What one event said, to whom, and why it was not kept."""

    platform: str
    write: Capture | Removal
    recipient: Recipient
    reason: str | None


def said_beside(
    session: Session, retellers: Mapping[str, Reteller], workspace_id: str, conversation_id: str, now: datetime
) -> list[Beside]:
    """In the order they were said. What was deleted, captured or erased is not among them."""
    rows = [_Arrived(*row) for row in session.execute(_events(workspace_id, conversation_id))]
    elsewhere = {event.subject for event, receipt, _, _ in rows if receipt.signal_id or receipt.reason in FORGOTTEN}
    newest: dict[str | None, _Retold] = {}
    for subject, retold in _retold(rows, retellers, now):
        known = newest.get(subject)
        if subject not in elsewhere and (known is None or retold.write.version > known.write.version):
            newest[subject] = retold
    return sorted(_named(session, newest.values(), now), key=lambda said: (said.occurred_at, said.ref))


def _events(workspace_id: str, conversation_id: str) -> Select[Event, Receipt, Integration, int | None]:
    """All that arrived about the messages of the conversation's threads of which something was not kept."""
    said, told, link = aliased(Receipt), aliased(Event), ConversationLink
    subjects = (
        select(told.subject)
        .join(said, said.event_id == told.id)
        .join(link, (link.workspace_id == said.workspace_id) & (link.ref == said.thread))
        .where(link.conversation_id == conversation_id, link.kind == "slack_thread", said.waits.is_(False))
        .distinct()
        .order_by(told.subject.desc())
        .limit(MOST)
    )
    days = select(Workspace.retention_days).where(Workspace.id == workspace_id).scalar_subquery()
    # As an expression: by the column's own index SQLite would read every receipt of the workspace.
    ours = func.coalesce(Receipt.workspace_id, "") == workspace_id
    return (
        select(Event, Receipt, Integration, days)
        .join(Receipt, Receipt.event_id == Event.id)
        .join(Integration, Integration.id == Receipt.integration_id)
        .where(Event.subject.in_(subjects), ours)
        .order_by(Event.received_at.desc(), Event.id.desc())
        .limit(MOST * EVENTS_EACH)
    )


def _retold(
    rows: Iterable[_Arrived], retellers: Mapping[str, Reteller], now: datetime
) -> Iterator[tuple[str | None, _Retold]]:
    """What the events said, but for those that the workspace does not keep so long."""
    for event, receipt, integration, days in rows:
        reteller = retellers.get(event.platform)
        if reteller is None or (days is not None and event.received_at < now - timedelta(days=days)):
            continue
        recipient = recipient_of(integration, scope=scope_of(integration))
        if (write := reteller.retell(received(event), recipient)) is not None:
            yield event.subject, _Retold(event.platform, write, recipient, receipt.reason)


def _named(session: Session, told: Iterable[_Retold], now: datetime) -> Iterator[Beside]:
    """The words among them, with the names that are known."""
    words = [(each, each.write) for each in told if isinstance(each.write, Capture)]
    asked = {(each.recipient.integration_id or "", lookup) for each, write in words for lookup in write.wants}
    entries = look_up(session, asked, now)
    for each, write in words:
        mine = each.recipient.integration_id or ""
        names = {lookup: entries[mine, lookup] for lookup in write.wants if (mine, lookup) in entries}
        spelled = named(Told(write.verbatim, write.author, write.account, {}), names, {}, each.recipient.account)
        yield Beside(
            source=each.platform,
            ref=write.ref,
            words=spelled.verbatim,
            author=spelled.author,
            occurred_at=write.occurred_at,
            edited_at=write.edited_at,
            url=write.url,
            reason=each.reason,
        )

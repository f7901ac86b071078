"""What a page of history shows and the rows lack: messages that never came, edits and deletions that were missed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from core.adapter import Adapter, ReceivedEvent
from core.history import Page, Record
from core.signal import ConversationKey, Ignored, Write, Writes
from db import Conversation, ConversationLink, Event, Integration, Receipt, Signal
from pipeline.recipients import recipient_of, scope_of


@dataclass(frozen=True, slots=True)
class Suspect:
    """A stored message that history did not show: deleted, or out of this page's sight."""

    ref: str
    conversation: ConversationKey | None = None


def missed(
    session: Session, adapter: Adapter, integration: Integration, records: Sequence[Record], now: datetime
) -> list[Record]:
    """The records that the rows lack: the adapter, asked as for a live event, would write something newer."""
    refs = [record.ref for record in records]
    stored, heard = _stored(session, integration, refs), _heard(session, integration, refs)
    described = _described(session, integration, records)
    return [
        record
        for record in records
        if not record.blank
        and not (record.conversation and (record.version or "") <= described.get(record.conversation, ""))
        and _is_missed(_writes(adapter, integration, record, now), record, stored, heard)
    ]


def suspects(session: Session, integration: Integration, channel: str, page: Page) -> list[Suspect]:
    """Signals of the page's window that are not on it."""
    window = page.window
    if window is None:
        return []
    present = {record.ref for record in page.records if not record.blank}
    of_channel = Signal.source_ref.startswith(f"{channel}:", autoescape=True)
    query = select(Signal.source_ref).where(
        Signal.workspace_id == integration.workspace_id,
        Signal.source == integration.platform,
        Signal.source_scope == scope_of(integration),
        of_channel,
        Signal.deleted_at.is_(None),
        Signal.occurred_at >= window.oldest,
        Signal.occurred_at < window.newest,
    )
    of_signal = ConversationLink.conversation_id == Signal.conversation_id
    link = (ConversationLink.workspace_id == Signal.workspace_id, of_signal)
    if window.conversation is None:
        query = query.where(exists().where(*link, ConversationLink.ref == Signal.source_ref))
    else:
        key = window.conversation
        named = (ConversationLink.kind == key.kind, ConversationLink.ref == key.ref)
        query = query.where(exists().where(*link, *named), Signal.source_ref != key.ref)
    return [Suspect(ref, window.conversation) for ref in session.scalars(query) if ref not in present]


def _writes(adapter: Adapter, integration: Integration, record: Record, now: datetime) -> Sequence[Write] | None:
    """What the adapter would write; None when it cannot say without asking the platform."""
    event = ReceivedEvent("", integration.platform, record.type, record.payload, now, integration.slack_app_id)
    decision = adapter.signals(event, recipient_of(integration, scope=scope_of(integration)), {})
    if isinstance(decision, Ignored):
        return ()
    return decision.writes if isinstance(decision, Writes) else None


def _is_missed(writes: Sequence[Write] | None, record: Record, stored: dict[str, str], heard: set[str]) -> bool:
    if record.ref not in stored:
        return record.ref not in heard and (writes is None or any(write.only_changes is None for write in writes))
    return writes is None or any(write.version > stored[record.ref] for write in writes)


def _stored(session: Session, integration: Integration, refs: Sequence[str]) -> dict[str, str]:
    """The versions of these messages' signals."""
    query = select(Signal.source_ref, Signal.source_version).where(
        Signal.workspace_id == integration.workspace_id,
        Signal.source == integration.platform,
        Signal.source_scope == scope_of(integration),
        Signal.source_ref.in_(refs),
    )
    return dict(iter(session.execute(query)))


def _described(session: Session, integration: Integration, records: Sequence[Record]) -> dict[ConversationKey, str]:
    """The versions at which the records' conversations are described."""
    named = {record.conversation for record in records if record.conversation and record.version}
    if not named:
        return {}
    kinds, refs = {key.kind for key in named}, {key.ref for key in named}
    query = (
        select(ConversationLink.kind, ConversationLink.ref, Conversation.source_version)
        .join(Conversation, Conversation.id == ConversationLink.conversation_id)
        .where(ConversationLink.workspace_id == integration.workspace_id)
        .where(ConversationLink.kind.in_(kinds), ConversationLink.ref.in_(refs))
    )
    return {ConversationKey(kind, ref): version or "" for kind, ref, version in session.execute(query)}


def _heard(session: Session, integration: Integration, refs: Sequence[str]) -> set[str]:
    """The messages of which some event came to the workspace, whatever became of it, or may still come. In a shared
    channel an event may have named another company's connection alone.
    """
    of_app, of_it = Event.slack_app_id == integration.slack_app_id, Event.integration_id == integration.id
    door = of_app if integration.slack_app_id else of_it
    ours = exists().where(Receipt.event_id == Event.id, Receipt.workspace_id == integration.workspace_id)
    query = select(Event.subject).where(door, Event.subject.in_(refs), Event.type.startswith("message"))
    query = query.where(or_(Event.state == "pending", ours))
    return {ref for ref in session.scalars(query) if ref}

"""What a source tells of whole conversations: what their issue is like, which threads are internal, what is gone."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from core.signal import Account, Inventory, Removal, Topic
from db import Conversation, ConversationLink, DirectoryEntry, Integration, Signal, SignalCopy
from db.dialects import insert_into
from db.search import index_signals
from pipeline.conversations import INTERNAL_THREAD, resolve
from pipeline.pairs.near import of_channel
from pipeline.places import Place, Placed


def describe(session: Session, topics: Iterable[tuple[str, Topic]], now: datetime) -> set[str]:
    """Keeps what each (workspace id, topic) says, unless something newer is known; returns the conversations' ids."""
    topics = [(workspace_id, topic) for workspace_id, topic in topics if topic.conversation]
    known = resolve(session, ((workspace_id, topic.conversation) for workspace_id, topic in topics), now)
    described: set[str] = set()
    for workspace_id, topic in sorted(topics, key=lambda told: told[1].version):
        key = topic.conversation[0]
        conversation_id = known[workspace_id, key.kind, key.ref]
        _describe(session, conversation_id, _with_account_name(session, workspace_id, topic), now)
        described |= _close_to_customers(session, workspace_id, conversation_id, topic, now)
        described.add(conversation_id)
    return described


def missing_of(session: Session, workspace_id: str, source: str, inventory: Inventory) -> list[Placed]:
    """A removal for every signal of the inventory's conversation that the source does not hold any more."""
    key = inventory.conversation
    of_conversation = select(ConversationLink.conversation_id).where(
        ConversationLink.workspace_id == workspace_id,
        ConversationLink.kind == key.kind,
        ConversationLink.ref == key.ref,
    )
    query = select(Signal.source_ref, Signal.occurred_at).where(
        Signal.conversation_id.in_(of_conversation),
        Signal.source == source,
        Signal.source_scope == inventory.scope,
        Signal.source_version < inventory.version,
        Signal.deleted_at.is_(None),
        Signal.source_ref.not_in(inventory.refs),
    )
    return [
        Placed(
            Place(workspace_id, source, inventory.scope, ref),
            Removal(ref, inventory.version, inventory.taken_at, occurred_at, inventory.scope),
        )
        for ref, occurred_at in session.execute(query)
        if _belongs(ref, inventory)
    ]


def _belongs(ref: str, inventory: Inventory) -> bool:
    """A conversation may hold several issues; an inventory speaks for its own."""
    issue = inventory.conversation.ref
    return ref == issue or ref.startswith((f"{issue}:", "sha256:"))


def _with_account_name(session: Session, workspace_id: str, topic: Topic) -> Topic:
    """Issues name their account by its id only; the directory may know more."""
    account = topic.account
    if account.name is not None or account.external_id is None:
        return topic
    query = (
        select(DirectoryEntry.name)
        .join(Integration, Integration.id == DirectoryEntry.integration_id)
        .where(Integration.workspace_id == workspace_id, Integration.platform == "pylon")
        .where(DirectoryEntry.kind == "account", DirectoryEntry.ref == account.external_id)
    )
    return replace(topic, account=Account(account.external_id, session.scalar(query.limit(1))))


def _describe(session: Session, conversation_id: str, topic: Topic, now: datetime) -> None:
    told = {
        "title": topic.title,
        "url": topic.url,
        "state": topic.state[:80] if topic.state else None,
        "priority": topic.priority[:80] if topic.priority else None,
        "assignee_name": topic.assignee_name,
        "assignee_email": topic.assignee_email,
        "account_external_id": topic.account.external_id,
        "account_name": topic.account.name,
        "tags": list(topic.tags),
    }
    known = {name: value for name, value in told.items() if value or not topic.partial}
    older = or_(Conversation.source_version.is_(None), Conversation.source_version < topic.version)
    session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id, older)
        .values(**known, source_version=topic.version, updated_at=now),
        execution_options={"synchronize_session": False},
    )


def _close_to_customers(
    session: Session, workspace_id: str, conversation_id: str, topic: Topic, now: datetime
) -> set[str]:
    """Internal threads get their names, and what was taken for a customer's word there before goes."""
    if not topic.internal:
        return set()
    links = [
        {"workspace_id": workspace_id, "kind": INTERNAL_THREAD, "ref": key.ref, "conversation_id": conversation_id,
         "created_at": now}
        for key in topic.internal
    ]  # fmt: skip
    session.execute(insert_into(session, ConversationLink).on_conflict_do_nothing(), links)
    threads = select(ConversationLink.conversation_id).where(
        ConversationLink.workspace_id == workspace_id,
        ConversationLink.kind == "slack_thread",
        ConversationLink.ref.in_([key.ref for key in topic.internal]),
    )
    return _take_for_our_own(session, workspace_id, Signal.conversation_id.in_(threads), now)


def close_channel(session: Session, workspace_id: str, channel: str, now: datetime) -> set[str]:
    """What was taken for a customer's word in a channel goes, when it turns out that our own people, or copies, speak
    there. Returns the conversations that are to be matched anew.
    """
    inside = and_(Signal.source_scope == "", of_channel(Signal.source_ref, channel))
    return _take_for_our_own(session, workspace_id, inside, now)


def _take_for_our_own(session: Session, workspace_id: str, which: ColumnElement[bool], now: datetime) -> set[str]:
    """The conversations of what they were taken for the originals of, which counts again."""
    gone: Sequence[str] = session.scalars(
        update(Signal)
        .where(Signal.workspace_id == workspace_id, Signal.source == "slack", Signal.deleted_at.is_(None), which)
        .values(deleted_at=now, updated_at=now)
        .returning(Signal.id),
        execution_options={"synchronize_session": False},
    ).all()
    index_signals(session, gone)
    copies = delete(SignalCopy).where(SignalCopy.original_id.in_(gone)).returning(SignalCopy.signal_id)
    freed = session.scalars(copies, execution_options={"synchronize_session": False}).all()
    return set(filter(None, session.scalars(select(Signal.conversation_id).where(Signal.id.in_(freed)))))

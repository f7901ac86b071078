"""Conversations: keys that stand together name one conversation, in whichever order they arrive."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.orm import Session

from core.ids import new_id
from core.signal import ConversationKey
from db import Conversation, ConversationLink, Signal
from db.dialects import insert_into

INTERNAL_THREAD = "internal_thread"
"""The kind of link that names a Slack thread in which our own people talk about an issue."""

Key: TypeAlias = tuple[str, str, str]
"""Workspace id, kind and ref."""


def resolve(session: Session, groups: Iterable[tuple[str, Sequence[ConversationKey]]], now: datetime) -> dict[Key, str]:
    """The conversation of every key. Each group (workspace id, keys) is one conversation: missing ones are made,
    ones that turn out to be the same are merged into the oldest.
    """
    clusters = _clusters(groups)
    known = _known(session, [key for cluster in clusters for key in cluster])
    missing: dict[Key, str] = {}
    for cluster in clusters:
        present = sorted({known[key] for key in cluster if key in known})
        if len(present) > 1:
            _merge(session, present[0], present[1:])
            known = {key: present[0] if value in present else value for key, value in known.items()}
        conversation = present[0] if present else new_id(Conversation.id_prefix)
        missing |= {key: conversation for key in cluster if key not in known}
    return known | _link(session, missing, set(known.values()), now)


def internal_threads(session: Session, keys: Iterable[Key]) -> set[Key]:
    """Those of these names of Slack threads that are our own people's talk about an issue."""
    threads = {(workspace_id, ref) for workspace_id, kind, ref in keys if kind == "slack_thread"}
    if not threads:
        return set()
    link = ConversationLink
    query = select(link.workspace_id, link.ref).where(
        link.workspace_id.in_({workspace_id for workspace_id, _ in threads}),
        link.kind == INTERNAL_THREAD,
        link.ref.in_({ref for _, ref in threads}),
    )
    return {(workspace_id, "slack_thread", ref) for workspace_id, ref in session.execute(query)}


def captured_conversations(session: Session, keys: Iterable[Key]) -> set[Key]:
    """Those of these names whose conversation holds words from Slack that were not deleted."""
    wanted = list(keys)
    if not wanted:
        return set()
    link = ConversationLink
    words = select(Signal.id).where(
        Signal.conversation_id == link.conversation_id, Signal.source == "slack", Signal.deleted_at.is_(None)
    )
    query = select(link.workspace_id, link.kind, link.ref).where(
        tuple_(link.workspace_id, link.kind, link.ref).in_(wanted)
    )
    return {(workspace_id, kind, ref) for workspace_id, kind, ref in session.execute(query.where(words.exists()))}


def _clusters(groups: Iterable[tuple[str, Sequence[ConversationKey]]]) -> list[list[Key]]:
    """The groups, joined where they share a key; sorted, so that concurrent workers lock in one order."""
    cluster_of: dict[Key, set[Key]] = {}
    for workspace_id, names in groups:
        joined = {(workspace_id, name.kind, name.ref) for name in names}
        for key in list(joined):
            joined |= cluster_of.get(key, set())
        cluster_of |= dict.fromkeys(joined, joined)
    unique = {id(cluster): cluster for cluster in cluster_of.values()}
    return sorted(sorted(cluster) for cluster in unique.values())


def _known(session: Session, keys: list[Key]) -> dict[Key, str]:
    if not keys:
        return {}
    link = ConversationLink
    query = select(link).where(tuple_(link.workspace_id, link.kind, link.ref).in_(keys))
    return {(row.workspace_id, row.kind, row.ref): row.conversation_id for row in session.scalars(query)}


def _merge(session: Session, kept: str, others: list[str]) -> None:
    for model in (Signal, ConversationLink):
        session.execute(update(model).where(model.conversation_id.in_(others)).values(conversation_id=kept))
    session.execute(delete(Conversation).where(Conversation.id.in_(others)))


def _link(session: Session, missing: dict[Key, str], existing: set[str], now: datetime) -> dict[Key, str]:
    """Stores the missing links; where another worker was faster, its conversation is the one."""
    if not missing:
        return {}
    made = {conversation: key[0] for key, conversation in missing.items() if conversation not in existing}
    if made:
        stamps = {"created_at": now, "updated_at": now}
        rows = [{"id": id_, "workspace_id": ws, **stamps} for id_, ws in made.items()]
        session.execute(insert_into(session, Conversation), rows)
    links = [
        {"workspace_id": ws, "kind": kind, "ref": ref, "conversation_id": conversation, "created_at": now}
        for (ws, kind, ref), conversation in missing.items()
    ]
    session.execute(insert_into(session, ConversationLink).on_conflict_do_nothing(), links)
    linked = _known(session, list(missing))
    orphans = set(made) - set(linked.values())
    if orphans:
        session.execute(delete(Conversation).where(Conversation.id.in_(orphans)))
    return linked

"""Conversations that hold Pylon issues: their names in both sources."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import ConversationLink, Integration


@dataclass(frozen=True, slots=True)
class Issue:
    """A conversation with its Pylon issues (``refs``) and Slack threads (``channel:ts``)."""

    workspace_id: str
    conversation_id: str
    refs: tuple[str, ...]
    threads: tuple[str, ...]

    @property
    def channels(self) -> list[str]:
        """The Slack channels that its threads are in."""
        return sorted({thread.partition(":")[0] for thread in self.threads})


def with_pylon(session: Session, workspace_ids: Collection[str]) -> set[str]:
    """Those of these workspaces that have, or had, a connection to Pylon."""
    query = select(Integration.workspace_id).where(
        Integration.workspace_id.in_(workspace_ids), Integration.platform == "pylon"
    )
    return set(session.scalars(query)) if workspace_ids else set()


def issues_among(session: Session, conversation_ids: Collection[str]) -> list[Issue]:
    """The issues among these conversations, in the order of their ids."""
    links = session.scalars(select(ConversationLink).where(ConversationLink.conversation_id.in_(conversation_ids)))
    by_conversation: dict[str, list[ConversationLink]] = defaultdict(list)
    for link in links:
        by_conversation[link.conversation_id].append(link)
    issues = []
    for conversation_id, named in sorted(by_conversation.items()):
        refs = sorted(link.ref for link in named if link.kind == "pylon_issue")
        threads = sorted(link.ref for link in named if link.kind == "slack_thread")
        if refs:
            issues.append(Issue(named[0].workspace_id, conversation_id, tuple(refs), tuple(threads)))
    return issues


def threads_of(session: Session, conversation_ids: Collection[str]) -> dict[str, str]:
    """The Slack thread that names each of these conversations, as ``channel:ts``."""
    query = select(ConversationLink.conversation_id, ConversationLink.ref).where(
        ConversationLink.conversation_id.in_(conversation_ids), ConversationLink.kind == "slack_thread"
    )
    return dict(session.execute(query.order_by(ConversationLink.ref.desc())).all())

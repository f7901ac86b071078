"""Conversations that hold Pylon issues, and the Slack messages around them that no key ties to them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from db import ConversationLink, Integration, Signal, SignalCopy
from pipeline.pairs.likeness import SAME_TEXT_WITHIN

NEAREST = 50
"""How many issues, and how many messages around one, are looked at: a guess is worth bounded work."""


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


def conversations_near(session: Session, signals: Iterable[Signal]) -> set[str]:
    """The conversations in whose channels, and about when, these Slack messages were written, and that hold words from
    Pylon.
    """
    moments: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for signal in signals:
        if signal.source == "slack":
            moments[signal.workspace_id, signal.source_ref.partition(":")[0]].append(signal.occurred_at)
    near: set[str] = set()
    for (workspace_id, channel), times in moments.items():
        threads = select(ConversationLink.conversation_id).where(
            ConversationLink.workspace_id == workspace_id,
            ConversationLink.kind == "slack_thread",
            of_channel(ConversationLink.ref, channel),
        )
        query = select(Signal.conversation_id).where(
            Signal.workspace_id == workspace_id,
            Signal.source == "pylon",
            Signal.occurred_at.between(min(times) - SAME_TEXT_WITHIN, max(times) + SAME_TEXT_WITHIN),
            Signal.conversation_id.in_(threads),
        )
        near.update(filter(None, session.scalars(query.distinct().limit(NEAREST))))
    return near


def messages_around(session: Session, issue: Issue, loose: Sequence[Signal]) -> list[Signal]:
    """Slack messages of the issue's channels, written about when its ``loose`` messages were, that belong to no issue
    and are nobody's original yet.
    """
    if not (issue.channels and loose):
        return []
    latest = sorted(loose, key=lambda signal: (signal.occurred_at, signal.id))[-NEAREST:]
    moments = [
        Signal.occurred_at.between(signal.occurred_at - SAME_TEXT_WITHIN, signal.occurred_at + SAME_TEXT_WITHIN)
        for signal in latest
    ]
    link, other = aliased(ConversationLink), aliased(Signal)
    of_an_issue = exists().where(link.conversation_id == Signal.conversation_id, link.kind == "pylon_issue")
    is_taken = exists().where(
        SignalCopy.original_id == Signal.id,
        other.id == SignalCopy.signal_id,
        other.conversation_id != issue.conversation_id,
    )
    query = select(Signal).where(
        Signal.workspace_id == issue.workspace_id,
        Signal.source == "slack",
        or_(*(of_channel(Signal.source_ref, channel) for channel in issue.channels)),
        or_(*moments),
        ~of_an_issue,
        ~is_taken,
    )
    return list(session.scalars(query.order_by(Signal.occurred_at, Signal.id).limit(NEAREST * NEAREST)))


def threads_of(session: Session, conversation_ids: Collection[str]) -> dict[str, str]:
    """The Slack thread that names each of these conversations, as ``channel:ts``."""
    query = select(ConversationLink.conversation_id, ConversationLink.ref).where(
        ConversationLink.conversation_id.in_(conversation_ids), ConversationLink.kind == "slack_thread"
    )
    return dict(session.execute(query.order_by(ConversationLink.ref.desc())).all())


def of_channel(ref: SQLColumnExpression[str], channel: str) -> ColumnElement[bool]:
    """Whether a ``channel:ts`` is of this channel. ``;`` follows ``:``, so that this is one range of the index."""
    return and_(ref >= f"{channel}:", ref < f"{channel};")

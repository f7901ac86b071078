"""What is known of a conversation beside its words: its issue, its copies, and which other one is probably the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import Conversation, ConversationLink, ConversationVerdict, Signal, SignalCopy
from pipeline.pairs.verdicts import say_different, say_same
from web.actions import Actor, audit, owned
from web.services import services

_WHAT = "conversation"


@dataclass(frozen=True, slots=True)
class Probably:
    """Another conversation that is probably the same: how sure that is (0 to 1), and why, as slugs."""

    conversation_id: str
    score: float
    reasons: tuple[str, ...]


def probably_the_same(session: Session, conversation: Conversation) -> list[Probably]:
    """The other conversations that a guess ties to this one, the surest first."""
    verdict = ConversationVerdict
    guesses = select(verdict).where(verdict.workspace_id == conversation.workspace_id, verdict.verdict == "suggested")
    issues = [link.ref for link in conversation.links if link.kind == "pylon_issue"]
    threads = [link.ref for link in conversation.links if link.kind == "slack_thread"]
    of_issue = session.scalars(guesses.where(verdict.ref.in_(issues))).all()
    of_thread = session.scalars(guesses.where(verdict.other_ref.in_(threads))).all()
    found = [
        *_others(session, conversation, of_issue, of_issue=True),
        *_others(session, conversation, of_thread, of_issue=False),
    ]
    return sorted(found, key=lambda each: (-each.score, each.conversation_id))


def copies_in(session: Session, conversation_id: str) -> dict[str, str]:
    """The signals of this conversation that are copies, each with its original's id."""
    query = select(SignalCopy.signal_id, SignalCopy.original_id).join(Signal, Signal.id == SignalCopy.signal_id)
    return dict(session.execute(query.where(Signal.conversation_id == conversation_id)).all())


def join(who: Actor, conversation_id: str, other_id: str) -> str:
    """Makes the two conversations one; returns its id. Raises `NotFound`, `Conflict`."""
    with services().database.write() as session:
        ids = _both(session, who, conversation_id, other_id)
        remaining = say_same(session, who.workspace_id, ids, by=who.user_id, now=services().clock())
        audit(session, who, "conversation.joined", remaining, {"with": other_id})
    return remaining


def part(who: Actor, conversation_id: str, other_id: str) -> None:
    """Keeps the two conversations apart. Raises `NotFound`, `Conflict`."""
    with services().database.write() as session:
        ids = _both(session, who, conversation_id, other_id)
        say_different(session, who.workspace_id, ids, by=who.user_id, now=services().clock())
        audit(session, who, "conversation.parted", conversation_id, {"from": other_id})


def _both(session: Session, who: Actor, *ids: str) -> tuple[str, str]:
    one, other = (owned(session, who, Conversation, identity, _WHAT, lock=True).id for identity in ids)
    return one, other


def _others(
    session: Session, conversation: Conversation, guesses: Sequence[ConversationVerdict], *, of_issue: bool
) -> list[Probably]:
    """The conversations at the other end of these guesses."""
    link = ConversationLink
    ends = {(guess.other_kind, guess.other_ref) if of_issue else (guess.kind, guess.ref): guess for guess in guesses}
    query = select(link).where(
        link.workspace_id == conversation.workspace_id,
        link.kind.in_({kind for kind, _ in ends}),
        link.ref.in_({ref for _, ref in ends}),
    )
    best: dict[str, Probably] = {}
    for found in session.scalars(query):
        guess = ends.get((found.kind, found.ref))
        if guess is None or found.conversation_id == conversation.id:
            continue
        probably = Probably(found.conversation_id, guess.score or 0.0, tuple(guess.reasons))
        best[found.conversation_id] = max(probably, best.get(found.conversation_id, probably), key=lambda p: p.score)
    return list(best.values())

"""Words that wait for others: nothing arrives in order, and what is captured must not depend on it.

A reply is kept only in a thread of which something was captured, an edit or a deletion only of a signal that is there.
What comes before that leaves a receipt; the transaction that captures the thread, or the message, makes those events
pending again. Both sides take turns, so that neither overlooks the other while both are under way.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, or_, select, tuple_
from sqlalchemy.orm import Session

from core.signal import Capture, Write, Writes
from db import ConversationLink, Event, Receipt, Signal
from db.dialects import take_turns
from pipeline.places import Placed, Written
from pipeline.plan import Plan
from pipeline.replay import replay

MOST = 500
"""So many are released at once; what joins releases the next."""


def enter(session: Session, plans: Sequence[Plan]) -> None:
    """Takes the turn of every workspace that these plans write to, before anything of it is read. Whoever captures goes
    side by side; whoever asks whether something was captured goes alone.
    """
    written = [
        (part.recipient.workspace_id, part.settlement)
        for plan in plans
        for part in plan.parts
        if isinstance(part.settlement, Writes)
    ]
    alone = {workspace_id for workspace_id, told in written if any(map(_is_conditional, told.writes))}
    take_turns(session, alone=alone, together={workspace_id for workspace_id, _ in written} - alone)


def release(
    session: Session,
    written: Sequence[tuple[Placed, Written]],
    described: Sequence[str],
    now: datetime,
) -> int:
    """Makes pending what waited for these writes, or for the conversations (ids) that were described and may have
    become one; returns how many events. Call it last, when the receipts are stored.
    """
    new = [(placed, came) for placed, came in written if came.signal_id and came.is_new_signal]
    event_ids = {
        *_of_threads(session, [came.signal_id or "" for _, came in new], described),
        *_of_messages(session, new),
    }
    return len(replay(session, sorted(event_ids), now)) if event_ids else 0


def _is_conditional(write: Write) -> bool:
    return write.only_changes is not None or (isinstance(write, Capture) and write.only_joins is not None)


def _of_threads(session: Session, signal_ids: Sequence[str], described: Sequence[str]) -> Sequence[str]:
    """Replies that waited for something of their thread to be captured."""
    if not signal_ids and not described:
        return ()
    link = ConversationLink
    touched = select(Signal.conversation_id).where(Signal.id.in_(signal_ids))
    words = exists().where(
        Signal.conversation_id == link.conversation_id, Signal.source == "slack", Signal.deleted_at.is_(None)
    )
    query = (
        select(Receipt.event_id)
        .join(link, (link.workspace_id == Receipt.workspace_id) & (link.ref == Receipt.thread))
        .join(Event, Event.id == Receipt.event_id)
        .where(or_(link.conversation_id.in_(touched), link.conversation_id.in_(described)))
        .where(link.kind == "slack_thread", Receipt.waits, Event.state != "pending", words)
    )
    return session.scalars(query.order_by(Receipt.event_id).limit(MOST)).all()


def _of_messages(session: Session, new: Sequence[tuple[Placed, Written]]) -> Sequence[str]:
    """Edits and deletions that came before their message, which nobody wanted then."""
    places = {(placed.place.workspace_id, placed.place.ref) for placed, _ in new if _was_unwanted(placed.write)}
    if not places:
        return ()
    query = (
        select(Receipt.event_id)
        .join(Event, Event.id == Receipt.event_id)
        .where(Event.subject.in_({ref for _, ref in places}))
        .where(tuple_(Receipt.workspace_id, Event.subject).in_(places))
        .where(Receipt.outcome == "ignored", Receipt.thread.is_not(None), Event.state != "pending")
    )
    return session.scalars(query.order_by(Receipt.event_id).limit(MOST)).all()


def _was_unwanted(write: Write) -> bool:
    return isinstance(write, Capture) and (write.asked is not None or _is_conditional(write))

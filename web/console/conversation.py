"""One conversation: what its issue is like, what was said in it, and which other one is probably the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import NotFound
from core.taming import clean
from db import Conversation
from web.actions import actor
from web.actions.conversations import copies_in, join, part, probably_the_same
from web.console import stream
from web.console.blueprint import console
from web.console.frame import frame_of
from web.console.issue import issue_row
from web.console.navigation import EDITORS
from web.console.rows import SignalRow, signal_row
from web.console.thread import thread_rows
from web.services import services
from web.session import Visitor, require_role

_LIKENESSES = {
    "same_text": "the same words",
    "similar_text": "nearly the same words",
    "same_person": "the same person",
    "same_moment": "within seconds",
    "same_thread": "the same thread",
}


@dataclass(frozen=True, slots=True)
class ProbableRow:
    """Another conversation that is probably the same: how sure that is in percent, why, and how it begins."""

    id: str
    percent: int
    why: str
    first: SignalRow | None


@console.get("/conversations/<conversation_id>")
@require_role()
def conversation(visitor: Visitor, conversation_id: str) -> str:
    """All that was said in a conversation, from every source."""
    with services().database.read() as session:
        found = session.get(Conversation, clean(conversation_id))
        if found is None or found.workspace_id != visitor.workspace_id:
            raise NotFound("conversation")
        rows = thread_rows(session, found.workspace_id, found.id)
        return render_template(
            "conversation.html",
            frame=frame_of(session, visitor),
            conversation_id=found.id,
            issue=issue_row(found),
            rows=rows,
            copies=copies_in(session, found.id),
            probably=_probably(session, found),
        )


@console.post("/conversations/<conversation_id>/join")
@require_role(*EDITORS)
def join_conversation(visitor: Visitor, conversation_id: str) -> Response:
    """Makes two conversations one."""
    remaining = join(actor(visitor), clean(conversation_id), clean(request.form.get("other", "")))
    return redirect(url_for("console.conversation", conversation_id=remaining), 303)


@console.post("/conversations/<conversation_id>/part")
@require_role(*EDITORS)
def part_conversation(visitor: Visitor, conversation_id: str) -> Response:
    """Keeps two conversations apart."""
    part(actor(visitor), clean(conversation_id), clean(request.form.get("other", "")))
    return redirect(url_for("console.conversation", conversation_id=conversation_id), 303)


def _probably(session: Session, found: Conversation) -> Sequence[ProbableRow]:
    rows = []
    for each in probably_the_same(session, found):
        said = stream.of_conversation(session, each.conversation_id)
        why = ", ".join(_LIKENESSES.get(reason, reason) for reason in each.reasons)
        first = signal_row(said[0]) if said else None
        rows.append(ProbableRow(each.conversation_id, round(100 * each.score), why, first))
    return rows

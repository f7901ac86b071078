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
from web.console.navigation import EDITORS
from web.console.rows import SignalRow, signal_row
from web.console.wording import web_link
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
class IssueRow:
    """The Pylon issue that a conversation became; ``url`` is a web link or None."""

    title: str | None
    url: str | None
    facts: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]


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
        rows = [signal_row(each) for each in stream.of_conversation(session, found.id)]
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


def issue_row(found: Conversation) -> IssueRow | None:
    """What the page shows of the issue; None for a thread without one."""
    if found.source_version is None:
        return None
    told = {
        "State": (found.state or "").replace("_", " "),
        "Priority": found.priority or "",
        "Assigned to": found.assignee_name or found.assignee_email or "",
        "Account": found.account_name or found.account_external_id or "",
    }
    facts = tuple((label, value) for label, value in told.items() if value)
    return IssueRow(found.title, web_link(found.url), facts, tuple(found.tags))


def _probably(session: Session, found: Conversation) -> Sequence[ProbableRow]:
    rows = []
    for each in probably_the_same(session, found):
        said = stream.of_conversation(session, each.conversation_id)
        why = ", ".join(_LIKENESSES.get(reason, reason) for reason in each.reasons)
        first = signal_row(said[0]) if said else None
        rows.append(ProbableRow(each.conversation_id, round(100 * each.score), why, first))
    return rows

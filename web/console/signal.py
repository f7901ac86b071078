"""One signal: its words in their conversation, what it said before, why it was captured, and what people make of it."""

from collections.abc import Sequence

from flask import redirect, render_template, request, url_for
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, defer
from werkzeug.wrappers import Response

from core.errors import NotFound
from core.taming import clean
from db import Conversation, Event, Receipt, Signal, SignalRevision
from web.actions import actor
from web.actions.signals import change_signals
from web.console import stream
from web.console.blueprint import console
from web.console.frame import frame_of
from web.console.issue import TOLD_BY_ISSUE, IssueRow, issue_row
from web.console.navigation import EDITORS
from web.console.quote import quote_of
from web.console.rows import BesideRow, ReceiptRow, RevisionRow, SignalRow, receipt_row, revision_row, signal_detail
from web.console.thread import thread_rows
from web.console.triage import FREQUENCIES, SEVERITIES, STATUSES, changes_in
from web.services import services
from web.session import Visitor, require_role

RECEIPTS = 50
"""An event that is replayed keeps its one receipt; this many edits of one message are enough to show."""


@console.get("/signals/<signal_id>")
@require_role()
def signal(visitor: Visitor, signal_id: str) -> str:
    """One signal with all that is known of it; the events' payloads only for admins."""
    with services().database.read() as session:
        found = stream.one(session, visitor.workspace_id, clean(signal_id))
        if found is None:
            raise NotFound("signal")
        issue = _issue(session, found)
        return render_template(
            "signal.html",
            frame=frame_of(session, visitor),
            detail=signal_detail(found, told_already=TOLD_BY_ISSUE if issue else frozenset()),
            issue=issue,
            quote=quote_of(found) if found.deleted_at is None else None,
            conversation=_conversation(session, found),
            revisions=_revisions(session, found) if found.deleted_at is None else [],
            receipts=_receipts(session, visitor, found),
            statuses=STATUSES,
            severities=SEVERITIES,
            frequencies=FREQUENCIES,
            is_saved="saved" in request.args,
        )


@console.post("/signals/<signal_id>")
@require_role(*EDITORS)
def change_signal(visitor: Visitor, signal_id: str) -> Response:
    """Changes what people decide about the signal, and shows it again."""
    with services().database.write() as session:
        change_signals(session, actor(visitor), [clean(signal_id)], changes_in(request.form))
    return redirect(url_for("console.signal", signal_id=signal_id, saved=1), 303)


def _issue(session: Session, found: Signal) -> IssueRow | None:
    """The issue that this signal's conversation is in Pylon."""
    talk = session.get(Conversation, found.conversation_id) if found.conversation_id else None
    return issue_row(talk) if talk else None


def _conversation(session: Session, found: Signal) -> Sequence[SignalRow | BesideRow]:
    """What was said around this one, itself among it; nothing when it stands alone."""
    if found.conversation_id is None:
        return ()
    rows = thread_rows(session, found.workspace_id, found.conversation_id)
    return rows if len(rows) > 1 else ()


def _revisions(session: Session, found: Signal) -> list[RevisionRow]:
    query = select(SignalRevision).where(SignalRevision.signal_id == found.id)
    newest_first = query.order_by(SignalRevision.source_version.desc()).limit(RECEIPTS)
    return [revision_row(revision) for revision in session.scalars(newest_first)]


def _receipts(session: Session, visitor: Visitor, found: Signal) -> list[ReceiptRow]:
    """The events that touched the signal or, where none names it, its conversation: one event may bring several
    messages of a Pylon issue, and its receipt names one of them.
    """
    own = _receipts_of(session, visitor, found, Receipt.signal_id == found.id)
    if own or found.conversation_id is None:
        return own
    of_talk = select(Signal.id).where(Signal.conversation_id == found.conversation_id)
    return _receipts_of(session, visitor, found, Receipt.signal_id.in_(of_talk))


def _receipts_of(session: Session, visitor: Visitor, found: Signal, which: ColumnElement[bool]) -> list[ReceiptRow]:
    # As an expression: by the column's own index SQLite would read every receipt of the workspace.
    mine = func.coalesce(Receipt.workspace_id, "") == visitor.workspace_id
    query = select(Receipt, Event).join(Event, Receipt.event_id == Event.id).where(which, mine)
    shows_payload = visitor.administers and found.deleted_at is None
    if not shows_payload:
        query = query.options(defer(Event.payload))
    rows = session.execute(query.order_by(Event.received_at, Event.id).limit(RECEIPTS))
    return [receipt_row(receipt, event, with_payload=shows_payload) for receipt, event in rows]

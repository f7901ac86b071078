"""A person's word on two conversations: the same, or not. It outlives every guess, and every later merge."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Conflict
from core.signal import ConversationKey
from db import ConversationLink, ConversationVerdict
from db.dialects import insert_into
from pipeline.conversations import resolve
from pipeline.pairs.copies import match_issue
from pipeline.pairs.issues import issues_among

NOT_A_PAIR = "One of the two must hold a Pylon issue and the other a Slack thread."


def say_same(session: Session, workspace_id: str, ids: tuple[str, str], *, by: str | None, now: datetime) -> str:
    """Joins the two conversations; returns the id of the one that remains. Raises `Conflict` (``not_a_pair``)."""
    issue, thread = _pair(session, workspace_id, ids)
    _keep(session, workspace_id, (issue, thread), "same", by=by, now=now)
    known = resolve(session, [(workspace_id, (issue, thread))], now)
    remaining = known[workspace_id, issue.kind, issue.ref]
    _match(session, remaining)
    return remaining


def say_different(session: Session, workspace_id: str, ids: tuple[str, str], *, by: str | None, now: datetime) -> None:
    """No guess puts the two together again. Raises `Conflict` (``not_a_pair``)."""
    issue, thread = _pair(session, workspace_id, ids)
    _keep(session, workspace_id, (issue, thread), "different", by=by, now=now)
    _match(session, *ids)


def _pair(session: Session, workspace_id: str, ids: tuple[str, str]) -> tuple[ConversationKey, ConversationKey]:
    """The name of the issue in one of the conversations, and of the thread in the other."""
    link = ConversationLink
    query = select(link).where(link.workspace_id == workspace_id, link.conversation_id.in_(ids)).order_by(link.ref)
    named: dict[str, dict[str, str]] = {id_: {} for id_ in ids}
    for row in session.scalars(query):
        named[row.conversation_id].setdefault(row.kind, row.ref)
    for one, other in (ids, ids[::-1]):
        issue, thread = named[one].get("pylon_issue"), named[other].get("slack_thread")
        if one != other and issue is not None and thread is not None:
            return ConversationKey("pylon_issue", issue), ConversationKey("slack_thread", thread)
    raise Conflict("not_a_pair", NOT_A_PAIR)


def _keep(
    session: Session,
    workspace_id: str,
    pair: tuple[ConversationKey, ConversationKey],
    verdict: str,
    *,
    by: str | None,
    now: datetime,
) -> None:
    issue, thread = pair
    row: dict[str, object] = {
        "workspace_id": workspace_id, "kind": issue.kind, "ref": issue.ref, "other_kind": thread.kind,
        "other_ref": thread.ref, "verdict": verdict, "reasons": [], "decided_by": by, "created_at": now,
    }  # fmt: skip
    insert = insert_into(session, ConversationVerdict)
    changed = {name: insert.excluded[name] for name in ("verdict", "decided_by", "created_at")}
    place = ["workspace_id", "kind", "ref", "other_kind", "other_ref"]
    session.execute(insert.on_conflict_do_update(index_elements=place, set_=changed), [row])


def _match(session: Session, *conversation_ids: str) -> None:
    for issue in issues_among(session, conversation_ids):
        match_issue(session, issue)

"""``conversations``: what belongs together, such as a Slack thread and the Pylon issue that it became."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from core.taming import JsonObject
from db import Conversation as ConversationRow
from db import Signal as SignalRow
from db import SignalCopy
from web.api.blueprint import api
from web.api.fields import ListQuery
from web.api.signals import SignalAccount
from web.auth import caller
from web.paging import cut, newest_first
from web.services import services

MOST_SIGNALS = 200
_WITH_KEYS = selectinload(SignalRow.conversation).selectinload(ConversationRow.links)

EXAMPLE: JsonObject = {
    "id": "con_01K5ZJ6Q2V5M8X0T3N7R4B9C1E",
    "keys": [{"kind": "slack_thread", "ref": "C0123ABCD:1763632800.000100"}, {"kind": "pylon_issue", "ref": "2f1c…"}],
    "account": {"external_id": "T0789", "name": "Globex"}, "signal_count": 3,
    "last_signal_at": "2026-11-20T10:00:00Z", "created_at": "2026-11-20T09:58:12Z",
}  # fmt: skip


class ConversationKey(BaseModel):
    """What the conversation is called at its source: kind `slack_thread` (`channel:ts`) or `pylon_issue` (its id)."""

    kind: str
    ref: str


class Conversation(BaseModel):
    """Signals that belong together. Those deleted at their source and copies do not count."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    keys: list[ConversationKey]
    account: SignalAccount | None
    signal_count: int
    last_signal_at: datetime | None
    created_at: datetime


class ConversationPage(BaseModel):
    """Conversations, the one that somebody spoke in last first."""

    items: list[Conversation]
    next_cursor: str | None


@api.get("/conversations")
@api.input(ListQuery, location="query")
@api.output(ConversationPage)
def list_conversations(query_data: ListQuery) -> ConversationPage:
    """List conversations, the one with the newest signal first."""
    limit, cursor = query_data.limit, query_data.cursor
    later = aliased(SignalRow)
    moves_on = select(later.id).where(
        later.conversation_id == SignalRow.conversation_id,
        later.deleted_at.is_(None),
        or_(
            later.occurred_at > SignalRow.occurred_at,
            and_(later.occurred_at == SignalRow.occurred_at, later.id > SignalRow.id),
        ),
    )
    latest = select(SignalRow).where(
        SignalRow.workspace_id == caller().workspace_id,
        SignalRow.conversation_id.is_not(None),
        SignalRow.deleted_at.is_(None),
        ~moves_on.exists(),
    )
    latest = newest_first(latest, SignalRow.occurred_at, SignalRow.id, limit=limit, cursor=cursor)
    with services().database.read() as session:
        rows = session.scalars(latest.options(_WITH_KEYS)).all()
        page, next_cursor = cut(rows, limit, lambda row: (row.occurred_at, row.id))
        return ConversationPage(items=_shown(session, page), next_cursor=next_cursor)


def _shown(session: Session, latest: Sequence[SignalRow]) -> list[Conversation]:
    """The conversations that these signals are the latest of."""
    found = [(signal.conversation, signal) for signal in latest]
    counted = counts(session, [row.id for row, _ in found if row is not None])
    return [Conversation(**plain(row, signal, counted.get(row.id, 0))) for row, signal in found if row is not None]


def counts(session: Session, ids: Sequence[str]) -> dict[str, int]:
    """How many signals each of these conversations has."""
    counted = select(SignalRow.conversation_id, func.count()).group_by(SignalRow.conversation_id)
    copy = exists().where(SignalCopy.signal_id == SignalRow.id)
    counted = counted.where(SignalRow.conversation_id.in_(ids), SignalRow.deleted_at.is_(None), ~copy)
    return {conversation: count for conversation, count in session.execute(counted) if conversation is not None}


def plain(row: ConversationRow, latest: SignalRow | None, count: int) -> dict[str, Any]:
    """The fields of a `Conversation`."""
    account = SignalAccount(external_id=latest.account_external_id, name=latest.account_name) if latest else None
    keys = sorted((link.kind, link.ref) for link in row.links)
    return {
        "id": row.id,
        "keys": [ConversationKey(kind=kind, ref=ref) for kind, ref in keys],
        "account": account,
        "signal_count": count,
        "last_signal_at": latest.occurred_at if latest else None,
        "created_at": row.created_at,
    }

"""``conversations``: what belongs together, such as a Slack thread and the Pylon issue that it became."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from core.taming import JsonObject
from db import Conversation as ConversationRow
from db import Signal as SignalRow
from web.api.blueprint import api
from web.api.etags import has_etag, tagged
from web.api.fields import ListQuery
from web.api.rows import owned
from web.api.signals import EXAMPLE as SIGNAL
from web.api.signals import Signal, SignalAccount
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
    """Signals that belong together. Those deleted at their source do not count."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    keys: list[ConversationKey]
    account: SignalAccount | None
    signal_count: int
    last_signal_at: datetime | None
    created_at: datetime


class ConversationDetail(Conversation):
    """A conversation with its latest 200 signals, in the order they were said, those deleted at their source
    included; `GET /signals?conversation=` has all.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE | {"signals": [SIGNAL]}]})

    signals: list[Signal]


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


@api.get("/conversations/<conversation_id>")
@has_etag
@api.output(ConversationDetail)
def show_conversation(conversation_id: str) -> ConversationDetail:
    """Show a conversation with what was said in it, whichever source it came from."""
    with services().database.read() as session:
        row = owned(session, ConversationRow, conversation_id, "conversation")
        newest = select(SignalRow).where(SignalRow.conversation_id == row.id)
        newest = newest.order_by(SignalRow.occurred_at.desc(), SignalRow.id.desc()).limit(MOST_SIGNALS)
        signals = session.scalars(newest).all()
        latest = next((signal for signal in signals if signal.deleted_at is None), None)
        count = _counts(session, [row.id]).get(row.id, 0)
        told = [Signal.of(signal) for signal in reversed(signals)]
        return tagged(ConversationDetail(**_plain(row, latest, count), signals=told))


def _shown(session: Session, latest: Sequence[SignalRow]) -> list[Conversation]:
    """The conversations that these signals are the latest of."""
    found = [(signal.conversation, signal) for signal in latest]
    counts = _counts(session, [row.id for row, _ in found if row is not None])
    return [Conversation(**_plain(row, signal, counts.get(row.id, 0))) for row, signal in found if row is not None]


def _counts(session: Session, ids: Sequence[str]) -> dict[str, int]:
    counted = select(SignalRow.conversation_id, func.count()).group_by(SignalRow.conversation_id)
    counted = counted.where(SignalRow.conversation_id.in_(ids), SignalRow.deleted_at.is_(None))
    return {conversation: count for conversation, count in session.execute(counted) if conversation is not None}


def _plain(row: ConversationRow, latest: SignalRow | None, count: int) -> dict[str, Any]:
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

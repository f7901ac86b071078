"""What is done once, however often it is asked for: the first request claims a row, repeats find its answer there."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Select, delete, select, tuple_
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.logs import get_logger
from db import IdempotencyKey
from db.dialects import claiming, insert_into
from web.services import services

AT_WORK = timedelta(minutes=2)
"""How long a request that never ended (its process died) keeps its key."""

PURGED_AT_ONCE = 100

log = get_logger()


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do what the key stands for, until `settle` or `release` ends it."""

    workspace_id: str
    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier request with the key: which request it was, and its answer. No status: it is still at work."""

    request_digest: str
    status: int | None = None
    answer: str = field(default="", repr=False)


def claim(workspace_id: str, key: str, request_digest: str) -> Claim | Earlier:
    """Exactly one of any number of requests that come at once gets the `Claim`."""
    mine = Claim(workspace_id, key, services().clock())
    with services().database.write() as session:
        _purge(session, mine.at)
        return _earlier(session, mine, request_digest) or mine


def settle(mine: Claim, status: int, answer: str, lives: timedelta) -> None:
    """Keeps the answer, sealed, for so long. One that cannot be kept is logged: what was done is done."""
    try:
        with services().database.write() as session:
            row = _still_mine(session, mine)
            if row is not None:
                row.answer, row.status, row.expires_at = answer, status, mine.at + lives
    except SQLAlchemyError as error:
        log.warning("idempotent_answer_lost", error_class=type(error).__name__)


def release(mine: Claim) -> None:
    """Nothing was decided: the next request with the key is the first."""
    try:
        with services().database.write() as session:
            row = _still_mine(session, mine)
            if row is not None:
                session.delete(row)
    except SQLAlchemyError as error:
        log.warning("idempotent_answer_lost", error_class=type(error).__name__)


def was_done(session: Session, workspace_ids: Collection[str], key: str) -> str | None:
    """In which of these workspaces `mark_done` left the key. The caller holds a lock that keeps repeats out."""
    query = select(IdempotencyKey.workspace_id).where(IdempotencyKey.workspace_id.in_(workspace_ids))
    return session.scalars(query.where(IdempotencyKey.key == key).limit(1)).first()


def mark_done(session: Session, workspace_id: str, key: str, lives: timedelta) -> None:
    """For what is done in one transaction: the mark comes and goes with it."""
    now = services().clock()
    session.add(
        IdempotencyKey(
            workspace_id=workspace_id, key=key, request_digest=key, status=204, created_at=now, expires_at=now + lives
        )
    )


def _purge(session: Session, now: datetime) -> None:
    """Some of what has expired, so that the table stays as small as what is remembered."""
    columns = (IdempotencyKey.workspace_id, IdempotencyKey.key)
    expired = select(*columns).where(IdempotencyKey.expires_at <= now).order_by(IdempotencyKey.expires_at)
    gone = [tuple(row) for row in session.execute(claiming(cast("Select[Any]", expired.limit(PURGED_AT_ONCE))))]
    if gone:
        session.execute(delete(IdempotencyKey).where(tuple_(*columns).in_(gone)))


def _earlier(session: Session, mine: Claim, digest: str) -> Earlier | None:
    """What stands in the claim's way; None when its row is there now."""
    row_of = {"workspace_id": mine.workspace_id, "key": mine.key, "request_digest": digest}
    times = {"created_at": mine.at, "expires_at": mine.at + AT_WORK}
    insert = insert_into(session, IdempotencyKey).on_conflict_do_nothing().returning(IdempotencyKey.__table__.c.key)
    if session.execute(insert, [row_of | times]).first() is not None:
        return None
    row = session.get(IdempotencyKey, (mine.workspace_id, mine.key), with_for_update=True)
    if row is None:
        return Earlier(digest)
    if row.expires_at > mine.at:
        return Earlier(row.request_digest, row.status, row.answer if row.status is not None else "")
    row.request_digest, row.status, row.answer = digest, None, None
    row.created_at, row.expires_at = times["created_at"], times["expires_at"]
    return None


def _still_mine(session: Session, mine: Claim) -> IdempotencyKey | None:
    row = session.get(IdempotencyKey, (mine.workspace_id, mine.key), with_for_update=True)
    return row if row is not None and row.status is None and row.created_at == mine.at else None

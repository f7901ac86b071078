"""The ``Idempotency-Key`` header: a POST that is sent again gets the first answer again and does nothing twice.

https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from flask import Response, g, request
from sqlalchemy import Select, delete, select, tuple_
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.errors import FieldError, InvalidFields, SignalboxError
from core.logs import get_logger
from db import IdempotencyKey
from db.dialects import claiming, insert_into
from web.auth import caller
from web.errors import TryLater
from web.services import services

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LIVES = timedelta(hours=24)
AT_WORK = timedelta(minutes=2)
"""How long a request that never ended (its process died) keeps its key."""

PURGED_AT_ONCE = 100
NOT_KEPT = frozenset({424, 429})
"""Like 5xx, these say "not now" and nothing about the request: its repeat is to be tried again."""

# HTTP cuts off the blanks around a header's value.
_KEY = re.compile(r"[!-~]([ -~]{0,253}[!-~])?")

log = get_logger()


@dataclass(frozen=True, slots=True)
class Claim:
    """The present request is the first with its key, and its answer is to be kept."""

    key: str
    at: datetime


def begin_once() -> Response | None:
    """Before a POST: the answer of its first time, or None when this is the first time.

    Raises with the reasons ``idempotency_key_reused`` and ``idempotency_key_in_use``, and `InvalidFields` for a key
    that is not 1 to 255 printable ASCII characters.
    """
    key = request.headers.get(HEADER)
    if request.method != "POST" or key is None:
        return None
    if _KEY.fullmatch(key) is None:
        raise InvalidFields([FieldError(HEADER, "This must be 1 to 255 printable ASCII characters.")])
    digest, now = _request_digest(), services().clock()
    with services().database.write() as session:
        _purge(session, now)
        row = _present(session, key, digest, now)
        if row is not None:
            return _answered(row, digest)
    g.idempotency = Claim(key, now)
    return None


def keep_answer(response: Response) -> Response:
    """After the first request with a key: its answer is kept, unless it says that nothing was decided."""
    claim = cast("Claim | None", g.pop("idempotency", None))
    if claim is None:
        return response
    try:
        with services().database.write() as session:
            _settle(session, claim, response)
    except SQLAlchemyError as error:  # what was made is made: the caller gets its answer, the key frees itself
        log.warning("idempotent_answer_lost", error_class=type(error).__name__)
    return response


def _request_digest() -> str:
    body = hashlib.sha256(request.get_data(cache=True)).hexdigest()
    return services().digester.digest("idempotent_request", f"{request.method} {request.full_path}\n{body}")


def _purge(session: Session, now: datetime) -> None:
    """Some of what has expired, so that the table stays as small as a day's work."""
    columns = (IdempotencyKey.workspace_id, IdempotencyKey.key)
    expired = select(*columns).where(IdempotencyKey.expires_at <= now).order_by(IdempotencyKey.expires_at)
    gone = [tuple(row) for row in session.execute(claiming(cast("Select[Any]", expired.limit(PURGED_AT_ONCE))))]
    if gone:
        session.execute(delete(IdempotencyKey).where(tuple_(*columns).in_(gone)))


def _present(session: Session, key: str, digest: str, now: datetime) -> IdempotencyKey | None:
    """The row of an earlier request; None when this request has now claimed the key."""
    claim = {
        "workspace_id": caller().workspace_id,
        "key": key,
        "request_digest": digest,
        "created_at": now,
        "expires_at": now + AT_WORK,
    }
    insert = insert_into(session, IdempotencyKey).on_conflict_do_nothing().returning(IdempotencyKey.__table__.c.key)
    if session.execute(insert, [claim]).first() is not None:
        return None
    row = session.get(IdempotencyKey, (caller().workspace_id, key), with_for_update=True)
    if row is None or row.expires_at > now:
        return row or IdempotencyKey(request_digest=digest)
    row.request_digest, row.status, row.answer = digest, None, None
    row.created_at, row.expires_at = now, now + AT_WORK
    return None


def _answered(row: IdempotencyKey, digest: str) -> Response:
    if row.request_digest != digest:
        message = "This Idempotency-Key was used for another request; send a new key for a new request."
        raise SignalboxError("idempotency_key_reused", message)
    if row.status is None:
        raise TryLater("idempotency_key_in_use", "The first request with this key is still at work.", retry_after=1)
    answer = json.loads(row.answer)
    return Response(answer["body"], row.status, {REPLAYED: "true"}, content_type=answer["content_type"])


def _settle(session: Session, claim: Claim, response: Response) -> None:
    row = session.get(IdempotencyKey, (caller().workspace_id, claim.key), with_for_update=True)
    if row is None or row.status is not None or row.created_at != claim.at:
        return
    if response.status_code >= 500 or response.status_code in NOT_KEPT:
        session.delete(row)
        return
    row.answer = json.dumps({"body": response.get_data(as_text=True), "content_type": response.content_type})
    row.status, row.expires_at = response.status_code, claim.at + LIVES

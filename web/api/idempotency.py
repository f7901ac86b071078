"""The ``Idempotency-Key`` header: a POST that is sent again gets the first answer again and does nothing twice.

https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
"""

import hashlib
import json
import re
from datetime import timedelta
from typing import cast

from flask import Response, g, request

from core.errors import FieldError, InvalidFields, SignalboxError
from web.auth import caller
from web.errors import TryLater
from web.once import Claim, Earlier, claim, release, settle
from web.services import services

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LIVES = timedelta(hours=24)
NOT_KEPT = frozenset({424, 429})
"""Like 5xx, these say "not now" and nothing about the request: its repeat is to be tried again."""

# HTTP cuts off the blanks around a header's value.
_KEY = re.compile(r"[!-~]([ -~]{0,253}[!-~])?")


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
    digest = _request_digest()
    found = claim(caller().workspace_id, key, digest)
    if isinstance(found, Earlier):
        return _answered(found, digest)
    g.idempotency = found
    return None


def keep_answer(response: Response) -> Response:
    """After the first request with a key: its answer is kept, unless it says that nothing was decided."""
    mine = cast("Claim | None", g.pop("idempotency", None))
    if mine is None:
        return response
    if response.status_code >= 500 or response.status_code in NOT_KEPT:
        release(mine)
    else:
        answer = {"body": response.get_data(as_text=True), "content_type": response.content_type}
        settle(mine, response.status_code, json.dumps(answer), LIVES)
    return response


def _request_digest() -> str:
    body = hashlib.sha256(request.get_data(cache=True)).hexdigest()
    return services().digester.digest("idempotent_request", f"{request.method} {request.full_path}\n{body}")


def _answered(earlier: Earlier, digest: str) -> Response:
    if earlier.request_digest != digest:
        message = "This Idempotency-Key was used for another request; send a new key for a new request."
        raise SignalboxError("idempotency_key_reused", message)
    if earlier.status is None:
        raise TryLater("idempotency_key_in_use", "The first request with this key is still at work.", retry_after=1)
    answer = json.loads(earlier.answer)
    return Response(answer["body"], earlier.status, {REPLAYED: "true"}, content_type=answer["content_type"])

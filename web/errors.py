"""The one table from reasons to HTTP status, and RFC 9457 problem details for every error of the whole app."""

import json
import re
import traceback
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from apiflask import HTTPError
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from core.errors import (
    Conflict,
    FieldError,
    Forbidden,
    InvalidFields,
    NotFound,
    NotJsonObject,
    SealBroken,
    SettingsError,
    SignalboxError,
    StepFailed,
    Unauthenticated,
)
from core.logs import get_logger
from core.taming import clean
from db.dialects import is_unavailable

log = get_logger()

PROBLEM_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5

STATUS_OF_REASON = {
    "idempotency_key_in_use": 409,
    "precondition_failed": 412,
    "payload_too_large": 413,
    "idempotency_key_reused": 422,
    "rate_limited": 429,
    "stream_limit_reached": 503,
    "database_unavailable": 503,
}
STATUS_OF_CLASS: dict[type[SignalboxError], int] = {
    NotFound: 404,
    InvalidFields: 422,
    NotJsonObject: 400,
    Conflict: 409,
    Forbidden: 403,
    Unauthenticated: 401,
    StepFailed: 424,  # the other side failed us; 5xx is for our own faults
    SealBroken: 503,
    SettingsError: 500,
    SignalboxError: 400,
}
"""Where a reason is not listed by itself, the nearest class of its error decides."""

_SLUG_OF_STATUS = {413: "payload_too_large", 414: "uri_too_long", 422: "invalid_fields"}
_PLAINER = {
    "Field required": "This field is required.",
    "Extra inputs are not permitted": "There is no such field here.",
}


class TryLater(SignalboxError):
    """Refused for now, by our own choice: the caller may come again after ``retry_after`` seconds."""

    def __init__(self, reason: str, message: str, *, retry_after: int) -> None:
        super().__init__(reason, message)
        self.retry_after = retry_after


def register_errors(app: Flask) -> None:
    """From here on every error of the app is answered as a problem."""
    app.register_error_handler(SignalboxError, _decided)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(HTTPError, _misshapen)
    app.register_error_handler(Exception, _failed)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Iterable[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Problem details: https://www.rfc-editor.org/rfc/rfc9457. ``code`` is the reason slug and names the type."""
    body: dict[str, object] = {
        "type": f"urn:signalbox:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
    }
    if fields := [{"field": clean(error.field), "message": error.message} for error in errors]:
        body["errors"] = fields
    return Response(json.dumps(body), status, dict(headers or {}), content_type=PROBLEM_TYPE)


def status_of(error: SignalboxError) -> int:
    """The HTTP status that a reason means."""
    if error.reason in STATUS_OF_REASON:
        return STATUS_OF_REASON[error.reason]
    return next(STATUS_OF_CLASS[cls] for cls in type(error).__mro__ if cls in STATUS_OF_CLASS)


def _decided(error: SignalboxError) -> Response:
    status = status_of(error)
    if isinstance(error, TryLater):
        return problem(status, error.reason, error.message, headers={"Retry-After": str(error.retry_after)})
    if isinstance(error, SealBroken):
        return _unreadable(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _failed(error)
    fields = error.errors if isinstance(error, InvalidFields) else ()
    headers = {"WWW-Authenticate": _challenge(error)} if status == HTTPStatus.UNAUTHORIZED else None
    return problem(status, error.reason, error.message, errors=fields, headers=headers)


def _unreadable(error: SealBroken) -> Response:
    """Something only the operator can mend, and soon: senders come again, and the log says which value it is."""
    log.error("secret_not_readable", reason=error.reason, problem=error.message)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return problem(503, error.reason, "A stored secret cannot be read; the operator's log says which.", headers=headers)


def _challenge(error: SignalboxError) -> str:
    """What the caller lacks: https://www.rfc-editor.org/rfc/rfc6750#section-3."""
    presented = error.reason != "token_missing"
    return 'Bearer realm="signalbox"' + (', error="invalid_token"' if presented else "")


def _refused(error: HTTPException) -> Response:
    """Flask's and Werkzeug's own refusals, with the headers that belong to them (such as Allow)."""
    status = error.code or 500
    code = _SLUG_OF_STATUS.get(status) or re.sub(r"[^a-z0-9]+", "_", error.name.lower()).strip("_")
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    return problem(status, code, error.description or error.name, headers=headers)


def _misshapen(error: HTTPError) -> Response:
    """A request whose shape the API's models refuse; every field is named by its dotted path."""
    fields = [
        FieldError(location if name == "_schema" else name, _plain(message))
        for location, named in _mapping(error.detail).items()
        for name, messages in _mapping(named).items()
        for message in messages
    ]
    if not fields:
        return problem(error.status_code, _SLUG_OF_STATUS.get(error.status_code, "bad_request"), str(error.message))
    return problem(422, "invalid_fields", InvalidFields(fields).message, errors=fields)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _plain(message: str) -> str:
    sentence = _PLAINER.get(message, message.removeprefix("Value error, "))
    return sentence if sentence.endswith(".") else f"{sentence}."


def _failed(error: Exception) -> Response:
    """Our own fault, or the database is away. The caller learns nothing of the inside."""
    route = request.url_rule.rule if request.url_rule else None
    if is_unavailable(error):
        log.warning("database_unavailable", route=route, method=request.method, error_class=type(error).__name__)
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return problem(503, "database_unavailable", "The database cannot be reached now; try again.", headers=headers)
    name, place = type(error).__name__, _place(error)
    log.error("request_failed", route=route, method=request.method, error_class=name, exception=place)
    return problem(500, "internal_error", "Something went wrong here; the server's log says where.")


def _place(error: Exception) -> str:
    """Where it happened, never what was said: messages and variables may hold what the caller sent."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))

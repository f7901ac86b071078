"""Pylon's REST API over HTTP, as far as Signalbox reads it.

Shapes: https://docs.usepylon.com/pylon-docs/developer/api/errors and …/authentication
"""

import re
import uuid
from collections.abc import Callable
from functools import wraps
from typing import TypeAlias

from flask import Blueprint, Response, jsonify, request

from core.signatures import equals_any
from core.taming import JsonObject, JsonValue, Tame
from sandbox.pylon import Exchange, PylonStandIn
from sandbox.pylon_search import UnknownFilter, matching

DEFAULT_LIMIT = 100
LIMIT_BELOW = 1000
DESTINATIONS = frozenset({"slack", "email", "in_app_chat", "internal", "sms", "whatsapp"})

View: TypeAlias = Callable[..., JsonObject]
_PART = re.compile(r"<\w+>")


class _Refused(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(code)
        self.status, self.code, self.sentence = status, code, sentence


def pylon_blueprint(pylon: PylonStandIn) -> Blueprint:
    """Everything below ``/pylon``."""
    blueprint = Blueprint("pylon", __name__, url_prefix="/pylon")

    def me() -> JsonObject:
        return {"data": pylon.organisation}

    def issue(ref: str) -> JsonObject:
        return {"data": _found(pylon.issue(ref), "issue")}

    def messages(ref: str) -> JsonObject:
        found = _found(pylon.issue(ref), "issue")
        return _page(pylon.messages(str(found["id"])), request.args.get("cursor"), request.args.get("limit"))

    def threads(ref: str) -> JsonObject:
        found = _found(pylon.issue(ref), "issue")
        return {"data": [*pylon.threads(str(found["id"]))]}  # all of them: its answer has no pages

    def search() -> JsonObject:
        body = request.get_json(silent=True)
        asked: JsonObject = body if isinstance(body, dict) else {}
        try:
            found = matching(asked.get("filter"), pylon.issues())
        except UnknownFilter as error:
            raise _Refused(400, "invalid_request", "This filter is not supported.") from error
        return _page(found, asked.get("cursor"), asked.get("limit"))

    @blueprint.after_request
    def tell(response: Response) -> Response:
        if pylon.judge is not None and request.url_rule is not None:
            path = _PART.sub("{id}", request.url_rule.rule.removeprefix("/pylon"))
            sent, answer = request.get_json(silent=True), response.get_json(silent=True)
            pylon.judge(Exchange(request.method, path, frozenset(request.args), sent, response.status_code, answer))
        return response

    rules: list[tuple[str, View]] = [
        ("/me", me),
        ("/issues/<ref>", issue),
        ("/issues/<ref>/messages", messages),
        ("/issues/<ref>/threads", threads),
        *_customers(pylon),
    ]
    for rule, view in rules:
        blueprint.add_url_rule(rule, view.__name__, _answering(pylon, view))
    blueprint.add_url_rule("/issues/search", "search", _answering(pylon, search), methods=["POST"])
    blueprint.add_url_rule("/issues", "create", _answering(pylon, _creating(pylon)), methods=["POST"])
    return blueprint


def _creating(pylon: PylonStandIn) -> View:
    """A new issue. Only ``internal`` keeps it from the customer, and is what a request without a word of it means."""

    def create() -> JsonObject:
        body = Tame(request.get_json(silent=True))
        account_id, email = body.text("account_id"), body.text("requester_email")
        title, text = body.text("title"), body.text("body_html")
        if title is None or text is None or (account_id is None and email is None):
            raise _Refused(400, "invalid_request", "title, body_html and an account or a requester are required.")
        account = _found(pylon.account(account_id), "account") if account_id else None
        destination = body.object("destination_metadata").text("destination") or "internal"
        if destination not in DESTINATIONS:
            raise _Refused(400, "invalid_request", "The destination is not known.")
        return {"data": pylon.open_issue(title, text, account=account, email=email, destination=destination)}

    return create


def _customers(pylon: PylonStandIn) -> list[tuple[str, View]]:
    """Who the customers are."""

    def accounts() -> JsonObject:
        return _page(pylon.accounts(), request.args.get("cursor"), request.args.get("limit"))

    def account(ref: str) -> JsonObject:
        return {"data": _found(pylon.account(ref), "account")}

    def contact(contact_id: str) -> JsonObject:
        return {"data": _found(pylon.contact(contact_id), "contact")}

    return [("/accounts", accounts), ("/accounts/<ref>", account), ("/contacts/<contact_id>", contact)]


def _answering(pylon: PylonStandIn, view: View) -> Callable[..., Response]:
    """The view behind authentication and ordered faults, its answer in Pylon's envelope."""

    @wraps(view)
    def answer(**arguments: str) -> Response:
        request_id = str(uuid.uuid4())
        try:
            _authenticate(pylon)
            left, reset = pylon.budget.take(view.__name__)
            if left < 0:
                limited = _failure(request_id, 429, "rate_limited", "Too many requests.")
                limited.headers["X-Retry-After"] = limited.headers["Retry-After"] = str(reset)
                return limited
            if fault := pylon.faults.due(view.__name__):
                failed = _failure(request_id, fault.status, fault.error, "The request failed.")
                if fault.retry_after is not None:
                    failed.headers["X-Retry-After"] = failed.headers["Retry-After"] = str(fault.retry_after)
                return failed
            answered = jsonify({**view(**arguments), "request_id": request_id})
            answered.headers.update(pylon.budget.headers(left, reset))
            return answered
        except _Refused as refused:
            return _failure(request_id, refused.status, refused.code, refused.sentence)

    return answer


def _authenticate(pylon: PylonStandIn) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _Refused(401, "invalid_authorization_header", "The authorization header is missing or invalid.")
    if not equals_any([pylon.token], token.strip()):
        raise _Refused(401, "invalid_api_token", "The API token is invalid.")


def _failure(request_id: str, status: int, code: str, sentence: str) -> Response:
    response = jsonify(errors=[sentence], code=code, request_id=request_id)
    response.status_code = status
    return response


def _found(thing: JsonObject | None, kind: str) -> JsonObject:
    if thing is None:
        raise _Refused(404, "not_found", f"The {kind} was not found.")
    return thing


def _page(items: list[JsonObject], cursor: JsonValue, limit: JsonValue) -> JsonObject:
    start, size = _number(cursor, 0), _number(limit, DEFAULT_LIMIT)
    if not 0 < size < LIMIT_BELOW:
        raise _Refused(400, "invalid_request", "The limit must be greater than 0 and less than 1000.")
    end = start + size
    more = end < len(items)
    pagination: JsonObject = {"cursor": str(end) if more else "", "has_next_page": more}
    return {"data": [*items[start:end]], "pagination": pagination}


def _number(value: JsonValue, default: int) -> int:
    text = str(value if value is not None else "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise _Refused(400, "invalid_request", "The cursor or limit is invalid.")
    return int(text)

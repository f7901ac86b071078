"""What the API's headers mean, for its OpenAPI document."""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

View = TypeVar("View", bound=Callable[..., Any])
Spec: TypeAlias = dict[str, Any]

_TEXT = {"type": "string"}
_STILL_AT_WORK = "The first request with this `Idempotency-Key` is still at work."

IDEMPOTENCY_KEY: Spec = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A text that is new with each request, such as a UUID. The same request with the same key within "
    "24 hours is done only once and gets the same answer again, marked `Idempotent-Replayed: true`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}
IF_MATCH: Spec = {
    "name": "If-Match",
    "in": "header",
    "description": "The `ETag` of what you read. When it was changed since, nothing is changed, and the answer is 412.",
    "schema": _TEXT,
}
IF_NONE_MATCH: Spec = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The `ETag` of what you have. When it is still the same, the answer is 304 without a body.",
    "schema": _TEXT,
}
COMPONENTS: dict[str, Spec] = {
    "ETag": {"schema": _TEXT, "description": "The name of the present state, for `If-Match` and `If-None-Match`."},
    "Idempotent-Replayed": {"schema": {"const": "true"}, "description": "The answer that the first request got."},
    "RateLimit": {
        "schema": _TEXT,
        "description": "How many requests are left (`r`), and in how many seconds all of them are back (`t`).",
        "example": '"token";r=1187;t=1',
    },
    "RateLimit-Policy": {
        "schema": _TEXT,
        "description": "How many requests a token has (`q`) within how many seconds (`w`).",
        "example": '"token";q=1200;w=60',
    },
    "Retry-After": {"schema": {"type": "integer", "minimum": 0}, "description": "Seconds after which to come again."},
}
"""Headers of answers, by name."""


def reads(header: Spec) -> Callable[[View], View]:
    """Marks a view that understands a header of its own, given as an OpenAPI parameter."""

    def mark(view: View) -> View:
        vars(view)["own_headers"] = [*vars(view).get("own_headers", ()), header]
        return view

    return mark


def describe_headers(operation: Spec, view: Callable[..., Any], method: str) -> None:
    """The headers that the operation understands, and the answers that they lead to."""
    parameters, responses = operation.setdefault("parameters", []), operation["responses"]
    has_etag = hasattr(view, "has_etag")
    parameters.extend(getattr(view, "own_headers", ()))
    if method == "post":
        parameters.append(IDEMPOTENCY_KEY)
        known = responses.get("409", {}).get("description")
        responses["409"] = {"description": f"{known} Or: {_STILL_AT_WORK}" if known else _STILL_AT_WORK}
    if has_etag and method == "get":
        parameters.append(IF_NONE_MATCH)
        responses["304"] = {"description": "`If-None-Match` names the present state."}
    elif has_etag:
        parameters.append(IF_MATCH)
        responses["412"] = {"description": "`If-Match` names a state that is no longer the present one."}
    if has_etag:
        responses["200"]["headers"] = _named("ETag")


def describe_answers(operation: Spec) -> None:
    """The headers that every answer of its status carries."""
    for status, response in operation["responses"].items():
        names = ["RateLimit", "RateLimit-Policy"] if status != "401" else []
        if status in ("429", "503"):
            names.append("Retry-After")
        if any(parameter["name"] == "Idempotency-Key" for parameter in operation["parameters"]) and status < "500":
            names.append("Idempotent-Replayed")
        response["headers"] = response.get("headers", {}) | _named(*names)


def _named(*names: str) -> Spec:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}

"""The shapes that hand-written templates take, folded into one flat object: wrappers opened, placeholders dropped.

Seen in the wild: flat bodies; ``data``, ``issue`` and ``ticket`` objects; a ``client_payload`` in a
``webhook_payload``; a ``message`` object beside the issue. What is inside a wrapper wins over what stands around it.
"""

import json
import re

from core.taming import JsonObject, JsonValue, Tame, clean, parse_object

_WRAPPERS = ("webhook_payload", "client_payload", "data", "issue", "ticket")
_MESSAGE_FIELDS = {
    "id": "message_id",
    "author": "message_author",
    "is_private": "message_is_private",
    "timestamp": "message_timestamp",
    "sent_at": "message_sent_at",
    "updated_at": "message_updated_at",
    "body_html": "message_body_html",
    "message_html": "message_html",
    "body": "message_body",
    "text": "message_text",
}
"""A ``message`` object's own fields, and what flat bodies call them."""
_VARIABLE = re.compile(r"\{\{[^{}]*\}\}")
_PLACEHOLDER = re.compile(rf"\s*{_VARIABLE.pattern}\s*")
_DESCRIBING = re.compile(
    r"(^|_)(id|ids|number|event|type|state|status|priority|tags?|link|url|urls|email|at)$", re.IGNORECASE
)
"""Fields that a template fills with what Pylon knows, never with what somebody wrote."""
_KEPT_DEPTH = 6


def flattened(payload: bytes) -> Tame:
    """The body as one flat object, without blanks and without ``{{…}}``, which Pylon leaves where it could not fill in
    a variable. Raises `NotJsonObject`.
    """
    filled = _filled_in(parse_object(payload), _KEPT_DEPTH)
    return Tame(_opened(filled if isinstance(filled, dict) else {}))


def repeats_keys(payload: bytes) -> bool:
    """Whether a JSON key occurs twice in one object, as happens when a customer's words break out of the template."""
    repeated = False

    def note(pairs: list[tuple[str, object]]) -> None:
        nonlocal repeated
        repeated |= len({name for name, _ in pairs}) < len(pairs)

    try:
        json.loads(payload, object_pairs_hook=note)
    except (ValueError, RecursionError):
        return True
    return repeated


def has_placeholders(payload: bytes) -> bool:
    """Whether Pylon left a variable unresolved: as a whole value, or inside one that names or describes. Amid words,
    ``{{…}}`` may be what a customer wrote. Raises `NotJsonObject`.
    """
    return _is_unresolved(parse_object(payload), "", _KEPT_DEPTH)


def _opened(body: JsonObject) -> JsonObject:
    for name in _WRAPPERS:
        inner = body.pop(name, None)
        if isinstance(inner, str | int) and name in ("issue", "ticket"):
            body.setdefault("issue_id", inner)
        if not isinstance(inner, dict):
            continue
        if name in ("issue", "ticket") and "id" in inner:
            inner.setdefault("issue_id", inner.pop("id"))  # here an id can only be the issue's own
        body |= inner
    message = body.get("message")
    if isinstance(message, dict):
        del body["message"]
        body = {_MESSAGE_FIELDS.get(name, f"message_{name}"): value for name, value in message.items()} | body
    return body


def _is_unresolved(value: JsonValue, name: str, depth: int) -> bool:
    if depth == 0:
        return False
    if isinstance(value, dict):
        return any(_is_unresolved(item, field, depth - 1) for field, item in value.items())
    if isinstance(value, list):
        return any(_is_unresolved(item, name, depth - 1) for item in value)
    matches = _VARIABLE.search if _DESCRIBING.search(name) else _PLACEHOLDER.fullmatch
    return isinstance(value, str) and matches(value) is not None


def _filled_in(value: JsonValue, depth: int) -> JsonValue:
    if isinstance(value, dict | list) and depth == 0:
        return None
    if isinstance(value, list):
        kept = (_filled_in(item, depth - 1) for item in value)
        return [item for item in kept if item is not None]
    if isinstance(value, dict):
        fields: JsonObject = {clean(name): _filled_in(item, depth - 1) for name, item in value.items()}
        return {name: item for name, item in fields.items() if item is not None}
    if isinstance(value, str) and (not value.strip() or _PLACEHOLDER.fullmatch(value)):
        return None
    return value

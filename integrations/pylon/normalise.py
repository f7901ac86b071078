"""A trigger's body, whose shape an admin wrote by hand, as one notice: what happened, to which issue, in which words.

Pylon has no fixed payload (https://docs.usepylon.com/pylon-docs/developer/webhooks): the template we propose is thin,
others are flat with names of their own. Each field is read under every name that templates are known to use.
"""

import json
import re
from dataclasses import dataclass

from core.taming import JsonObject, JsonValue, Tame, clean, parse_object
from integrations.pylon.flat import flat_issue, flat_message, flat_opening, is_by_agent
from integrations.pylon.issues import Issue, Message, is_set

ISSUE_CREATED, ISSUE_UPDATED, ISSUE_CLOSED = "issue.created", "issue.updated", "issue.closed"
MESSAGE_CREATED = "message.created"

TYPES = {
    "issue_created": ISSUE_CREATED,
    "issue_new": ISSUE_CREATED,
    "new_issue": ISSUE_CREATED,
    "ticket_created": ISSUE_CREATED,
    "issue_updated": ISSUE_UPDATED,
    "issue_assigned": ISSUE_UPDATED,
    "issue_reassigned": ISSUE_UPDATED,
    "issue_field_changed": ISSUE_UPDATED,
    "issue_status_changed": ISSUE_UPDATED,
    "issue_tags_changed": ISSUE_UPDATED,
    "issue_reaction": ISSUE_UPDATED,
    "ticket_status_changed": ISSUE_UPDATED,
    "assigned": ISSUE_UPDATED,
    "issue_closed": ISSUE_CLOSED,
    "issue_resolved": ISSUE_CLOSED,
    "ticket_closed": ISSUE_CLOSED,
    "ticket_resolved": ISSUE_CLOSED,
    "closed": ISSUE_CLOSED,
    "resolved": ISSUE_CLOSED,
    "message_created": MESSAGE_CREATED,
    "message_new": MESSAGE_CREATED,
    "new_message": MESSAGE_CREATED,
    "issue_message_new": MESSAGE_CREATED,
    "issue_message_created": MESSAGE_CREATED,
}
"""The event names that templates use, with their separators folded. Any other means: something changed, read again."""

_EVENT = ("event_type", "event", "type")
_THIN = frozenset({*_EVENT, "event_id", "issue_id", "ticket_id", "issue_number", "number", "message_id", "id"})
_PLACEHOLDER = re.compile(r"\s*\{\{[^{}]*\}\}\s*")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_KEPT_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Notice:
    """A body as far as it tells: all of it is the sender's word, so it never chooses a tenant or an address.

    ``issue_id`` is None when there is none that may be asked for; ``ambiguous`` when a JSON key occurs twice, as
    happens when a customer's words break out of the template; ``thin`` when there are ids and nothing else.
    """

    type: str
    issue_id: str | None
    issue: Issue
    opening: Message
    message: Message
    thin: bool = False
    private: bool = False
    by_agent: bool = False
    ambiguous: bool = False


def event_type(payload: bytes) -> str:
    """The canonical type of a body. Raises `NotJsonObject`."""
    return _type_of(_tame(payload))


def notice_of(payload: bytes) -> Notice:
    """What a body tells. Raises `NotJsonObject`."""
    body = _tame(payload)
    kind = _type_of(body)
    issue_id = _issue_id(body, kind)
    return Notice(
        type=kind,
        issue_id=issue_id,
        issue=flat_issue(body, issue_id or ""),
        opening=flat_opening(body),
        message=flat_message(body),
        thin=_THIN.issuperset(body.raw),
        private=is_set(body.raw.get("message_is_private")) or is_set(body.raw.get("is_private")),
        by_agent=is_by_agent(body),
        ambiguous=_repeats_keys(payload),
    )


def _tame(payload: bytes) -> Tame:
    """The body without blanks and without ``{{…}}``, which Pylon leaves where it could not fill in a variable."""
    return Tame(_filled_in(parse_object(payload), _KEPT_DEPTH))


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


def _type_of(body: Tame) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", (body.text(*_EVENT) or "").lower()).strip("_")
    return TYPES.get(name, ISSUE_UPDATED)


def _issue_id(body: Tame, kind: str) -> str | None:
    """A bare ``id`` is the message's in a message's body, unless that has a ``message_id`` beside it."""
    names = ["issue_id", "ticket_id"]
    if kind != MESSAGE_CREATED or body.text("message_id"):
        names.append("id")
    text = (body.text(*names) or "").strip()
    return text if _IDENTIFIER.fullmatch(text) else None


def _repeats_keys(payload: bytes) -> bool:
    repeated = False

    def note(pairs: list[tuple[str, object]]) -> None:
        nonlocal repeated
        repeated |= len({name for name, _ in pairs}) < len(pairs)

    try:
        json.loads(payload, object_pairs_hook=note)
    except (ValueError, RecursionError):
        return True
    return repeated

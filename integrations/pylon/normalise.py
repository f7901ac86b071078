"""A trigger's body, whose shape an admin wrote by hand, as one notice: what happened, to which issue, in which words.

Pylon has no fixed payload (https://docs.usepylon.com/pylon-docs/developer/webhooks): the template we propose is thin,
others are flat with names of their own. Each field is read under every name that templates are known to use.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from core.taming import Tame
from integrations.pylon.flat import flat_issue, flat_message, flat_opening
from integrations.pylon.issues import Issue, Message, is_set
from integrations.pylon.shapes import flattened, repeats_keys

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
_SURELY_AN_ISSUES = ("issue_id", "ticket_id")
_NUMBERS = ("issue_number", "number")
_THIN = frozenset({*_EVENT, "event_id", "issue_id", "ticket_id", "issue_number", "number", "message_id", "id"})
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_NUMBER = re.compile(r"#?([0-9]{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Notice:
    """A body as far as it tells: all of it is the sender's word, so it never chooses a tenant or an address.

    ``issue_id``, for which a number stands in if that is all the body has, is None when there is none that may be asked
    for, and ``unconfirmed`` when it may be a message's;
    ``ambiguous`` when a JSON key occurs twice, as happens when a customer's words break out of the template; ``thin``
    when there are ids and nothing else; ``is_named`` when the body says in known words what happened.
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
    is_named: bool = True
    unconfirmed: bool = False


def type_and_issue(payload: bytes) -> tuple[str, str | None]:
    """The canonical type of a body and the issue that it may be about. Raises `NotJsonObject`."""
    body = flattened(payload)
    return _type_of(body), _issue_id(body)


def notice_of(payload: bytes, colleagues: Collection[str] = ()) -> Notice:
    """What a body tells; ``colleagues`` are addresses of people who are surely ours. Raises `NotJsonObject`."""
    body = flattened(payload)
    kind = _type_of(body)
    issue_id = _issue_id(body)
    message = flat_message(body, colleagues)
    return Notice(
        type=kind,
        issue_id=issue_id,
        issue=flat_issue(body, issue_id or ""),
        opening=flat_opening(body, colleagues),
        message=message,
        thin=_THIN.issuperset(body.raw),
        private=is_set(body.raw.get("message_is_private")) or is_set(body.raw.get("is_private")),
        by_agent=message.author.affiliation == "internal",
        ambiguous=repeats_keys(payload),
        is_named=_name_of(body) in TYPES,
        unconfirmed=kind == MESSAGE_CREATED and body.text(*_SURELY_AN_ISSUES, *_NUMBERS, "message_id") is None,
    )


def _type_of(body: Tame) -> str:
    return TYPES.get(_name_of(body), ISSUE_UPDATED)


def _name_of(body: Tame) -> str:
    return re.sub(r"[^a-z0-9]+", "_", (body.text(*_EVENT) or "").lower()).strip("_")


def _issue_id(body: Tame) -> str | None:
    """A bare ``id`` may be the message's in a message's body: then only Pylon can confirm that it is an issue's. A
    number is as good as an id to Pylon: https://docs.usepylon.com/pylon-docs/developer/api (GET /issues/{id}).
    """
    number = _NUMBER.fullmatch((body.text(*_NUMBERS) or "").strip())
    may_be_a_messages = _type_of(body) == MESSAGE_CREATED and body.text("message_id") is None
    names = _SURELY_AN_ISSUES if number and may_be_a_messages else (*_SURELY_AN_ISSUES, "id")
    text = (body.text(*names) or "").strip()
    return text if _IDENTIFIER.fullmatch(text) else number[1] if number and not text else None

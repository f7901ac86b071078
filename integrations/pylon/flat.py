"""A flat body's fields, each under every name that hand-written templates are known to give it."""

import re
from collections.abc import Collection
from dataclasses import replace

from core.signal import Account, Author
from core.taming import Tame
from integrations.pylon.issues import Issue, Message, key_of, slack_thread_of, tags_of, web_link
from integrations.pylon.readable import readable, readable_if_markup
from integrations.pylon.sides import is_same_person, sides_of

_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
_MARKUP_FIELDS = ("issue_body_html", "body_html", "message_body_html", "message_html", "description_html")
_ISSUE_TEXT = ("issue_body_html", "body_html", "issue_body", "body", "body_text", "description", "issue_description")
_MESSAGE_TEXT = ("message_body_html", "message_html", "message_body", "message_text", "body_html", "body", "message")


def flat_issue(body: Tame, issue_id: str) -> Issue:
    """The issue, as the body describes it."""
    account = body.object("account")
    plain_account = None if account else body.text("account")
    return Issue(
        id=issue_id,
        number=body.text("issue_number", "number"),
        title=body.text("issue_title", "title"),
        state=body.text("issue_status", "issue_state", "status", "state"),
        source=body.text("issue_source", "source"),
        link=web_link(body.text("issue_link", "link", "url")),
        account=Account(
            key_of(body.text("issue_account_id", "account_id") or account.text("id")),
            body.text("issue_account_name", "account_name") or account.text("name") or plain_account,
        ),
        tags=tags_of(body.raw.get("issue_tags") or body.raw.get("tags")),
        slack_thread=slack_thread_of(body.object("slack")),
        slack_channel=key_of(body.object("slack").text("channel_id")),
        priority=body.text("issue_priority", "priority"),
        assignee_email=body.text("issue_assignee_email", "assignee_email") or body.object("assignee").text("email"),
        created_at=body.time("issue_created_at", "created_at"),
        updated_at=body.time("issue_updated_at", "updated_at"),
    )


def flat_opening(body: Tame, colleagues: Collection[str] = ()) -> Message:
    """The issue's own text: the requester's words that opened it."""
    return Message(None, _words(body, _ISSUE_TEXT), sides_of(body, _requester(body), colleagues).requesters())


def flat_message(body: Tame, colleagues: Collection[str] = ()) -> Message:
    """The message that the body is about. ``colleagues``: addresses of people who are surely ours."""
    return Message(
        id=body.text("message_id"),
        text=_words(body, _MESSAGE_TEXT),
        author=_message_author(body, colleagues),
        sent_at=body.time("message_sent_at", "message_timestamp", "sent_at", "timestamp"),
        updated_at=body.time("message_updated_at", "issue_updated_at", "updated_at"),
    )


def _words(body: Tame, names: tuple[str, ...]) -> str:
    for name in names:
        if text := body.text(name):
            return readable(text) if name in _MARKUP_FIELDS else readable_if_markup(text)
    return ""


def _requester(body: Tame) -> Author:
    """The one who asked. One known template misspells the id's name."""
    requester = body.object("requester")
    plain = None if requester else body.text("requester")
    email = body.text("issue_requester_email", "requester_email") or requester.text("email")
    key = body.text("issue_requester_id", "issue_requesteer_id", "requester_id") or requester.text("id")
    return Author(
        name=body.text("issue_requester_name", "requester_name") or requester.text("name") or plain,
        email=email or (plain if plain and "@" in plain else None),
        external_id=key_of(key),
    )


def _message_author(body: Tame, colleagues: Collection[str]) -> Author:
    told = body.object("message_author") or body.object("author")
    person = told.object("contact") or told.object("user")
    name = body.text("message_author_name", "author_name") or told.text("name") or person.text("name")
    name = name if name or told else body.text("message_author", "author")
    email = body.text("message_author_email", "author_email") or person.text("email") or told.text("email")
    key = key_of(body.text("message_author_id", "author_id") or person.text("id") or told.text("id"))
    kind = body.text("message_author_type", "author_type", "message_author_kind", "author_kind")
    requester = _requester(body)
    author = Author(name, email or (name if name and _ADDRESS.fullmatch(name) else None), key)
    sides = sides_of(body, requester, colleagues)
    if is_same_person(author, requester):
        author = Author(name or requester.name, author.email or requester.email, key or requester.external_id)
    return replace(author, affiliation=sides.of(author, told, kind or told.text("type", "kind", "role")))

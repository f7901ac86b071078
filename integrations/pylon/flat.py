"""A flat body's fields, each under every name that hand-written templates are known to give it."""

from core.signal import Account, Author
from core.taming import Tame
from integrations.pylon.issues import Issue, Message, key_of, slack_thread_of, tags_of, web_link
from integrations.pylon.readable import readable, readable_if_markup

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


def flat_opening(body: Tame) -> Message:
    """The issue's own text: the requester's words that opened it."""
    return Message(None, _words(body, _ISSUE_TEXT), _requester(body))


def flat_message(body: Tame) -> Message:
    """The message that the body is about."""
    return Message(
        id=body.text("message_id"),
        text=_words(body, _MESSAGE_TEXT),
        author=_message_author(body),
        sent_at=body.time("message_sent_at", "message_timestamp", "sent_at", "timestamp"),
        updated_at=body.time("message_updated_at", "issue_updated_at", "updated_at"),
    )


def is_by_agent(body: Tame) -> bool:
    """Whether the body itself gives its author away: as a user of Pylon, by type, or as the issue's assignee."""
    told, author = _author_object(body), _message_author(body)
    kind = (body.text("message_author_type", "author_type") or told.text("type") or "").lower()
    assignee = body.object("assignee")
    assignee_id = key_of(body.text("issue_assignee_id", "assignee_id") or assignee.text("id"))
    assignee_email = body.text("issue_assignee_email", "assignee_email") or assignee.text("email")
    if assignee_id is not None and author.external_id == assignee_id:
        return True
    if assignee_email is not None and author.email == assignee_email:
        return True
    return bool(told.object("user")) or kind in ("user", "agent", "bot")


def _words(body: Tame, names: tuple[str, ...]) -> str:
    for name in names:
        if text := body.text(name):
            return readable(text) if name in _MARKUP_FIELDS else readable_if_markup(text)
    return ""


def _requester(body: Tame) -> Author:
    """The one who asked: the customer, by Pylon's definition. One known template misspells the id's name."""
    requester = body.object("requester")
    plain = None if requester else body.text("requester")
    email = body.text("issue_requester_email", "requester_email") or requester.text("email")
    key = body.text("issue_requester_id", "issue_requesteer_id", "requester_id") or requester.text("id")
    return Author(
        name=body.text("issue_requester_name", "requester_name") or requester.text("name") or plain,
        email=email or (plain if plain and "@" in plain else None),
        external_id=key_of(key),
        affiliation="external",
    )


def _message_author(body: Tame) -> Author:
    author = _author_object(body)
    contact = author.object("contact")
    name = body.text("message_author_name", "author_name") or author.text("name")
    name = name if name or author else body.text("message_author", "author")
    email = body.text("message_author_email", "author_email") or contact.text("email") or author.text("email")
    key = key_of(body.text("message_author_id", "author_id") or contact.text("id") or author.text("id"))
    requester = _requester(body)
    asked = bool((key and key == requester.external_id) or (email and email == requester.email))
    if asked:
        return Author(name or requester.name, email or requester.email, key or requester.external_id, "external")
    return Author(name, email, key, "external" if contact else "unknown")


def _author_object(body: Tame) -> Tame:
    return body.object("message_author") or body.object("author")

"""Pylon's two nouns, an issue and a message of it, as far as a signal needs them; and how they become one.

Field names: https://docs.usepylon.com/pylon-docs/developer/api (schemas Issue and Message; every field may be absent).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from core.signal import Account, Author, Capture, ConversationKey, Lookup, Topic
from core.small_talk import is_small_talk
from core.taming import JsonObject, JsonValue, Tame, bounded
from integrations.pylon.readable import readable

MAX_URL_CHARACTERS = 2048
MAX_FILE_NAME_CHARACTERS = 200
_REDACTED = re.compile(r"[\[(*_\s]*(?:message |this message (?:was|has been) )?redacted[\])*_.\s]*", re.IGNORECASE)
_TS = re.compile(r"p?([0-9]{10})\.?([0-9]{6})", re.ASCII)
"""Slack's ``1763632800.000100``, or ``p1763632800000100`` as its links have it."""
_UNKNOWN = Account()
_NOBODY = Author()


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue: what it is about, for whom, and where it came from."""

    id: str
    number: str | None = None
    title: str | None = None
    state: str | None = None
    source: str | None = None
    link: str | None = None
    account: Account = _UNKNOWN
    tags: tuple[str, ...] = ()
    slack_thread: str | None = None
    slack_channel: str | None = None
    priority: str | None = None
    assignee_email: str | None = None
    opening: str = ""
    requester: Author = _NOBODY
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message: its words as plain text and who said them; ``internal`` marks agents' words and private notes.

    ``files`` are names only: Pylon's addresses of attachments expire.
    """

    id: str | None
    text: str
    author: Author
    internal: bool = False
    files: tuple[str, ...] = ()
    sent_at: datetime | None = None
    updated_at: datetime | None = None


def issue_of(raw: Tame, key: str) -> Issue:
    """An issue as the API tells it; ``key`` is the id it was asked for by."""
    account = raw.object("account")
    return Issue(
        id=raw.text("id") or key,
        number=raw.text("number"),
        title=raw.text("title"),
        state=raw.text("state"),
        source=raw.text("source"),
        link=web_link(raw.text("link")),
        account=Account(key_of(account.text("id")), account.text("name")),
        tags=tags_of(raw.raw.get("tags")),
        slack_thread=slack_thread_of(raw.object("slack")),
        slack_channel=key_of(raw.object("slack").text("channel_id")),
        priority=raw.text("priority") or raw.object("custom_fields").object("priority").text("value"),
        assignee_email=raw.object("assignee").text("email"),
        opening=readable(raw.text("body_html") or ""),
        requester=_person(raw.object("requester")),
        created_at=raw.time("created_at"),
        updated_at=raw.time("updated_at"),
    )


def message_of(raw: Tame) -> Message:
    """A message as the API tells it. Only internal notes have a ``thread_id``."""
    author = raw.object("author")
    return Message(
        id=raw.text("id"),
        text=readable(raw.text("message_html") or ""),
        author=_person(author.object("contact"), name=author.text("name")),
        files=tuple(filter(None, (_file_name(url) for url in raw.texts("file_urls")))),
        internal=bool(author.object("user")) or is_set(raw.raw.get("is_private")) or raw.text("thread_id") is not None,
        sent_at=raw.time("timestamp"),
        updated_at=raw.time("updated_at"),
    )


def is_redacted(message: Message) -> bool:
    """Whether Pylon holds the place of the message, but not its words any more."""
    return (not message.text and not message.files) or _REDACTED.fullmatch(message.text) is not None


def _person(contact: Tame, *, name: str | None = None) -> Author:
    """A contact is a customer's, by Pylon's definition."""
    return Author(
        name=name or contact.text("name"),
        email=contact.text("email"),
        external_id=key_of(contact.text("id")),
        affiliation="external" if contact else "unknown",
    )


def _file_name(url: str) -> str | None:
    try:
        return unquote(urlsplit(url).path.rsplit("/", 1)[-1])[:MAX_FILE_NAME_CHARACTERS] or None
    except ValueError:
        return None


def is_set(flag: JsonValue) -> bool:
    """Whether a flag is on. Whatever is not plainly off counts as on: a private note must never slip out."""
    return str(flag).strip().lower() not in ("", "none", "null", "false", "0", "no")


def tags_of(raw: JsonValue) -> tuple[str, ...]:
    """Tags as the API has them: texts, comma-separated texts, or objects with a ``value``."""
    if isinstance(raw, list):
        raw = [item.get("value") or item.get("name") if isinstance(item, dict) else item for item in raw]
    return tuple(dict.fromkeys(Tame({"tags": raw}).texts("tags")))


def slack_thread_of(slack: Tame) -> str | None:
    """``channel:ts`` of the Slack message that started the issue, when both are known. A moment that is not written as
    Slack writes it (a number has lost its last digits) names no message.
    """
    channel, root = slack.text("channel_id"), _TS.fullmatch(slack.text("message_ts") or "")
    return bounded(f"{channel}:{root[1]}.{root[2]}") if channel and root else None


def key_of(text: str | None) -> str | None:
    """Somebody else's id, short enough to be stored as a key."""
    return None if text is None else bounded(text)


def web_link(text: str | None) -> str | None:
    """The text if it is an https address that a person may follow."""
    try:
        parts = urlsplit(text or "")
        followable = parts.scheme == "https" and bool(parts.hostname)
    except ValueError:
        return None
    return text if followable and text and len(text) <= MAX_URL_CHARACTERS and text.isprintable() else None


def capture(
    issue: Issue,
    message: Message,
    *,
    ref: str,
    scope: str,
    version: datetime,
    occurred_at: datetime,
    limited: bool,
    only_changes: str | None = None,
) -> Capture:
    """The signal of one customer message. ``limited``: told by a webhook body alone, not by Pylon's API."""
    return Capture(
        ref=bounded(ref),
        version=sortable(version),
        verbatim=message.text or ", ".join(message.files),
        occurred_at=occurred_at,
        scope=scope,
        author=message.author,
        account=issue.account,
        url=issue.link,
        conversation=tuple(_keys(issue)),
        tags=issue.tags,
        metadata=_metadata(issue, message, limited=limited),
        only_changes=only_changes,
        trivial=not message.files and is_small_talk(message.text),
        wants=() if limited else tuple(_wants(issue, message)),
    )


def _wants(issue: Issue, message: Message) -> Iterator[Lookup]:
    """Issues name their account by its id only, and contacts do not say which Slack users they are."""
    if issue.account.external_id:
        yield Lookup("account", issue.account.external_id)
    if message.author.external_id:
        yield Lookup("contact", message.author.external_id)


def topic(issue: Issue, *, version: datetime) -> Topic:
    """What the issue is like."""
    return Topic(
        conversation=tuple(_keys(issue)),
        version=sortable(version),
        title=issue.title,
        url=issue.link,
        state=issue.state,
        priority=issue.priority,
        assignee_email=issue.assignee_email,
        account=issue.account,
        tags=issue.tags,
    )


def _keys(issue: Issue) -> Iterator[ConversationKey]:
    yield ConversationKey("pylon_issue", bounded(issue.id))
    if issue.slack_thread:
        yield ConversationKey("slack_thread", issue.slack_thread)


def sortable(moment: datetime) -> str:
    """A moment as UTC text of fixed width (``2026-11-20T10:00:00.000000Z``), which sorts by age."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _metadata(issue: Issue, message: Message, *, limited: bool) -> JsonObject:
    told: JsonObject = {
        "issue_id": issue.id,
        "message_id": message.id,
        "number": issue.number,
        "title": issue.title,
        "state": issue.state,
        "source": issue.source,
        "slack_channel": None if issue.slack_thread else issue.slack_channel,
        "link": issue.link,
        "priority": issue.priority,
        "tags": list(issue.tags),
        "files": [{"name": name} for name in message.files],
        "limited": limited,
    }
    return {name: value for name, value in told.items() if value}

"""Pylon's objects in the shapes of its REST API.

Shapes: https://docs.usepylon.com/pylon-docs/developer/api/api-reference
"""

import html
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from core.taming import JsonObject

IssueSource: TypeAlias = Literal["slack", "email", "chat_widget", "form"]


@dataclass(frozen=True, slots=True)
class SlackRoot:
    """The Slack message that started an issue."""

    workspace_id: str
    channel_id: str
    message_ts: str


@dataclass(frozen=True, slots=True)
class MessageAuthor:
    """Who wrote a message: a customer's contact, or one of our own users."""

    id: str
    name: str
    email: str
    is_contact: bool


def account(name: str, domain: str, *, created_at: datetime, slack_channel_id: str | None = None) -> JsonObject:
    """A customer company, with its Slack channel if it has one."""
    channel: JsonObject = {
        "source": "slack", "channel_id": slack_channel_id, "is_primary": True, "is_internal": False
    }  # fmt: skip
    return {
        "id": str(uuid.uuid4()),
        "name": name,
        "type": "customer",
        "domain": domain,
        "domains": [domain],
        "primary_domain": domain,
        "is_disabled": False,
        "created_at": rfc3339(created_at),
        "updated_at": rfc3339(created_at),
        "tags": [],
        "custom_fields": {},
        "external_ids": [{"label": "crm", "external_id": f"crm-{domain}"}],
        "channels": [channel] if slack_channel_id else [],
    }


def contact(name: str, email: str, of_account: JsonObject, *, slack_user_id: str | None = None) -> JsonObject:
    """A person at a customer's."""
    return {
        "id": str(uuid.uuid4()),
        "name": name,
        "email": email,
        "emails": [email],
        "account": mini_account(of_account),
        "portal_role": "member",
        "custom_fields": {},
        "external_ids": [],
        "phone_numbers": [],
        "integration_user_ids": [{"source": "slack", "id": slack_user_id}] if slack_user_id else [],
    }


def issue(
    number: int,
    title: str,
    text: str,
    *,
    of_account: JsonObject,
    requester: JsonObject,
    source: IssueSource,
    created_at: datetime,
    tags: tuple[str, ...] = (),
    slack: SlackRoot | None = None,
) -> JsonObject:
    """A new issue; Pylon names neither the account nor the requester in it, only their ids."""
    issue_id = str(uuid.uuid4())
    at = rfc3339(created_at)
    opened: JsonObject = {
        "id": issue_id,
        "number": number,
        "title": title,
        "body_html": paragraph(text),
        "state": "new",
        "type": "conversation" if slack else "ticket",
        "source": source,
        "link": f"https://app.usepylon.com/issues?issueNumber={number}",
        "account": mini_account(of_account),
        "requester": {"id": requester["id"], "email": requester["email"]},
        "tags": list(tags),
        "custom_fields": {},
        "attachment_urls": [],
        "external_issues": [],
        "csat_responses": [],
        "author_unverified": False,
        "customer_portal_visible": False,
        "number_of_touches": 0,
        "created_at": at,
        "updated_at": at,
        "latest_message_time": at,
    }
    return opened | ({"slack": _slack_info(slack)} if slack else {})


def opened_issue(
    number: int, title: str, body_html: str, *, of_account: JsonObject | None, email: str | None, at: datetime
) -> JsonObject:
    """An issue that a program opened."""
    requester: JsonObject = {"id": str(uuid.uuid4()), "email": email or ""}
    account = of_account or {"id": "", "external_ids": []}
    made = issue(number, title, "", of_account=account, requester=requester, source="form", created_at=at)
    return made | {"body_html": body_html, "source": "manual"}


def message(
    author: MessageAuthor, text: str, *, source: IssueSource, at: datetime, is_private: bool = False
) -> JsonObject:
    """A reply in an issue, or an internal note."""
    person: JsonObject = {"id": author.id, "email": author.email}
    written: JsonObject = {
        "id": str(uuid.uuid4()),
        "message_html": paragraph(text),
        "timestamp": rfc3339(at),
        "source": source,
        "is_private": is_private,
        "author": {"name": author.name, "avatar_url": "", ("contact" if author.is_contact else "user"): person},
        "file_urls": [],
    }
    return written | ({"thread_id": str(uuid.uuid4())} if is_private else {})


def mini_account(of_account: JsonObject) -> JsonObject:
    """How other objects refer to an account."""
    return {"id": of_account["id"], "external_ids": of_account["external_ids"]}


def paragraph(text: str) -> str:
    """The text as Pylon's HTML."""
    return f"<p>{html.escape(text, quote=False)}</p>"


def rfc3339(moment: datetime) -> str:
    """A time as Pylon writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _slack_info(root: SlackRoot) -> JsonObject:
    return {"workspace_id": root.workspace_id, "channel_id": root.channel_id, "message_ts": root.message_ts}

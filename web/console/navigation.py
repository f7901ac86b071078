"""The ways through the console: every room, who may enter it, and which of them is open now."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import current_app, request, url_for

from db import Role

ADMINS: tuple[Role, ...] = ("owner", "admin")
EDITORS: tuple[Role, ...] = ("owner", "admin", "member")
EVERYBODY: tuple[Role, ...] = ("owner", "admin", "member", "viewer")

ROOMS: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    ("Overview", "console.home", EVERYBODY),
    ("Signals", "console.signals", EVERYBODY),
    ("Accounts", "console.accounts", EVERYBODY),
    ("Integrations", "admin.integrations", ADMINS),
    ("Webhook keys", "admin.webhook_keys", ADMINS),
    ("Events", "admin.events", ADMINS),
    ("Members", "admin.members", ADMINS),
    ("API tokens", "admin.api_tokens", ADMINS),
    ("Audit log", "admin.audit_log", ADMINS),
    ("Settings", "admin.settings", ADMINS),
)
"""Label, endpoint of the page, and the roles that it opens to."""


ANTEROOMS: dict[str, tuple[str, ...]] = {
    "admin.integrations": ("/slack-apps",),
    "console.signals": ("/conversations",),
}
"""Addresses that belong to a room without lying below its own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of the navigation; ``is_current`` for the page itself and for what lies below it."""

    label: str
    url: str
    is_current: bool


def entries(role: Role) -> tuple[Entry, ...]:
    """The rooms that are built and open to this role, in order."""
    return tuple(_entries(role))


def _entries(role: Role) -> Iterator[Entry]:
    for label, endpoint, roles in ROOMS:
        if role in roles and endpoint in current_app.view_functions:
            url = url_for(endpoint)
            is_current = any(_is_below(request.path, each) for each in (url, *ANTEROOMS.get(endpoint, ())))
            yield Entry(label, url, is_current)


def _is_below(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(f"{url}/"))

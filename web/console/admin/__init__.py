"""The console's rooms for admins."""

from web.console.admin import (
    api_tokens,
    audit_log,
    channels,
    digest,
    events,
    history,
    integrations,
    invitations,
    members,
    pylon,
    settings,
    slack_apps,
    webhook_keys,
)
from web.console.admin.blueprint import admin

__all__ = [
    "admin", "api_tokens", "audit_log", "channels", "digest", "events", "history", "integrations", "invitations",
    "members", "pylon", "settings", "slack_apps", "webhook_keys",
]  # fmt: skip

"""The events the Slack app subscribes to and the scopes they cost; ``manifest.yml`` says the same."""

from collections.abc import Mapping
from types import MappingProxyType

BOT_EVENTS: Mapping[str, str | None] = MappingProxyType(
    {
        "message.channels": "channels:history",
        "message.groups": "groups:history",
        "app_uninstalled": None,
        "tokens_revoked": None,
    }
)
"""Each subscribed event and the bot scope it needs (None: none): https://docs.slack.dev/reference/events/message"""

BOT_SCOPES: tuple[str, ...] = tuple(dict.fromkeys(scope for scope in BOT_EVENTS.values() if scope))
"""What Add to Slack asks for, in the manifest's order: no more than the events need."""

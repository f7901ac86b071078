"""The ways in, as cards: whether each listens, since when it last heard something, and when its token ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from db import Integration, WebhookKey
from pipeline.duties import TOKEN_REFUSED
from pipeline.tokens.health import token_health
from web.console.troubles import trouble

Lamp = Literal["listening", "attention", "off"]

SOON = timedelta(hours=2)
"""Tokens are renewed two hours before they end: one that ends sooner was not."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One integration or webhook key. ``token_expires_at`` is None for tokens that do not end."""

    platform: str
    name: str
    lamp: Lamp
    state: str
    reason: str | None
    last_heard_at: datetime | None
    token_expires_at: datetime | None = None
    picked_channels: bool = False
    since: datetime | None = None


def connections(session: Session, workspace_id: str, now: datetime) -> list[Connection]:
    """The workspace's, what needs attention first, then what listens, each as it was made."""
    integrations = select(Integration).where(Integration.workspace_id == workspace_id).order_by(Integration.id)
    keys = select(WebhookKey).where(WebhookKey.workspace_id == workspace_id).order_by(WebhookKey.id)
    shown = load_only(WebhookKey.name, WebhookKey.is_active, WebhookKey.last_used_at)
    found = [integration_connection(each, now) for each in session.scalars(integrations)]
    found += [_webhook_key(each) for each in session.scalars(keys.options(shown))]
    order: tuple[Lamp, ...] = ("attention", "listening", "off")
    return sorted(found, key=lambda connection: order.index(connection.lamp))


def integration_connection(integration: Integration, now: datetime) -> Connection:
    """An integration as a card."""
    lamp, state = _lamp(integration, now)
    health = token_health(integration, now)
    is_refused = integration.is_connected and health.problem in TOKEN_REFUSED
    reason = (health.problem if is_refused else None) or integration.state_reason
    return Connection(
        platform=integration.platform,
        name=integration.slack_team_name or integration.name,
        lamp=lamp,
        state=state,
        reason=trouble(reason) if reason else None,
        since=health.problem_since if is_refused else None,
        last_heard_at=integration.last_used_at,
        token_expires_at=integration.token_expires_at if integration.is_connected else None,
        picked_channels=bool(integration.config.get("slack_channels")),
    )


def _lamp(integration: Integration, now: datetime) -> tuple[Lamp, str]:
    if integration.state == "needs_reconnect":
        return "attention", "Needs reconnecting"
    if not integration.is_connected:
        return "off", "Disconnected"
    if integration.token_expires_at and integration.token_expires_at < now + SOON:
        ended = integration.token_expires_at <= now
        return "attention", "Token ended" if ended else "Token ends soon"
    if integration.refresh_problem in TOKEN_REFUSED and integration.takes_events:
        return "attention", "Token refused"
    return ("listening", "Listening") if integration.takes_events else ("off", "Paused")


def _webhook_key(key: WebhookKey) -> Connection:
    lamp: Lamp = "listening" if key.is_active else "off"
    return Connection("webhook", key.name, lamp, "Listening" if key.is_active else "Paused", None, key.last_used_at)

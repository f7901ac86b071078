"""Connections as an admin sees them: state, token health, and what can be done."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import Integration
from web.actions.connecting import is_limited
from web.console.connections import Connection, integration_connection
from web.upgrades import install_path, offer


@dataclass(frozen=True, slots=True)
class Card:
    """A connection with what an admin can do to it."""

    id: str
    connection: Connection
    is_connected: bool
    is_active: bool
    refreshed_at: datetime | None
    connected_at: datetime | None
    captures: str
    is_limited: bool
    offer: str | None
    install: str


def cards(session: Session, workspace_id: str, now: datetime) -> list[Card]:
    """What needs attention first, then what listens; the newest first among equals."""
    query = select(Integration).where(Integration.workspace_id == workspace_id)
    rows = session.scalars(query.order_by(Integration.created_at.desc(), Integration.id.desc()))
    order = ("attention", "listening", "off")
    return sorted((_card(row, now) for row in rows), key=lambda card: order.index(card.connection.lamp))


def _card(row: Integration, now: datetime) -> Card:
    return Card(
        id=row.id,
        connection=integration_connection(row, now),
        is_connected=row.is_connected,
        is_active=row.is_active,
        refreshed_at=row.refreshed_at if row.is_connected else None,
        connected_at=row.installed_at,
        captures=_captures(row),
        is_limited=is_limited(row),
        offer=offer(row),
        install=install_path(row.workspace_id, row.slack_app_id),
    )


def _captures(row: Integration) -> str:
    if row.platform != "slack":
        return ""
    whose = {"external": "words of customers", "all": "everybody's words", "asked": "only what is asked for"}
    mode = whose.get(row.config.get("slack_capture", "external"), "")
    count = len(row.config.get("slack_channels", ()))
    places = "all shared channels" if not count else f"{count} picked channel{'s' if count > 1 else ''}"
    return f"Captures {mode} in {places}"

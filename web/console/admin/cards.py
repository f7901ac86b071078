"""Connections as an admin sees them: state, token health, and what can be done."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import Integration, IntegrationConfig, SlackChannelConfig
from web.console.connections import Connection, integration_connection


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


def cards(session: Session, workspace_id: str, now: datetime) -> list[Card]:
    """What needs attention first, then what listens; the newest first among equals."""
    query = select(Integration).where(Integration.workspace_id == workspace_id)
    rows = session.scalars(query.order_by(Integration.created_at.desc(), Integration.id.desc()))
    order = ("attention", "listening", "off")
    return sorted((_card(row, now) for row in rows), key=lambda card: order.index(card.connection.lamp))


def channel_lines(config: IntegrationConfig) -> str:
    """The picked channels as a person edits them: one a line, ``C0123ABCD globex-acme all``."""
    return "\n".join(_line(channel) for channel in config.get("slack_channels", ()))


def read_channels(text: str) -> list[dict[str, str]]:
    """The channels in those lines; whatever is wrong in them is found when they are checked as configuration."""
    return list(_read(text))


def _card(row: Integration, now: datetime) -> Card:
    return Card(
        id=row.id,
        connection=integration_connection(row, now),
        is_connected=row.is_connected,
        is_active=row.is_active,
        refreshed_at=row.refreshed_at if row.is_connected else None,
        connected_at=row.installed_at,
        captures=_captures(row),
    )


def _captures(row: Integration) -> str:
    if row.platform != "slack":
        return ""
    whose = {"external": "words of customers", "all": "everybody's words", "asked": "only what is asked for"}
    mode = whose.get(row.config.get("slack_capture", "external"), "")
    count = len(row.config.get("slack_channels", ()))
    places = "all shared channels" if not count else f"{count} picked channel{'s' if count > 1 else ''}"
    return f"Captures {mode} in {places}"


def _line(channel: SlackChannelConfig) -> str:
    return " ".join(part for part in (channel["id"], channel.get("name"), channel.get("capture")) if part)


def _read(text: str) -> Iterator[dict[str, str]]:
    for line in text.splitlines():
        words = line.replace(",", " ").split()
        if words:
            capture = words.pop() if len(words) > 1 and words[-1] in ("external", "all", "asked") else None
            name = " ".join(words[1:]).removeprefix("#")
            yield {"id": words[0]} | ({"name": name} if name else {}) | ({"capture": capture} if capture else {})

"""What the templates show: plain values made from rows, so that a page needs no open session and no logic."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from core.taming import JsonValue, Tame
from db import Event, Integration, Receipt, Signal, WebhookKey
from web.console.wording import humanized, iso, web_link

Lamp = Literal["listening", "attention", "off"]
_SHOWN_ELSEWHERE = frozenset({"channel_name", "issue_title", "title"})
_TECHNICAL = frozenset(
    {"channel", "channel_type", "ts", "thread_ts", "team", "subtype", "issue_id", "message_id", "limited"}
)


@dataclass(frozen=True, slots=True)
class SignalRow:
    """One signal in the stream. A deleted one has no words any more; ``url`` is a web link or None."""

    id: str
    version: str
    source: str
    author: str
    affiliation: str
    account: str | None
    where: str | None
    verbatim: str
    url: str | None
    status: str
    severity: str | None
    tags: tuple[str, ...]
    occurred_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignalDetail:
    """What only the signal's own page shows."""

    row: SignalRow
    author_email: str | None
    author_external_id: str | None
    account_external_id: str | None
    interpretation: str | None
    frequency: str | None
    user_segment: str | None
    links: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    source_ref: str
    captured_at: datetime


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """What became of one event that touched a signal."""

    event_id: str
    type: str
    outcome: str
    reason: str | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Connection:
    """One way in: an integration or a webhook key, whether it listens, and when it last heard something."""

    platform: str
    name: str
    lamp: Lamp
    state: str
    reason: str | None
    last_heard_at: datetime | None


def signal_row(signal: Signal) -> SignalRow:
    """The signal as the stream shows it."""
    gone = signal.deleted_at is not None
    return SignalRow(
        id=signal.id,
        version=iso(signal.updated_at),
        source=signal.source,
        author=signal.author_name or signal.author_email or signal.author_external_id or "Somebody",
        affiliation=signal.author_affiliation,
        account=signal.account_name or signal.account_external_id,
        where=_where(signal),
        verbatim="" if gone else signal.verbatim,
        url=web_link(signal.source_url),
        status=signal.status,
        severity=signal.severity,
        tags=tuple(signal.tags),
        occurred_at=signal.occurred_at,
        edited_at=signal.edited_at,
        deleted_at=signal.deleted_at,
    )


def signal_detail(signal: Signal) -> SignalDetail:
    """The signal as its own page shows it."""
    return SignalDetail(
        row=signal_row(signal),
        author_email=signal.author_email,
        author_external_id=signal.author_external_id,
        account_external_id=signal.account_external_id,
        interpretation=signal.interpretation if signal.deleted_at is None else None,
        frequency=signal.frequency,
        user_segment=signal.user_segment,
        links=tuple(_links(signal.links)),
        facts=tuple(_facts(signal.source_metadata)) if signal.deleted_at is None else (),
        source_ref=signal.source_ref,
        captured_at=signal.created_at,
    )


def receipt_row(receipt: Receipt, event: Event) -> ReceiptRow:
    """The receipt together with the event it is for."""
    return ReceiptRow(event.id, event.type, receipt.outcome, receipt.reason, event.received_at)


def integration_connection(integration: Integration) -> Connection:
    """An integration as a card."""
    lamp, state = _lamp(integration)
    name = integration.slack_team_name or integration.name
    reason = humanized(integration.state_reason) if integration.state_reason else None
    return Connection(integration.platform, name, lamp, state, reason, integration.last_used_at)


def webhook_key_connection(key: WebhookKey) -> Connection:
    """A webhook key as a card."""
    lamp: Lamp = "listening" if key.is_active else "off"
    return Connection("webhook", key.name, lamp, "Listening" if key.is_active else "Paused", None, key.last_used_at)


def _lamp(integration: Integration) -> tuple[Lamp, str]:
    if integration.state == "needs_reconnect":
        return "attention", "Needs reconnecting"
    if not integration.is_connected:
        return "off", "Disconnected"
    return ("listening", "Listening") if integration.takes_events else ("off", "Paused")


def _where(signal: Signal) -> str | None:
    """The place within the source, if it has a name."""
    metadata = Tame(signal.source_metadata)
    if channel := metadata.text("channel_name"):
        return f"#{channel.removeprefix('#')}"
    return metadata.text("issue_title", "title")


def _links(links: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """URL and title of those that lead to web pages."""
    for link in map(Tame, links):
        if url := web_link(link.text("url")):
            yield url, link.text("title") or url


def _facts(metadata: dict[str, JsonValue]) -> Iterator[tuple[str, str]]:
    """What the source added, as far as a person can read it."""
    for name, value in metadata.items():
        if name not in _SHOWN_ELSEWHERE | _TECHNICAL and isinstance(value, str | int | float) and str(value).strip():
            yield humanized(name), str(value)

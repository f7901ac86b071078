"""How a connection fares, for its home page on the platform."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.desk import DigestPlan, Overview, Room, Token, Visitor
from db import DirectoryEntry, Duty, Event, Integration, IntegrationConfig, Receipt, Signal
from pipeline.digest import DIGEST
from pipeline.tokens.health import token_health
from web.console.troubles import trouble, trouble_sentence
from web.desk.briefs import brief_of, latest
from web.upgrades import install_path

LATEST = 5
MOST_ROOMS = 20


def look(session: Session, visitor: Visitor, *, emoji: str | None, console_url: str, now: datetime) -> Overview:
    """The overview of the visitor's connection; ``emoji`` is the one that captures."""
    row = session.get_one(Integration, visitor.integration_id)
    health = token_health(row, now)
    return Overview(
        is_active=row.is_active,
        problem=trouble(row.state_reason or row.state) if row.state != "active" else None,
        token=Token(health.expires_at, health.expires_in, health.refreshed_at, health.explanation),
        needs_reconnect=health.needs_reconnect,
        reconnect_url=console_url.rstrip("/") + install_path(row.workspace_id, row.slack_app_id),
        last_event_at=_last_event_at(session, row),
        signals_today=_signals_today(session, row.workspace_id, now),
        picks_rooms=is_narrowed(row.config),
        rooms=tuple(sorted(rooms(session, row), key=lambda room: room.name.casefold())[:MOST_ROOMS]),
        reaction=emoji,
        digest=digest_plan(session, row),
        latest=tuple(brief_of(signal, console_url) for signal in latest(session, row.workspace_id, LATEST)),
    )


def is_narrowed(config: IntegrationConfig) -> bool:
    """Whether channels were picked, so that no others are heard; entries by pattern take nothing away."""
    return any(not each.get("auto") for each in config.get("slack_channels", []))


def rooms(session: Session, row: Integration) -> Iterator[Room]:
    """The channels that were picked, and those that the directory knows the app to be in."""
    picked = {each["id"]: each for each in row.config.get("slack_channels", [])}
    known = {entry.ref: entry for entry in _known(session, row)}
    for identity in {**picked, **known}:
        entry = known.get(identity)
        choice = picked.get(identity)
        name = (choice.get("name") if choice else None) or (entry.name if entry else None) or identity
        is_shared = entry is not None and bool(entry.facts.get("is_ext_shared"))
        if choice is None:
            hears = _usual(row.config) if is_shared and not is_narrowed(row.config) else None
        elif mode := choice.get("capture"):
            hears = _as_heard(mode)
        else:
            hears = _usual(row.config) if is_shared or entry is None else "all"
        yield Room(identity, name.removeprefix("#"), hears)


def _known(session: Session, row: Integration) -> Iterator[DirectoryEntry]:
    query = select(DirectoryEntry).where(DirectoryEntry.integration_id == row.id, DirectoryEntry.kind == "channel")
    return (entry for entry in session.scalars(query) if entry.facts.get("is_member", True))


def _usual(config: IntegrationConfig) -> Literal["external", "all"] | None:
    return _as_heard(config.get("slack_capture", "external"))


def _as_heard(mode: str) -> Literal["external", "all"] | None:
    return "external" if mode == "external" else "all" if mode == "all" else None


def _last_event_at(session: Session, row: Integration) -> datetime | None:
    newest = select(Receipt.event_id).where(Receipt.workspace_id == row.workspace_id).order_by(Receipt.event_id.desc())
    return session.scalar(select(Event.received_at).where(Event.id == newest.limit(1).scalar_subquery()))


def _signals_today(session: Session, workspace_id: str, now: datetime) -> int:
    begin = now.replace(hour=0, minute=0, second=0, microsecond=0)
    query = select(func.count()).where(
        Signal.workspace_id == workspace_id, Signal.occurred_at >= begin, Signal.deleted_at.is_(None)
    )
    return session.scalar(query) or 0


def digest_plan(session: Session, row: Integration) -> DigestPlan | None:
    """Where the digest goes, and why it does not; None when there is none."""
    plan = row.config.get("slack_digest")
    if not plan:
        return None
    duty = session.get(Duty, (row.id, DIGEST, plan["channel_id"]))
    problem = trouble_sentence(duty.reason).removesuffix(".") if duty and duty.reason else None
    return DigestPlan(plan["channel_id"], plan.get("channel_name"), plan.get("hour", 8), problem)

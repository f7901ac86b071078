"""What the page of a Slack connection shows of its health."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import DirectoryEntry, Integration
from pipeline.tokens.health import token_health

LIMIT_SHOWN_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class LeftChannel:
    """A channel that the app was taken out of."""

    name: str
    at: datetime


def health_of(session: Session, row: Integration, now: datetime) -> dict[str, Any]:
    """The values of ``admin/integration_health.html``; empty for a platform whose tokens do not rotate."""
    if row.platform != "slack":
        return {}
    limited_at = row.held_back_at
    since = max(now - LIMIT_SHOWN_FOR, row.installed_at or row.created_at)
    is_recent = limited_at is not None and limited_at >= since
    return {
        "health": token_health(row, now),
        "limited_at": limited_at if is_recent else None,
        "left": _left(session, row),
        "teams": _teams(row),
        "now": now,
    }


def _left(session: Session, row: Integration) -> list[LeftChannel]:
    """By the name that was picked, or that Slack told."""
    left = row.config.get("slack_learned", {}).get("left", {})
    if not left:
        return []
    entry = DirectoryEntry
    told = select(entry.ref, entry.name).where(entry.integration_id == row.id, entry.kind == "channel")
    known = session.execute(told.where(entry.ref.in_(left), entry.name.is_not(None)))
    names = {ref: f"#{name}" for ref, name in known}
    names |= {each["id"]: f"#{each['name']}" for each in row.config.get("slack_channels", ()) if each.get("name")}
    return [LeftChannel(names.get(key, key), datetime.fromtimestamp(at, UTC)) for key, at in sorted(left.items())]


def _teams(row: Integration) -> list[str] | None:
    """The teams that let an org-wide installation in, as far as Slack told; None for a team's own installation."""
    if row.slack_team_id is not None:
        return None
    teams = row.config.get("slack_learned", {}).get("teams", {})
    return sorted(team_id for team_id, is_granted in teams.items() if is_granted)

"""What still waits to become signals, and what could not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from db import Event, Integration, Receipt, SlackApp, WebhookKey

MOST = 1000
"""Larger numbers are shown as "more than"."""
RECENT = timedelta(hours=24)
RECENT_EVENTS = 2000
"""Failures are looked for among the newest events of the server, this many at most."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """``waiting`` and ``failed`` (in the last 24 hours) are at most `MOST` + 1; all that was received before
    ``complete_up_to`` has been processed.
    """

    waiting: int
    failed: int
    complete_up_to: datetime
    is_complete: bool


def backlog(session: Session, workspace_id: str, now: datetime) -> Backlog:
    """The workspace's. Events of a Slack app that it shares with others hold back ``complete_up_to`` alone:
    whom they are for is known when they are processed.
    """
    pending = Event.state == "pending"
    own = select(Event.id).where(pending, _came_in_by_own_door(workspace_id)).limit(MOST + 1)
    connected = select(Integration.slack_app_id).where(
        Integration.workspace_id == workspace_id, Integration.state != "disconnected"
    )
    concerns = or_(_came_in_by_own_door(workspace_id), Event.slack_app_id.in_(connected))
    oldest = select(func.min(Event.received_at)).where(pending, concerns)
    waiting = select(func.count()).select_from(own.subquery()).scalar_subquery()
    waits, since = session.execute(select(waiting, oldest.scalar_subquery())).one()
    return Backlog(waits, _failed(session, workspace_id, now), since or now, since is None)


def _failed(session: Session, workspace_id: str, now: datetime) -> int:
    newest = (
        select(Event.id, Event.state)
        .where(Event.received_at > now - RECENT)
        .order_by(Event.received_at.desc(), Event.id.desc())
        .limit(RECENT_EVENTS)
        .subquery()
    )
    receipt = and_(Receipt.event_id == Event.id, Receipt.workspace_id == workspace_id)
    query = select(Event.id).outerjoin(Receipt, receipt).where(
        Event.id.in_(select(newest.c.id).where(newest.c.state == "failed")),
        or_(Receipt.event_id.is_not(None), _came_in_by_own_door(workspace_id)),
    )  # fmt: skip
    return session.scalar(select(func.count()).select_from(query.limit(MOST + 1).subquery())) or 0


def _came_in_by_own_door(workspace_id: str) -> ColumnElement[bool]:
    """Through the workspace's own integrations, webhook keys or Slack apps."""
    integrations = select(Integration.id).where(Integration.workspace_id == workspace_id)
    keys = select(WebhookKey.id).where(WebhookKey.workspace_id == workspace_id)
    apps = select(SlackApp.id).where(SlackApp.workspace_id == workspace_id)
    return or_(Event.integration_id.in_(integrations), Event.webhook_key_id.in_(keys), Event.slack_app_id.in_(apps))

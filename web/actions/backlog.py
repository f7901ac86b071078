"""What still waits to become signals, and what could not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select
from sqlalchemy.orm import Session

from db import Event, Integration, Receipt, SlackApp, WebhookKey
from pipeline.past.completeness import complete_until_of

MOST = 1000
"""Larger numbers are shown as "more than"."""
RECENT = timedelta(hours=24)
RECENT_EVENTS = 2000
"""Failures are looked for among the newest events of the server, this many at most."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """``waiting`` and ``failed`` (in the last 24 hours) are at most `MOST` + 1; all that was received before
    ``complete_up_to`` has been processed. ``checked_up_to``: nothing that was said before is missing, by what the
    platforms were asked (None: nothing was asked yet).
    """

    waiting: int
    failed: int
    complete_up_to: datetime
    is_complete: bool
    checked_up_to: datetime | None


def backlog(session: Session, workspace_id: str, now: datetime) -> Backlog:
    """The workspace's. Events of a Slack app that it shares with others hold back ``complete_up_to`` alone:
    whom they are for is known when they are processed.
    """
    pending = Event.state == literal_column("'pending'")  # as in the partial index: SQLite looks at no parameter there
    own = select(Event.id).where(pending, _came_in_by_own_door(workspace_id)).limit(MOST + 1)
    connected = select(Integration.slack_app_id).where(
        Integration.workspace_id == workspace_id, Integration.state != "disconnected"
    )
    concerns = or_(_came_in_by_own_door(workspace_id), func.coalesce(Event.slack_app_id, "").in_(connected))
    # OFFSET 0: to find the oldest SQLite would otherwise go through all events by their time.
    pending_since = select(Event.received_at).where(pending, concerns).offset(0).subquery()
    oldest = select(func.min(pending_since.c.received_at))
    waiting = select(func.count()).select_from(own.subquery()).scalar_subquery()
    checked = complete_until_of(workspace_id).scalar_subquery()
    waits, since, until = session.execute(select(waiting, oldest.scalar_subquery(), checked)).one()
    return Backlog(waits, _failed(session, workspace_id, now), since or now, since is None, until)


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
    """Through the workspace's own integrations, webhook keys or Slack apps.

    As an expression: by the columns' own indexes SQLite would read every event that ever came in by these doors.
    """
    doors = ((Event.integration_id, Integration), (Event.webhook_key_id, WebhookKey), (Event.slack_app_id, SlackApp))
    own = (
        (func.coalesce(door, ""), select(model.id).where(model.workspace_id == workspace_id)) for door, model in doors
    )
    return or_(*(door.in_(ids) for door, ids in own))

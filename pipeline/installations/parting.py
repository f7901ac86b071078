"""The end of a Slack app: every connection through it ends, and what their farewells need outlives the app's row."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import SealBroken
from core.grants import Client
from db import Integration, SlackApp
from pipeline.installations.lifecycle import leave


def part_from(session: Session, app: SlackApp, *, reason: str, now: datetime) -> int:
    """Ends the app's connections, before its row is deleted in the same transaction; how many ended.

    Whoever still has to say farewell is given the app's id and secret, which go with the token: `pipeline.farewell`.
    """
    of_app = select(Integration).where(Integration.slack_app_id == app.id).order_by(Integration.id)
    rows = session.scalars(of_app.with_for_update()).all()
    ending = [row for row in rows if row.is_connected]
    for row in ending:
        leave(row, reason=reason, now=now)
    client = _client_of(app)
    for row in rows:
        if row.wipe_due_at is not None and client is not None:
            row.app_secret = client.written()
    return len(ending)


def _client_of(app: SlackApp) -> Client | None:
    """None for a secret that does not open: then nobody can tell Slack, and each connection will say so."""
    try:
        return Client(app.client_id, app.client_secret) if app.client_secret else None
    except SealBroken:
        return None

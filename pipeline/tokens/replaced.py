"""A connection got another API token: what waited for it, or failed without it, is taken up at once."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db import DirectoryEntry, Duty, Event, Import
from pipeline.replay import replay

LOOKED_AT = 5_000
"""So many of the connection's newest events are looked at; what was before, reconciling and imports make up for."""
WITHIN = timedelta(days=7)
FOR_WANT_OF_A_TOKEN = ("token_missing", "pylon_token_refused", "thin_body_without_token", "not_json_object")
"""The reasons of events that a token can bring further. (Of a broken body at least the issue's id may be read.)"""


def token_was_replaced(session: Session, integration_id: str, now: datetime) -> list[str]:
    """Replays the events that came to nothing for want of a token, and its duties and imports go on now.

    Returns the events' ids.
    """
    newest = select(Event.id).where(Event.integration_id == integration_id).order_by(Event.id.desc()).limit(LOOKED_AT)
    query = select(Event.id).where(
        Event.id.in_(newest),
        Event.state.in_(("failed", "ignored")),
        Event.reason.in_(FOR_WANT_OF_A_TOKEN),
        Event.received_at > now - WITHIN,
    )
    for model in (Duty, DirectoryEntry, Import):
        waits = (model.integration_id == integration_id, model.lease_token.is_(None), model.due_at > now)
        session.execute(update(model).where(*waits).values(due_at=now), {"synchronize_session": False})
    return replay(session, session.scalars(query).all(), now)

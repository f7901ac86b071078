"""Who changed what through the API, written in the same transaction as the change."""

from sqlalchemy.orm import Session

from core.taming import JsonObject
from web import actions
from web.auth import caller


def audit(session: Session, action: str, target_id: str | None, details: JsonObject | None = None) -> None:
    """One entry of the caller's workspace; see `web.actions.audit`."""
    actions.audit(session, actions.actor(caller()), action, target_id, details)

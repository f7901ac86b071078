"""Who changed what, written in the same transaction as the change."""

from sqlalchemy.orm import Session

from core.taming import JsonObject
from db import AuditEntry
from web.auth import caller
from web.services import services


def audit(session: Session, action: str, target_id: str | None, details: JsonObject | None = None) -> None:
    """One entry of the caller's workspace, such as ``integration.connected``; details never hold a secret."""
    session.add(
        AuditEntry(
            workspace_id=caller().workspace_id,
            actor_id=caller().user_id,
            action=action,
            target_id=target_id,
            details={"token_id": caller().token_id, **(details or {})},
            created_at=services().clock(),
        )
    )

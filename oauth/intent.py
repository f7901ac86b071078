"""On whose behalf an installation runs, and whether they may."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Forbidden
from db import WorkspaceMember

INSTALLING_ROLES = frozenset({"owner", "admin"})


@dataclass(frozen=True, slots=True)
class InstallIntent:
    """Who adds which Slack app to which workspace; ``ticket_id`` when a ticket stands in for a signed-in browser."""

    workspace_id: str
    user_id: str
    slack_app_id: str
    ticket_id: str | None = None


def require_installer(session: Session, *, workspace_id: str, user_id: str) -> None:
    """Raises `Forbidden` (``install_forbidden``) unless the person owns or administers the workspace right now."""
    member = WorkspaceMember.workspace_id == workspace_id, WorkspaceMember.user_id == user_id
    if session.scalar(select(WorkspaceMember.role).where(*member)) not in INSTALLING_ROLES:
        raise Forbidden("install_forbidden", "Only an owner or an admin of the workspace can add it to Slack.")

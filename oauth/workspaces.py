"""New workspaces: a name, an address made of it, and an owner."""

import re
import secrets
import unicodedata
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import FieldError, Forbidden, InvalidFields
from core.ids import new_id
from core.taming import clean
from db import AuditEntry, Workspace, WorkspaceMember
from db.dialects import insert_into

NAME_LENGTH = 200
SLUG_LENGTH = 60


def may_create(session: Session, user_id: str) -> bool:
    """Whoever owns a workspace may have another; whoever is in none may have a first."""
    roles = set(session.scalars(select(WorkspaceMember.role).where(WorkspaceMember.user_id == user_id)))
    return not roles or "owner" in roles


def create_workspace(session: Session, *, name: str, user_id: str, now: datetime) -> str:
    """The id of a new workspace that this person owns.

    Raises `InvalidFields` for a blank or overlong name and ``workspace_creation_forbidden`` by `may_create`.
    """
    if not may_create(session, user_id):
        raise Forbidden("workspace_creation_forbidden", "Only an owner of a workspace can create another one.")
    name = tidy_name(name)
    if problems := name_problems(name):
        raise InvalidFields(problems)
    workspace_id = new_workspace(session, name, now)
    session.add(WorkspaceMember(workspace_id=workspace_id, user_id=user_id, role="owner", created_at=now))
    entry = {"workspace_id": workspace_id, "target_id": workspace_id, "actor_id": user_id, "created_at": now}
    session.add(AuditEntry(action="workspace.created", **entry))
    return workspace_id


def tidy_name(name: str) -> str:
    """The name without what cannot be stored or seen at its ends."""
    return clean(name).strip()


def name_problems(name: str) -> list[FieldError]:
    """What is wrong with a workspace's name."""
    if not name:
        return [FieldError("name", "must not be blank")]
    if len(name) > NAME_LENGTH:
        return [FieldError("name", f"must have at most {NAME_LENGTH} characters")]
    return []


def new_workspace(session: Session, name: str, now: datetime) -> str:
    """The insert itself finds a free slug, so that two that start together do not collide."""
    slug = base = _slug(name)
    while True:
        row = {"id": new_id(Workspace.id_prefix), "name": name, "slug": slug, "created_at": now}
        insert = insert_into(session, Workspace).values(row).on_conflict_do_nothing(index_elements=["slug"])
        workspace_id: str | None = session.scalar(insert.returning(Workspace.id))
        if workspace_id is not None:
            return workspace_id
        slug = f"{base}-{secrets.token_hex(3)}"


def _slug(name: str) -> str:
    """The name as it can stand in an address."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", folded)[:SLUG_LENGTH].strip("-") or "workspace"

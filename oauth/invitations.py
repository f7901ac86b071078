"""Invitations: a link to a place in a workspace, good for one person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.digests import Digester
from core.errors import Conflict
from db import AuditEntry, Invitation, Workspace, WorkspaceMember
from db.dialects import insert_into

InvitationState: TypeAlias = Literal["open", "accepted", "revoked", "expired"]


@dataclass(frozen=True, slots=True)
class Invited:
    """What an invitation says to whoever holds its link."""

    id: str
    workspace_id: str
    workspace_name: str
    email: str
    role: str
    state: InvitationState
    expires_at: datetime


def find_invitation(session: Session, digester: Digester, *, token: str, now: datetime) -> Invited | None:
    """The invitation behind a link, whether or not it is still good; None when there never was one."""
    query = select(Invitation, Workspace.name).join(Workspace, Workspace.id == Invitation.workspace_id)
    row = session.execute(query.where(Invitation.token_digest == digester.digest("invitation", token))).one_or_none()
    if row is None:
        return None
    invitation, workspace_name = row
    return Invited(
        invitation.id,
        invitation.workspace_id,
        workspace_name,
        invitation.email,
        invitation.role,
        _state(invitation, now),
        invitation.expires_at,
    )


def email_of(session: Session, invitation_id: str) -> str:
    """The address that was invited; empty when the invitation was deleted meanwhile."""
    return session.scalar(select(Invitation.email).where(Invitation.id == invitation_id)) or ""


def accept(session: Session, *, invitation_id: str, user_id: str, now: datetime) -> str:
    """Makes the person a member; the id of the workspace.

    One conditional UPDATE decides, so that of many at once one gets in; the others, and whoever comes after its end,
    meet ``invitation_over``. Raises ``already_member`` for a member, whose role and whose invitation stay as they are
    (the caller's transaction rolls back).
    """
    taken = session.execute(
        update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.expires_at > now)
        .where(Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))
        .values(accepted_at=now)
        .returning(Invitation.workspace_id, Invitation.role)
    ).one_or_none()
    if taken is None:
        raise Conflict("invitation_over", "This invitation was used, revoked or has expired. Ask for a new one.")
    member = {"workspace_id": taken.workspace_id, "user_id": user_id, "role": taken.role, "created_at": now}
    joining = insert_into(session, WorkspaceMember).values(member).on_conflict_do_nothing()
    if session.scalar(joining.returning(WorkspaceMember.user_id)) is None:
        raise Conflict("already_member", "You are a member of this workspace already.")
    session.add(_entry(taken.workspace_id, user_id, invitation_id, taken.role, now))
    return str(taken.workspace_id)


def _state(invitation: Invitation, now: datetime) -> InvitationState:
    if invitation.accepted_at is not None:
        return "accepted"
    if invitation.revoked_at is not None:
        return "revoked"
    return "open" if invitation.expires_at > now else "expired"


def _entry(workspace_id: str, user_id: str, invitation_id: str, role: str, now: datetime) -> AuditEntry:
    return AuditEntry(
        workspace_id=workspace_id,
        actor_id=user_id,
        action="invitation.accepted",
        target_id=invitation_id,
        details={"role": role},
        created_at=now,
    )

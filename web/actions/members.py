"""Who is in a workspace: roles, removal, and invitations by a link that is handed out once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import Conflict, Forbidden, NotFound
from db import ApiToken, Invitation, Role, User, Workspace, WorkspaceMember
from web.actions import Actor, audit, owned, role_of, speakable
from web.services import services

INVITATION_LIVES = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation with its link, which is shown only now."""

    row: Invitation
    url: str = field(repr=False)


def change_role(
    who: Actor, user_id: str, role: Role, *, check: Callable[[Session], None] = lambda _: None
) -> WorkspaceMember:
    """The member in the new role. ``check`` may refuse, while the members are locked. Raises `NotFound`, `Forbidden`
    (owners are made and unmade by owners), or `Conflict` for the last owner.
    """
    with services().database.write() as session:
        member = _member(session, who, user_id)
        check(session)
        if member.role != role:
            _refuse_beyond(session, who, member.role, role)
            if member.role == "owner":
                _require_another_owner(session, who)
            before, member.role = member.role, role
            audit(session, who, "member.role_changed", user_id, {"from": before, "to": role})
    return member


def remove_member(who: Actor, user_id: str) -> None:
    """Ends the membership, and the API tokens that the person made here. Raises as `change_role`."""
    with services().database.write() as session:
        member = _member(session, who, user_id)
        _refuse_beyond(session, who, member.role)
        if member.role == "owner":
            _require_another_owner(session, who)
        theirs = (ApiToken.workspace_id == who.workspace_id, ApiToken.created_by == user_id)
        ending = update(ApiToken).where(*theirs, ApiToken.revoked_at.is_(None))
        session.execute(ending.values(revoked_at=services().clock()))
        session.delete(member)
        audit(session, who, "member.removed", user_id, {"role": member.role})


def invite(who: Actor, email: str, role: Role) -> Invited:
    """A link that makes whoever opens it a member, once and within 7 days; it takes the place of an earlier one for
    the same address. Raises `Conflict` for who is a member already.
    """
    now = services().clock()
    issued = services().digester.issue("invitation")
    row = Invitation(
        workspace_id=who.workspace_id, invited_by=who.user_id, email=email, role=role, token_digest=issued.digest,
        created_at=now, expires_at=now + INVITATION_LIVES,
    )  # fmt: skip
    with services().database.write() as session:
        _refuse_beyond(session, who, role)
        _refuse_member(session, who, email)
        same = (Invitation.workspace_id == who.workspace_id, func.lower(Invitation.email) == email.lower())
        waiting = (Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))
        session.execute(update(Invitation).where(*same, *waiting).values(revoked_at=now))
        session.add(row)
        session.flush()
        audit(session, who, "member.invited", row.id, {"role": role})
    return Invited(row, f"{services().settings.public_url}/invitations/{issued.token}")


def revoke_invitation(who: Actor, invitation_id: str) -> None:
    """Its link opens nothing any more. Raises `NotFound` for one that was accepted or revoked before."""
    with services().database.write() as session:
        row = owned(session, who, Invitation, invitation_id, "invitation", lock=True)
        if row.accepted_at is not None or row.revoked_at is not None:
            raise NotFound("invitation")
        row.revoked_at = services().clock()
        audit(session, who, "invitation.revoked", row.id)


def _member(session: Session, who: Actor, user_id: str) -> WorkspaceMember:
    """The member; the workspace stays locked, so that two owners cannot unmake each other at once."""
    session.scalars(select(Workspace.id).where(Workspace.id == who.workspace_id).with_for_update()).one()
    member = session.get(WorkspaceMember, (who.workspace_id, speakable(user_id, "member")))
    if member is None:
        raise NotFound("member")
    return member


def _refuse_beyond(session: Session, who: Actor, *roles: str) -> None:
    if "owner" in roles and role_of(session, who) != "owner":
        raise Forbidden("owner_required", "Only an owner can make, change or remove an owner.")


def _require_another_owner(session: Session, who: Actor) -> None:
    owners = select(func.count()).select_from(WorkspaceMember)
    owners = owners.where(WorkspaceMember.workspace_id == who.workspace_id, WorkspaceMember.role == "owner")
    if (session.scalar(owners) or 0) < 2:
        raise Conflict("last_owner", "This is the last owner. Make somebody else an owner first.")


def _refuse_member(session: Session, who: Actor, email: str) -> None:
    members = select(User.id).join(WorkspaceMember, WorkspaceMember.user_id == User.id)
    same = func.lower(User.email) == email.lower()
    if session.scalar(members.where(WorkspaceMember.workspace_id == who.workspace_id, same).limit(1)) is not None:
        raise Conflict("already_member", "Somebody with this address is a member already; change their role instead.")

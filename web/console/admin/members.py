"""Members: who is in the workspace, in which role, and who was invited."""

from flask import Response, redirect, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response as BaseResponse

from core.errors import NotFound, SignalboxError
from db import ApiToken, Invitation, Role, User, WorkspaceMember
from web.actions import actor, speakable
from web.actions import members as actions
from web.api.invitations import NewInvitation
from web.api.members import RoleChange
from web.console.admin.blueprint import admin
from web.console.admin.forms import Question, Refusal, Shown, ask, page, read_form, refusal_of, show_once
from web.console.confirming import is_confirmed, once_confirmed
from web.console.navigation import ADMINS
from web.console.resending import once_per_form
from web.services import services
from web.session import Visitor, require_role

ROLES = ("viewer", "member", "admin", "owner")


@admin.get("/members")
@require_role(*ADMINS)
def members(visitor: Visitor) -> Response:
    """Who is in, who was invited, and the form to invite somebody."""
    return _listed(visitor)


@admin.post("/members")
@require_role(*ADMINS)
@once_per_form
def invite_member(visitor: Visitor) -> BaseResponse:
    """Makes an invitation, and shows its link once: no mail is sent."""
    try:
        wanted = read_form(NewInvitation)
        invited = actions.invite(actor(visitor), wanted.email, wanted.role)
    except SignalboxError as error:
        refusal, status = refusal_of(error)
        return _listed(visitor, refusal=refusal, status=status)
    return show_once(visitor, Shown(
        title=f"The invitation for {invited.row.email}", values=(("Invitation link", invited.url),),
        back=url_for("admin.members"),
        explanation="Send this link to them yourself: no mail is sent. It works once, for 7 days, and makes whoever "
        f"opens it {_article(invited.row.role)} {invited.row.role} of this workspace.",
        missed="If the link was not copied, invite them again: a new link takes the place of the earlier one.",
    ))  # fmt: skip


@admin.post("/members/<user_id>/role")
@require_role(*ADMINS)
def change_role(visitor: Visitor, user_id: str) -> BaseResponse:
    """Gives a member another role. A role that may less asks first."""
    try:
        role = read_form(RoleChange).role
        if not is_confirmed() and (person := _who_would_lose(visitor, user_id, role)):
            return ask(visitor, _about_lowering(person, role))
        actions.change_role(actor(visitor), user_id, role)
    except SignalboxError as error:
        refusal, status = refusal_of(error)
        return _listed(visitor, refusal=refusal, status=status)
    return redirect(url_for("admin.members"), 303)


@admin.get("/members/<user_id>/remove")
@require_role(*ADMINS)
def ask_to_remove(visitor: Visitor, user_id: str) -> Response:
    """What removing somebody means."""
    theirs = (ApiToken.workspace_id == visitor.workspace_id, ApiToken.created_by == User.id)
    tokens = select(func.count()).where(*theirs, ApiToken.revoked_at.is_(None)).scalar_subquery()
    query = select(User, tokens).join(WorkspaceMember, WorkspaceMember.user_id == User.id)
    mine = (WorkspaceMember.workspace_id == visitor.workspace_id, User.id == speakable(user_id, "member"))
    with services().database.read() as session:
        found = session.execute(query.where(*mine)).one_or_none()
    if found is None:
        raise NotFound("member")
    person, count = found
    happens = ["They can no longer see this workspace.", "What they did stays: signals, keys and connections go on."]
    if count:
        happens.append(f"Their API tokens ({count}) stop working at once, and so do the programs that use them.")
    return ask(visitor, Question(
        title=f"Remove {person.name or person.email}?", happens=happens, button="Remove", back=url_for("admin.members"),
    ))  # fmt: skip


@admin.post("/members/<user_id>/remove")
@require_role(*ADMINS)
@once_confirmed
def remove_member(visitor: Visitor, user_id: str) -> BaseResponse:
    """Ends a membership."""
    actions.remove_member(actor(visitor), user_id)
    return redirect(url_for("console.home" if user_id == visitor.user_id else "admin.members"), 303)


def _who_would_lose(visitor: Visitor, user_id: str, role: Role) -> User | None:
    """The member, if this role may less than theirs."""
    query = select(User, WorkspaceMember.role).join(WorkspaceMember, WorkspaceMember.user_id == User.id)
    mine = (WorkspaceMember.workspace_id == visitor.workspace_id, User.id == speakable(user_id, "member"))
    with services().database.read() as session:
        found = session.execute(query.where(*mine)).one_or_none()
    return found[0] if found is not None and ROLES.index(role) < ROLES.index(found[1]) else None


def _about_lowering(person: User, role: Role) -> Question:
    return Question(
        title=f"Make {person.name or person.email} {_article(role)} {role}?",
        happens=(
            "What their role allowed them so far and this one does not, they can no longer do, from now on.",
            "The same holds for programs that use their API tokens.",
            "An admin can give them a role that may more again; only an owner makes owners.",
        ),
        button="Change the role", back=url_for("admin.members"), fields=(("role", role),),
    )  # fmt: skip


def _listed(visitor: Visitor, *, refusal: Refusal | None = None, status: int = 200) -> Response:
    now = services().clock()
    people = select(WorkspaceMember, User).join(User, User.id == WorkspaceMember.user_id)
    people = people.where(WorkspaceMember.workspace_id == visitor.workspace_id).order_by(WorkspaceMember.created_at)
    waiting = select(Invitation).where(
        Invitation.workspace_id == visitor.workspace_id, Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None), Invitation.expires_at > now,
    )  # fmt: skip
    with services().database.read() as session:
        rows = [(member, person) for member, person in session.execute(people)]
        invitations = session.scalars(waiting.order_by(Invitation.id.desc())).all()
    owners = sum(member.role == "owner" for member, _ in rows)
    return page(
        visitor, "members.html", status=status, rows=rows, invitations=invitations, refusal=refusal,
        roles=ROLES if visitor.role == "owner" else ROLES[:-1], owners=owners,
    )  # fmt: skip


def _article(role: str) -> str:
    return "an" if role[0] in "ao" else "a"

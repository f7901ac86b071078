"""``members``: the people of the workspace and their roles."""

from datetime import datetime

from flask import Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.taming import JsonObject
from db import Role, User, WorkspaceMember
from web.actions import actor, members, speakable
from web.api.blueprint import api
from web.api.etags import has_etag, require_match, tagged
from web.api.fields import Body, ListQuery
from web.auth import caller
from web.paging import cut, newest_first
from web.services import services

EXAMPLE: JsonObject = {
    "user_id": "usr_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "email": "dana@example.com", "name": "Dana", "role": "member",
    "created_at": "2026-11-20T10:00:00Z",
}  # fmt: skip


class RoleChange(Body):
    """The new role."""

    role: Role


class Member(BaseModel):
    """A person in the workspace."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    user_id: str
    email: str
    name: str | None
    role: Role
    created_at: datetime


class MemberPage(BaseModel):
    """Members, who came last first."""

    items: list[Member]
    next_cursor: str | None


@api.get("/members")
@api.input(ListQuery, location="query")
@api.output(MemberPage)
def list_members(query_data: ListQuery) -> MemberPage:
    """List the people of the workspace."""
    limit, cursor = query_data.limit, query_data.cursor
    asked = newest_first(_members(), WorkspaceMember.created_at, WorkspaceMember.user_id, limit=limit, cursor=cursor)
    with services().database.read() as session:
        rows = [_shown(member, person) for member, person in session.execute(asked)]
    page, next_cursor = cut(rows, limit, lambda row: (row.created_at, row.user_id))
    return MemberPage(items=[*page], next_cursor=next_cursor)


@api.get("/members/<user_id>")
@has_etag
@api.output(Member)
def show_member(user_id: str) -> Member:
    """Show a member."""
    with services().database.read() as session:
        return tagged(_member(session, user_id))


@api.patch("/members/<user_id>")
@has_etag
@api.input(RoleChange, example={"role": "admin"})
@api.output(Member)
@api.doc(responses={409: "The last owner."})
def change_member(user_id: str, json_data: RoleChange) -> Member:
    """Change a member's role. Owners are made and unmade by owners; one always remains."""
    asked = json_data.role
    members.change_role(actor(caller()), user_id, asked, check=lambda session: require_match(_member(session, user_id)))
    with services().database.read() as session:
        return tagged(_member(session, user_id))


@api.delete("/members/<user_id>")
@api.doc(responses={204: "Removed.", 409: "The last owner."})
def remove_member(user_id: str) -> Response:
    """Remove a member. The API tokens they made in this workspace are revoked."""
    members.remove_member(actor(caller()), user_id)
    return Response(status=204)


def _member(session: Session, user_id: str) -> Member:
    row = session.execute(_members().where(User.id == speakable(user_id, "member"))).one_or_none()
    if row is None:
        raise NotFound("member")
    return _shown(*row)


def _members() -> Select[WorkspaceMember, User]:
    people = select(WorkspaceMember, User).join(User, User.id == WorkspaceMember.user_id)
    return people.where(WorkspaceMember.workspace_id == caller().workspace_id)


def _shown(member: WorkspaceMember, person: User) -> Member:
    return Member.model_validate({
        "user_id": person.id, "email": person.email, "name": person.name, "role": member.role,
        "created_at": member.created_at,
    })  # fmt: skip

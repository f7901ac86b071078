"""``invitations``: places in the workspace that wait for their people. The link is shown once; no mail is sent."""

from datetime import datetime
from typing import Annotated, TypeAlias

from flask import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core.taming import JsonObject
from db import Invitation as InvitationRow
from db import Role
from web.actions import actor, members
from web.api.blueprint import api
from web.api.fields import Body, ListQuery
from web.api.rows import own_page, plain
from web.auth import caller, needs
from web.services import services

Email: TypeAlias = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=254, pattern=r"^[!-?A-~]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$"
    ),
]

EXAMPLE: JsonObject = {
    "id": "inv_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "email": "dana@example.com", "role": "member",
    "invited_by": "usr_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "created_at": "2026-11-20T10:00:00Z",
    "expires_at": "2026-11-27T10:00:00Z",
}  # fmt: skip
LINK: JsonObject = {"url": "https://signalbox.example.com/invitations/vK3x…"}


class NewInvitation(Body):
    """Whom to invite, and as what. An earlier invitation for the same address stops working."""

    email: Email
    role: Role = Field(default="member")


class Invitation(BaseModel):
    """An invitation that nobody accepted yet."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    email: str
    role: Role
    invited_by: str | None
    created_at: datetime
    expires_at: datetime


class IssuedInvitation(Invitation):
    """A new invitation: `url` is shown only this once. Whoever opens it becomes a member."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE | LINK]})

    url: str


class InvitationPage(BaseModel):
    """Invitations that can still be accepted, the newest first."""

    items: list[Invitation]
    next_cursor: str | None


@api.get("/invitations")
@needs("admin")
@api.input(ListQuery, location="query")
@api.output(InvitationPage)
def list_invitations(query_data: ListQuery) -> InvitationPage:
    """List the invitations that can still be accepted."""
    open_to_all = (
        InvitationRow.accepted_at.is_(None), InvitationRow.revoked_at.is_(None),
        InvitationRow.expires_at > services().clock(),
    )  # fmt: skip
    rows, next_cursor = own_page(InvitationRow, query_data, *open_to_all)
    return InvitationPage(items=[Invitation(**plain(Invitation, row)) for row in rows], next_cursor=next_cursor)


@api.post("/invitations")
@api.input(NewInvitation, example={"email": "dana@example.com", "role": "member"})
@api.output(IssuedInvitation, status_code=201)
@api.doc(responses={409: "A member already."})
def create_invitation(json_data: NewInvitation) -> IssuedInvitation:
    """Invite somebody by a link that lives 7 days; send it to them yourself."""
    invited = members.invite(actor(caller()), json_data.email, json_data.role)
    return IssuedInvitation(**plain(Invitation, invited.row), url=invited.url)


@api.delete("/invitations/<invitation_id>")
@api.doc(responses={204: "Taken back."})
def revoke_invitation(invitation_id: str) -> Response:
    """Take back an invitation that nobody accepted yet."""
    members.revoke_invitation(actor(caller()), invitation_id)
    return Response(status=204)

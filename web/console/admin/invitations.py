"""Invitations that nobody accepted yet, taken back."""

from flask import Response, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from db import Invitation
from web.actions import actor, members, owned
from web.console.admin.blueprint import admin
from web.console.admin.forms import Question, ask
from web.console.confirming import once_confirmed
from web.console.navigation import ADMINS
from web.services import services
from web.session import Visitor, require_role


@admin.get("/members/invitations/<invitation_id>/revoke")
@require_role(*ADMINS)
def ask_to_revoke_invitation(visitor: Visitor, invitation_id: str) -> Response:
    """What taking it back means."""
    with services().database.read() as session:
        row = owned(session, actor(visitor), Invitation, invitation_id, "invitation")
    return ask(visitor, Question(
        title=f"Take back the invitation for {row.email}?", happens=("The link that was sent opens nothing any more.",),
        button="Take it back", back=url_for("admin.members"),
    ))  # fmt: skip


@admin.post("/members/invitations/<invitation_id>/revoke")
@require_role(*ADMINS)
@once_confirmed
def revoke_invitation(visitor: Visitor, invitation_id: str) -> BaseResponse:
    """Takes it back."""
    members.revoke_invitation(actor(visitor), invitation_id)
    return redirect(url_for("admin.members"), 303)

"""The page behind an invitation's link, and joining from it."""

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from core.errors import SignalboxError
from oauth.departures import Purpose
from oauth.invitations import InvitationState, Invited, find_invitation
from oauth.providers import ProviderName, offered
from web.console.accepting import join_as, join_by_link
from web.console.openid import send_to
from web.console.problems import problem_page
from web.console.sign_in_problems import not_signed_in
from web.services import services
from web.session import signed_in

invitations = Blueprint("invitations", __name__)
invitations.register_error_handler(SignalboxError, not_signed_in)

_AGAIN = "Ask whoever invited you for a new one."
PROVIDERS: dict[str, ProviderName] = {"slack": "slack", "oidc": "oidc"}
ENDINGS: dict[InvitationState | None, tuple[int, str, str]] = {
    None: (404, "There is no such invitation", "The link is not complete, or was never one of ours. Copy it again."),
    "accepted": (410, "This invitation was used", f"An invitation works once. If it was not you who used it: {_AGAIN}"),
    "revoked": (410, "This invitation was revoked", f"An admin of the workspace took it back. {_AGAIN}"),
    "expired": (410, "This invitation has expired", f"Its time is over. {_AGAIN}"),
}
"""Status, headline and sentence for every invitation that opens nothing."""


@invitations.get("/invitations/<token>")
def show(token: str) -> str | Response:
    """The workspace, the role, and the ways to accept. Looking uses nothing up."""
    invited = _find(token)
    if invited is None or invited.state != "open":
        return _over(invited)
    person = signed_in()
    with services().database.read() as session:
        providers = offered(session, services().settings)
    is_member = person is not None and person.role_in(invited.workspace_id) is not None
    return render_template(
        "invitation.html", invited=invited, token=token, person=person, is_member=is_member, providers=providers
    )


@invitations.post("/invitations/<token>")
def accept(token: str) -> Response:
    """Accepts ``with`` the account that is signed in, with Slack or OIDC, or with the link itself."""
    invited = _find(token)
    if invited is None or invited.state != "open":
        return _over(invited)
    person, way = signed_in(), request.form.get("with", "")
    if way == "account" and person is not None:
        return join_as(person.user_id, invited.id)
    if way == "link":
        return join_by_link(invited)
    if way not in PROVIDERS:
        abort(400)
    return send_to(PROVIDERS[way], Purpose(invitation_id=invited.id))


def _find(token: str) -> Invited | None:
    with services().database.read() as session:
        return find_invitation(session, services().digester, token=token, now=services().clock())


def _over(invited: Invited | None) -> Response:
    return problem_page(*ENDINGS[invited.state if invited else None])

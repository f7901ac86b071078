"""The two routes of Add to Slack: off to Slack, and back."""

from flask import Blueprint, Response, request

from oauth.installer import Answer, Visit
from web.services import services
from web.session import signed_in

slack_install = Blueprint("slack_install", __name__)


@slack_install.get("/slack/install")
def install() -> Response:
    """``?ticket=<t>``, or ``?workspace=<id>[&app=<id>]`` for a signed-in owner or admin. 302 to Slack, or a page."""
    installer = services().installer
    ticket = request.args.get("ticket")
    if ticket is not None:
        return _respond(installer.start_with_ticket(_visit(), ticket))
    person = signed_in()
    answer = installer.start(
        _visit(),
        user_id=person.user_id if person else None,
        workspace_id=request.args.get("workspace", ""),
        slack_app_id=request.args.get("app"),
    )
    return _respond(answer)


@slack_install.get("/slack/oauth_redirect")
def oauth_redirect() -> Response:
    """Where Slack sends the browser back, for every app of this server. Always a page."""
    return _respond(services().installer.finish(_visit()))


def _visit() -> Visit:
    return Visit(query=request.args.to_dict(), cookie=request.headers.get("Cookie", ""))


def _respond(answer: Answer) -> Response:
    return Response(answer.body, status=answer.status, headers=list(answer.headers))

"""The page for a sign-in that did not end well: what happened, the reason, and the way on."""

from collections.abc import Mapping
from http import HTTPStatus

from flask import Response, make_response, render_template

from core.errors import SignalboxError
from web.errors import status_of

TITLES: Mapping[str, str] = {
    "identity_unknown": "Ask an admin for an invitation",
    "sign_in_refused": "You were not signed in",
    "sign_in_state_invalid": "Please start again",
    "sign_in_unavailable": "The sign-in provider does not answer",
    "id_token_invalid": "You could not be recognised",
    "identity_taken": "This account is connected already",
    "signed_in_as_another": "Please start again",
    "already_member": "You are in already",
    "invitation_over": "This invitation is over",
    "slack_app_missing": "Sign in with Slack is not set up",
    "oidc_not_configured": "Single sign-on is not set up",
}


def not_signed_in(error: SignalboxError) -> Response:
    """The page for one of the reasons of signing in; our own faults go on to where they are logged."""
    status = HTTPStatus(status_of(error))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise error
    title = TITLES.get(error.reason, "That did not work")
    page = render_template("sign_in_problem.html", title=title, message=error.message, reason=error.reason)
    return make_response(page, status)

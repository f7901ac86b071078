"""Signing in by a one-time link, and signing out."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.errors import SignalboxError
from oauth.sessions import redeem_link, revoke
from web.console.problems import problem_page, refused
from web.services import services
from web.session import clear_session_cookie, set_session_cookie, signed_in

sign_in = Blueprint("sign_in", __name__)
sign_in.register_error_handler(SignalboxError, refused)

BOOTSTRAP = "signalbox bootstrap --workspace NAME --email ADDRESS"
_USED = "Each sign-in link works once, and for 24 hours. Ask an admin of your workspace for a new one."


@sign_in.get("/sign-in")
def explain() -> str | BaseResponse:
    """How to get in; whoever is in already goes on to the console."""
    return redirect(url_for("console.home"), 303) if signed_in() else render_template("sign_in.html", command=BOOTSTRAP)


@sign_in.get("/sign-in/link/<token>")
def follow_link(token: str) -> BaseResponse:
    """Consumes the link and goes on to the console with a session; 410 when it no longer opens anything.

    Link checkers (HEAD) and prefetching browsers leave it as it is.
    """
    if request.method == "HEAD" or _is_fetched_ahead():
        return Response(status=200 if request.method == "HEAD" else 403)
    with services().database.write() as session:
        cookie = redeem_link(session, services().digester, token=token, now=services().clock())
    if cookie is None:
        return problem_page(410, "This sign-in link no longer works", _USED, command=BOOTSTRAP)
    response = redirect(url_for("console.home"), 303)
    set_session_cookie(response, cookie)
    return response


@sign_in.post("/sign-out")
def sign_out() -> BaseResponse:
    """Ends the session on the server, not only in this browser."""
    if person := signed_in():
        with services().database.write() as session:
            revoke(session, session_id=person.session_id, now=services().clock())
    response = redirect(url_for("sign_in.explain"), 303)
    clear_session_cookie(response)
    return response


def _is_fetched_ahead() -> bool:
    """A browser that guesses the next page must not use up the link; it does not keep what was refused."""
    purpose = request.headers.get("Sec-Purpose") or request.headers.get("Purpose", "")
    return "prefetch" in purpose.lower()

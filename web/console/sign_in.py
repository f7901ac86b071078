"""The sign-in page, one-time links, and signing out."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.errors import SignalboxError
from oauth.providers import offered
from oauth.sessions import redeem_link, revoke
from web.console.problems import problem_page, refused
from web.next_page import next_page
from web.services import services
from web.session import clear_session_cookie, session_token, set_session_cookie, signed_in

sign_in = Blueprint("sign_in", __name__)
sign_in.register_error_handler(SignalboxError, refused)

BOOTSTRAP = "signalbox bootstrap --workspace NAME --email ADDRESS"
_USED = "Each sign-in link works once, and for 24 hours. Ask an admin of your workspace for a new one."


@sign_in.get("/sign-in")
def explain() -> str | BaseResponse:
    """How to get in; whoever is in already goes on to where they wanted (``next``), or to the console."""
    wanted = next_page(request.args.get("next"))
    if signed_in():
        return redirect(wanted, 303)
    with services().database.read() as session:
        providers = offered(session, services().settings)
    return render_template("sign_in.html", command=BOOTSTRAP, providers=providers, next=wanted)


@sign_in.get("/sign-in/link/<token>")
def follow_link(token: str) -> BaseResponse:
    """Consumes the link and goes on to the console with a session; 410 when it no longer opens anything.

    Link checkers (HEAD) and prefetching browsers leave it as it is.
    """
    if request.method == "HEAD" or _is_fetched_ahead():
        return Response(status=200 if request.method == "HEAD" else 403)
    with services().database.write() as session:
        cookie = redeem_link(
            session, services().digester, token=token, now=services().clock(), replaces=session_token()
        )
    if cookie is None:
        return problem_page(410, "This sign-in link no longer works", _USED, command=BOOTSTRAP)
    return enter(cookie, "/")


@sign_in.post("/sign-out")
def sign_out() -> BaseResponse:
    """Ends the session on the server, not only in this browser."""
    if person := signed_in():
        with services().database.write() as session:
            revoke(session, session_id=person.session_id, now=services().clock())
    return leave()


def enter(cookie: str, page: str) -> BaseResponse:
    """On to a page of ours, with a fresh session."""
    response = redirect(page, 303)
    set_session_cookie(response, cookie)
    return response


def leave() -> BaseResponse:
    """Back to the sign-in page, without a session."""
    response = redirect(url_for("sign_in.explain"), 303)
    clear_session_cookie(response)
    return response


def _is_fetched_ahead() -> bool:
    """A browser that guesses the next page must not use up the link; it does not keep what was refused."""
    purpose = request.headers.get("Sec-Purpose") or request.headers.get("Purpose", "")
    return "prefetch" in purpose.lower()

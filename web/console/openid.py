"""Signing in with Slack or another OpenID provider: off to it, and back."""

from typing import cast

from flask import Blueprint, current_app, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from core.errors import Conflict, Forbidden, SignalboxError, Unauthenticated
from oauth.departures import LIVES, Departure, Departures, Purpose
from oauth.identities import connect, person_of
from oauth.oidc import Identity, OpenId, refused_by_provider
from oauth.providers import ProviderName, provider
from oauth.sessions import open_session
from web.console.accepting import join_with
from web.console.sign_in import enter
from web.console.sign_in_problems import not_signed_in
from web.next_page import next_page
from web.services import services
from web.session import session_token, signed_in

openid = Blueprint("openid", __name__)
openid.register_error_handler(SignalboxError, not_signed_in)

_EXTENSION = "signalbox_openid"
_UNKNOWN = (
    "Nobody here is known by that account. Ask an admin of your workspace for an invitation, or sign in as before and "
    "connect the account on your account page."
)
_LOST = "Signing in took longer than ten minutes, was finished already, or began in another browser. Start again."


@openid.get("/sign-in/<any(slack, oidc):name>")
def depart(name: ProviderName) -> BaseResponse:
    """302 to the provider; ``next`` is where to go on to afterwards."""
    return _on_the_way(name, Purpose(next=next_page(request.args.get("next"))), by_link=True)


@openid.get("/sign-in/<any(slack, oidc):name>/callback")
def arrive(name: ProviderName) -> BaseResponse:
    """Back from the provider: signed in, invited or connected, or a page that says why not."""
    departure = _departure(name)
    response = _finish(name, departure)
    response.delete_cookie(_departures().name(departure.state), path="/", secure=services().settings.has_https)
    return response


def send_to(name: ProviderName, purpose: Purpose) -> BaseResponse:
    """The answer to a form whose next step is the provider."""
    return _on_the_way(name, purpose, by_link=False)


def _on_the_way(name: ProviderName, purpose: Purpose, *, by_link: bool) -> BaseResponse:
    """Answers to forms may not redirect to another site (``form-action``), so a page takes the browser there."""
    chosen = provider(services().database, services().settings, name)
    url, departure = _openid().leave(chosen, purpose)
    if by_link:
        response: BaseResponse = redirect(url, 302)
    else:
        response = make_response(render_template("sign_in_leaving.html", url=url, provider=name))
        response.headers["Refresh"] = f"0; url={url}"
    _remember(response, departure)
    return response


def _remember(response: BaseResponse, departure: Departure) -> None:
    departures, secure = _departures(), services().settings.has_https
    for name in departures.surplus(request.cookies):
        response.delete_cookie(name, path="/", secure=secure)
    response.set_cookie(
        departures.name(departure.state),
        departures.write(departure),
        max_age=LIVES,
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )


def _departure(name: ProviderName) -> Departure:
    found = _departures().read(
        request.cookies, provider=name, state=request.args.get("state", ""), now=services().clock()
    )
    if found is None:
        raise Unauthenticated("sign_in_state_invalid", _LOST)
    return found


def _finish(name: ProviderName, departure: Departure) -> BaseResponse:
    try:
        identity = _proved(name, departure)
        if departure.purpose.connects:
            return _connect(departure.purpose.connects, identity)
        if departure.purpose.invitation_id:
            return join_with(identity, departure.purpose.invitation_id)
        return _sign_in(identity, departure.purpose.next)
    except SignalboxError as error:
        return not_signed_in(error)


def _proved(name: ProviderName, departure: Departure) -> Identity:
    code = request.args.get("code", "")
    if "error" in request.args or not code:
        raise refused_by_provider()
    return _openid().come_back(provider(services().database, services().settings, name), departure, code)


def _sign_in(identity: Identity, page: str) -> BaseResponse:
    its, now = services(), services().clock()
    with its.database.write() as session:
        user_id = person_of(session, identity)
        if user_id is None:
            raise Forbidden("identity_unknown", _UNKNOWN)
        cookie = open_session(
            session, its.digester, user_id=user_id, workspace_id=None, now=now, replaces=session_token()
        )
    return enter(cookie, page)


def _connect(user_id: str, identity: Identity) -> BaseResponse:
    """Only for who began it: another person may have signed in to this browser meanwhile."""
    person = signed_in()
    if person is None or person.user_id != user_id:
        raise Conflict("signed_in_as_another", "You signed out, or somebody else signed in. Start again.")
    with services().database.write() as session:
        connect(session, user_id=user_id, identity=identity, now=services().clock())
    return redirect("/account", 303)


def _departures() -> Departures:
    return Departures(services().digester, has_https=services().settings.has_https)


def _openid() -> OpenId:
    """One per app: it remembers what providers say of themselves."""
    if _EXTENSION not in current_app.extensions:
        current_app.extensions[_EXTENSION] = OpenId(services().clock)
    return cast("OpenId", current_app.extensions[_EXTENSION])

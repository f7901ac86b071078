"""The signed-in browser behind a request: its cookie, and the doors that open to roles."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast, get_args

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response

from core.errors import Forbidden
from db import Role
from oauth.sessions import SESSION_LIVES, SignedIn, find_session
from web.services import services

COOKIE = "signalbox_session"

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Visitor:
    """A member of the workspace that is being looked at."""

    session_id: str
    user_id: str
    workspace_id: str
    role: Role

    @property
    def administers(self) -> bool:
        """Whether connections are theirs to make."""
        return self.role in ("owner", "admin")


def signed_in() -> SignedIn | None:
    """Who sent this request, asked of the database once per request; None when nobody is signed in."""
    if "signed_in" not in g:
        token, its = session_token(), services()
        g.signed_in = find_session(its.database, its.digester, token=token, now=its.clock()) if token else None
    return cast("SignedIn | None", g.signed_in)


def require_role(
    *roles: Role,
) -> Callable[[Callable[Concatenate[Visitor, P], R]], Callable[P, R | Response]]:
    """Lets members of these roles (none named: any member) to a console view, which takes the `Visitor` first.

    Strangers are sent to sign in, and come back; people in no workspace are sent to make one; members of another
    role are `Forbidden`. The view says whom it admits in ``opens_to``.
    """

    def guard(view: Callable[Concatenate[Visitor, P], R]) -> Callable[P, R | Response]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
            person = signed_in()
            if person is None:
                return redirect(_way_in(), 303)
            if person.workspace_id is None and request.method == "GET":
                return redirect(url_for("account.welcome"), 303)
            return view(_admitted(person, roles), *args, **kwargs)

        guarded.opens_to = frozenset(roles or get_args(Role))  # type: ignore[attr-defined]  # read by tests
        return guarded

    return guard


def require_person(view: Callable[Concatenate[SignedIn, P], R]) -> Callable[P, R | Response]:
    """Lets everybody who is signed in to a view about themselves, which takes the `SignedIn` first."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        person = signed_in()
        return redirect(_way_in(), 303) if person is None else view(person, *args, **kwargs)

    guarded.opens_to = None  # type: ignore[attr-defined]  # to no role: the person's own
    return guarded


def visitor_of(person: SignedIn) -> Visitor | None:
    """The person as a member of the workspace that they look at; None when they are in none."""
    role = person.role_in(person.workspace_id) if person.workspace_id else None
    if person.workspace_id is None or role is None:
        return None
    return Visitor(person.session_id, person.user_id, person.workspace_id, role)


def session_token() -> str | None:
    """The cookie that the browser came with, whether or not it still opens anything."""
    return request.cookies.get(COOKIE)


def set_session_cookie(response: Response, token: str) -> None:
    """Gives the browser its session: out of reach of scripts, and not sent along by other sites' forms."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=SESSION_LIVES,
        path="/",
        secure=services().settings.has_https,
        httponly=True,
        samesite="Lax",
    )


def clear_session_cookie(response: Response) -> None:
    """Takes the cookie from the browser; the session itself is ended by `oauth.sessions.revoke`."""
    response.delete_cookie(COOKIE, path="/", secure=services().settings.has_https, httponly=True, samesite="Lax")


def _way_in() -> str:
    """The sign-in page, which leads back here when this was a page that somebody opened."""
    is_page = request.method == "GET" and request.headers.get("Sec-Fetch-Dest", "document") == "document"
    here = request.full_path.rstrip("?") if is_page and "HX-Request" not in request.headers else "/"
    return url_for("sign_in.explain", next=here) if here != "/" else url_for("sign_in.explain")


def _admitted(person: SignedIn, roles: tuple[Role, ...]) -> Visitor:
    visitor = visitor_of(person)
    if visitor is None:
        raise Forbidden("not_a_member", "You are not a member of any workspace. Ask an admin to invite you.")
    if roles and visitor.role not in roles:
        needed = ", ".join(roles)
        raise Forbidden("role_required", f"This is for the roles {needed}; yours is {visitor.role}. Ask an admin.")
    return visitor

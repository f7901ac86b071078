"""The signed-in browser behind a request: its cookie, and the doors that open to roles."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

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
        token, its = request.cookies.get(COOKIE), services()
        g.signed_in = find_session(its.database, its.digester, token=token, now=its.clock()) if token else None
    return cast("SignedIn | None", g.signed_in)


def require_role(
    *roles: Role,
) -> Callable[[Callable[Concatenate[Visitor, P], R]], Callable[P, R | Response]]:
    """Lets members of these roles (none named: any member) to a console view, which takes the `Visitor` first.

    Others are sent to the sign-in page; members of another role, or of no workspace, are `Forbidden`.
    """

    def guard(view: Callable[Concatenate[Visitor, P], R]) -> Callable[P, R | Response]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
            person = signed_in()
            if person is None:
                return redirect(url_for("sign_in.explain"), 303)
            return view(_admitted(person, roles), *args, **kwargs)

        return guarded

    return guard


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


def _admitted(person: SignedIn, roles: tuple[Role, ...]) -> Visitor:
    role = person.role_in(person.workspace_id) if person.workspace_id else None
    if person.workspace_id is None or role is None:
        raise Forbidden("not_a_member", "You are not a member of any workspace. Ask an admin to invite you.")
    if roles and role not in roles:
        raise Forbidden("role_required", f"This is for the roles {', '.join(roles)}; yours is {role}. Ask an admin.")
    return Visitor(person.session_id, person.user_id, person.workspace_id, role)

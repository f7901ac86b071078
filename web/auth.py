"""Bearer tokens: who calls the API, for which workspace, and what the caller may do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from flask import current_app, g, request
from sqlalchemy import Select, and_, or_, select, update

from core.digests import API_TOKEN_PREFIX
from core.errors import Forbidden, Unauthenticated
from db import ApiToken, Role, Scope, WorkspaceMember
from web.services import services

View = TypeVar("View", bound=Callable[..., Any])

USED_EVERY = timedelta(minutes=1)
"""How exact ``last_used_at`` is: a busy token does not write on each request."""

RANK: dict[Scope, int] = {"read": 1, "write": 2, "admin": 3}
"""Each scope includes those below it."""
SCOPE_OF_ROLE: dict[Role, Scope] = {"viewer": "read", "member": "write", "admin": "admin", "owner": "admin"}
"""The most that a token can do in the name of somebody with this role."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that proved a token, and the member whose token it is: it can do what both of them may."""

    token_id: str
    workspace_id: str
    user_id: str
    role: Role
    scopes: tuple[Scope, ...]

    def may(self, scope: Scope) -> bool:
        """Whether the token and its maker's present role allow this scope."""
        return self.holds(scope) and RANK[SCOPE_OF_ROLE[self.role]] >= RANK[scope]

    def holds(self, scope: Scope) -> bool:
        """Whether the token's scopes include this one: admin includes write, write includes read."""
        return RANK[self.highest_scope] >= RANK[scope] if self.scopes else False

    @property
    def highest_scope(self) -> Scope:
        """The scope that includes all others of the token."""
        return max(self.scopes, key=RANK.__getitem__)


def needs(scope: Scope) -> Callable[[View], View]:
    """Marks a view that needs another scope than its method does by itself (see `needed_scope`)."""

    def mark(view: View) -> View:
        vars(view)["needed_scope"] = scope
        return view

    return mark


def needed_scope(view: Callable[..., Any], method: str) -> Scope:
    """What a view asks of a token, unless it says otherwise: reading needs ``read``, a change needs ``admin``."""
    if method == "OPTIONS":
        return "read"
    return cast("Scope", getattr(view, "needed_scope", "read" if method in ("GET", "HEAD") else "admin"))


def authenticate() -> None:
    """Runs before every request of the API. Raises `Unauthenticated` or `Forbidden`."""
    g.caller = caller = _recognised(_presented(request.headers.get("Authorization", "")))
    scope = needed_scope(current_app.view_functions[request.endpoint or ""], request.method)
    if not caller.holds(scope):
        raise Forbidden("scope_insufficient", f"This needs a token with the scope `{scope}`.")
    if not caller.may(scope):
        raise Forbidden("role_insufficient", f"Whoever made this token is a {caller.role} now, who may not do this.")


def caller() -> Caller:
    """Who makes the present request."""
    return cast("Caller", g.caller)


def _presented(header: str) -> str:
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("token_missing", f"Send `Authorization: Bearer {API_TOKEN_PREFIX}…`.")
    return token.strip()


def _recognised(token: str) -> Caller:
    now, database = services().clock(), services().database
    digest = services().digester.digest("api_token", token)
    with database.read() as session:
        found = session.execute(_with_role().where(ApiToken.token_digest == digest)).one_or_none()
    if found is None:
        raise Unauthenticated("token_unknown", "This API token is not known here.")
    row, role = found
    if row.revoked_at is not None:
        raise Unauthenticated("token_revoked", "This API token was revoked; make a new one.")
    if row.expires_at is not None and row.expires_at <= now:
        raise Unauthenticated("token_expired", "This API token has expired; make a new one.")
    if row.created_by is None:
        raise Forbidden("token_without_user", "This token belongs to nobody any more; use one that a member made.")
    if role is None:
        raise Forbidden("token_maker_left", "Whoever made this token is no member of the workspace any more.")
    _note_use(row, now)
    return Caller(row.id, row.workspace_id, row.created_by, cast("Role", role), tuple(row.scopes))


def _with_role() -> Select[ApiToken, str | None]:
    """Tokens with the present role of whoever made them, in one look."""
    membership = and_(
        WorkspaceMember.workspace_id == ApiToken.workspace_id, WorkspaceMember.user_id == ApiToken.created_by
    )
    return select(ApiToken, WorkspaceMember.role).outerjoin(WorkspaceMember, membership)


def _note_use(token: ApiToken, now: datetime) -> None:
    threshold = now - USED_EVERY
    if token.last_used_at is not None and token.last_used_at > threshold:
        return
    unnoted = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= threshold)
    with services().database.write() as session:
        session.execute(update(ApiToken).where(ApiToken.id == token.id, unnoted).values(last_used_at=now))

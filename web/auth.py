"""Bearer tokens: who calls the API, for which workspace, and what the caller may do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from flask import current_app, g, request
from sqlalchemy import or_, select, update

from core.digests import API_TOKEN_PREFIX
from core.errors import Forbidden, Unauthenticated
from db import ApiToken, Scope
from web.services import services

View = TypeVar("View", bound=Callable[..., Any])

USED_EVERY = timedelta(minutes=1)
"""How exact ``last_used_at`` is: a busy token does not write on each request."""

_RANK: dict[str, int] = {"read": 1, "write": 2, "admin": 3}


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that proved a token, and the workspace it acts in; tokens may outlive the person who made them."""

    token_id: str
    workspace_id: str
    user_id: str | None
    scopes: tuple[str, ...]

    def may(self, scope: Scope) -> bool:
        """Whether the token's scopes include this one: admin includes write, write includes read."""
        return max((_RANK.get(held, 0) for held in self.scopes), default=0) >= _RANK[scope]


def needs(scope: Scope) -> Callable[[View], View]:
    """Marks a view that needs another scope than its method does by itself (see `needed_scope`)."""

    def mark(view: View) -> View:
        vars(view)["needed_scope"] = scope
        return view

    return mark


def needed_scope(view: Callable[..., Any], method: str) -> Scope:
    """What a view asks of a token: reading needs ``read``; a change needs ``admin`` unless the view says less."""
    if method in ("GET", "HEAD", "OPTIONS"):
        return "read"
    return cast("Scope", getattr(view, "needed_scope", "admin"))


def authenticate() -> None:
    """Runs before every request of the API. Raises `Unauthenticated` or `Forbidden`."""
    g.caller = caller = _recognised(_presented(request.headers.get("Authorization", "")))
    scope = needed_scope(current_app.view_functions[request.endpoint or ""], request.method)
    if not caller.may(scope):
        raise Forbidden("scope_insufficient", f"This needs a token with the scope `{scope}`.")


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
        row = session.scalars(select(ApiToken).where(ApiToken.token_digest == digest)).one_or_none()
    if row is None:
        raise Unauthenticated("token_unknown", "This API token is not known here.")
    if row.revoked_at is not None:
        raise Unauthenticated("token_revoked", "This API token was revoked; make a new one.")
    if row.expires_at is not None and row.expires_at <= now:
        raise Unauthenticated("token_expired", "This API token has expired; make a new one.")
    _note_use(row, now)
    return Caller(row.id, row.workspace_id, row.created_by, tuple(row.scopes))


def _note_use(token: ApiToken, now: datetime) -> None:
    threshold = now - USED_EVERY
    if token.last_used_at is not None and token.last_used_at > threshold:
        return
    unnoted = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= threshold)
    with services().database.write() as session:
        session.execute(update(ApiToken).where(ApiToken.id == token.id, unnoted).values(last_used_at=now))

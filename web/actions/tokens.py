"""API tokens: made for a person, shown once, never stronger than the person or the token that makes them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.digests import API_TOKEN_PREFIX
from core.errors import FieldError, Forbidden, InvalidFields, NotFound
from db import ApiToken, Scope
from web.actions import Actor, audit, owned, role_of
from web.auth import RANK, SCOPE_OF_ROLE
from web.services import services


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token's row, and its text, which is shown only now."""

    row: ApiToken
    token: str = field(repr=False)


def create_token(
    who: Actor, name: str, scopes: Sequence[Scope], expires_at: datetime | None, *, held: Scope = "admin"
) -> IssuedToken:
    """A token of this person. ``held`` is the highest scope of the token that asks, if one does.

    Raises `InvalidFields` for a time that has passed, `Forbidden` for more than the asker may do.
    """
    now = services().clock()
    if expires_at is not None and expires_at <= now:
        raise InvalidFields([FieldError("expires_at", "This must be in the future.")])
    issued = services().digester.issue("api_token", API_TOKEN_PREFIX)
    row = ApiToken(
        workspace_id=who.workspace_id, created_by=who.user_id, name=name, token_digest=issued.digest,
        token_hint=issued.hint, scopes=sorted(set(scopes), key=RANK.__getitem__), expires_at=expires_at, created_at=now,
    )  # fmt: skip
    with services().database.write() as session:
        role = role_of(session, who)
        limits = (
            [held, SCOPE_OF_ROLE[role] if role else None] if who.token_id else [SCOPE_OF_ROLE[role] if role else None]
        )
        if any(limit is None or RANK[scope] > RANK[limit] for limit in limits for scope in scopes):
            raise Forbidden("scope_beyond_own", "A token cannot do more than who makes it.")
        session.add(row)
        session.flush()
        audit(session, who, "api_token.created", row.id, {"name": name, "scopes": [*row.scopes]})
    return IssuedToken(row, issued.token)


def revoke_token(who: Actor, token_id: str) -> None:
    """It opens nothing any more, at once. Raises `NotFound` for one that was revoked before."""
    with services().database.write() as session:
        row = owned(session, who, ApiToken, token_id, "API token", lock=True)
        if row.revoked_at is not None:
            raise NotFound("API token")
        row.revoked_at = services().clock()
        audit(session, who, "api_token.revoked", row.id, {"name": row.name})

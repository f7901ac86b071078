"""The first way in: the operator makes a workspace, its owner, a sign-in link and an API token."""

import re
import secrets
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.digests import API_TOKEN_PREFIX, Digester
from core.errors import FieldError, InvalidFields
from core.ids import new_id
from core.taming import clean
from db import ApiToken, AuditEntry, Database, User, Workspace, WorkspaceMember
from db.dialects import insert_into
from oauth.sessions import issue_link

NAME_LENGTH = 200
EMAIL_LENGTH = 254
"""RFC 3696, erratum 1690: https://www.rfc-editor.org/errata/eid1690"""
SLUG_LENGTH = 60
_EMAIL = re.compile(r"[^@\s<>,;:()]+@[^@\s<>,;:().]+(\.[^@\s<>,;:().]+)*")


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """What the operator is shown, once."""

    workspace_id: str
    user_id: str
    sign_in_url: str = field(repr=False)
    api_token: str = field(repr=False)


def bootstrap(
    database: Database, digester: Digester, *, name: str, email: str, now: datetime, public_url: str
) -> Bootstrapped:
    """A new workspace each time, in one transaction; it works while the server runs.

    The person with that address becomes its owner. An address alone signs nobody in, but the operator vouches for it
    here. Raises `InvalidFields` for a blank or overlong name, or what cannot be an e-mail address.
    """
    name, email = _checked(name, email)
    with database.write() as session:
        workspace_id = _new_workspace(session, name, now)
        user = _person(session, email, now)
        session.add(WorkspaceMember(workspace_id=workspace_id, user_id=user.id, role="owner", created_at=now))
        link = issue_link(session, digester, user_id=user.id, workspace_id=workspace_id, now=now)
        api_token = _new_api_token(session, digester, workspace_id=workspace_id, user_id=user.id, now=now)
        session.add(
            AuditEntry(
                workspace_id=workspace_id,
                actor_id=user.id,
                action="workspace_bootstrapped",
                target_id=workspace_id,
                created_at=now,
            )
        )
    sign_in_url = f"{public_url.rstrip('/')}/sign-in/link/{link}"
    return Bootstrapped(workspace_id, user.id, sign_in_url, api_token)


def _checked(name: str, email: str) -> tuple[str, str]:
    name, email = clean(name).strip(), email.strip()
    errors = []
    if not name:
        errors.append(FieldError("name", "must not be blank"))
    if len(name) > NAME_LENGTH:
        errors.append(FieldError("name", f"must have at most {NAME_LENGTH} characters"))
    if len(email) > EMAIL_LENGTH or not _EMAIL.fullmatch(email) or clean(email) != email:
        errors.append(FieldError("email", "must be an e-mail address, such as dana@example.com"))
    if errors:
        raise InvalidFields(errors)
    return name, email


def _new_workspace(session: Session, name: str, now: datetime) -> str:
    """The insert itself finds a free slug, so that two that start together do not collide."""
    slug = base = _slug(name)
    while True:
        row = {"id": new_id(Workspace.id_prefix), "name": name, "slug": slug, "created_at": now}
        insert = insert_into(session, Workspace).values(row).on_conflict_do_nothing(index_elements=["slug"])
        workspace_id: str | None = session.scalar(insert.returning(Workspace.id))
        if workspace_id is not None:
            return workspace_id
        slug = f"{base}-{secrets.token_hex(3)}"


def _slug(name: str) -> str:
    """The name as it can stand in an address."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", folded)[:SLUG_LENGTH].strip("-") or "workspace"


def _person(session: Session, email: str, now: datetime) -> User:
    known = select(User).where(func.lower(User.email) == email.lower()).order_by(User.created_at, User.id).limit(1)
    user = session.scalars(known).one_or_none()
    if user is None:
        user = User(email=email, created_at=now)
        session.add(user)
        session.flush()
    return user


def _new_api_token(session: Session, digester: Digester, *, workspace_id: str, user_id: str, now: datetime) -> str:
    issued = digester.issue("api_token", API_TOKEN_PREFIX)
    session.add(
        ApiToken(
            workspace_id=workspace_id,
            created_by=user_id,
            name="bootstrap",
            token_digest=issued.digest,
            token_hint=issued.hint,
            scopes=["admin"],
            created_at=now,
        )
    )
    return issued.token

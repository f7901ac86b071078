"""The first way in: the operator makes a workspace, its owner, a sign-in link and an API token."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.digests import API_TOKEN_PREFIX, Digester
from core.errors import FieldError, InvalidFields
from core.taming import clean
from db import ApiToken, AuditEntry, Database, User, WorkspaceMember
from oauth.sessions import issue_link
from oauth.workspaces import name_problems, new_workspace, tidy_name

EMAIL_LENGTH = 254
"""RFC 3696, erratum 1690: https://www.rfc-editor.org/errata/eid1690"""
BOOTSTRAPPED = "workspace_bootstrapped"
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

    The person whom an operator named by that address becomes its owner. An address alone signs nobody in, but the
    operator vouches for it here. Raises `InvalidFields` for a blank or overlong name, or what cannot be an e-mail
    address.
    """
    name, email = _checked(name, email)
    with database.write() as session:
        workspace_id = new_workspace(session, name, now)
        user = _person(session, email, now)
        session.add(WorkspaceMember(workspace_id=workspace_id, user_id=user.id, role="owner", created_at=now))
        link = issue_link(session, digester, user_id=user.id, workspace_id=workspace_id, now=now)
        api_token = _new_api_token(session, digester, workspace_id=workspace_id, user_id=user.id, now=now)
        session.add(
            AuditEntry(
                workspace_id=workspace_id,
                actor_id=user.id,
                action=BOOTSTRAPPED,
                target_id=workspace_id,
                created_at=now,
            )
        )
    sign_in_url = f"{public_url.rstrip('/')}/sign-in/link/{link}"
    return Bootstrapped(workspace_id, user.id, sign_in_url, api_token)


def _checked(name: str, email: str) -> tuple[str, str]:
    name, email = tidy_name(name), email.strip()
    errors = name_problems(name)
    if len(email) > EMAIL_LENGTH or not _EMAIL.fullmatch(email) or clean(email) != email:
        errors.append(FieldError("email", "must be an e-mail address, such as dana@example.com"))
    if errors:
        raise InvalidFields(errors)
    return name, email


def _person(session: Session, email: str, now: datetime) -> User:
    """Whom an operator named before. Others with this address are not vouched for: an invitation may have been
    taken by somebody else.
    """
    vouched = select(AuditEntry.actor_id).where(AuditEntry.action == BOOTSTRAPPED)
    known = select(User).where(func.lower(User.email) == email.lower(), User.id.in_(vouched))
    user = session.scalars(known.order_by(User.created_at, User.id).limit(1)).one_or_none()
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

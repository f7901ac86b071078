"""Signed-in browsers: one-time links that open a session, and sessions that end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, select, update
from sqlalchemy.orm import Session

from core.digests import Digester
from db import Database, Role, SignInLink, UserSession, WorkspaceMember

LINK_LIVES = timedelta(hours=24)
SESSION_LIVES = timedelta(days=30)
SESSION_IDLES = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=1)
"""How often ``last_seen_at`` is written at most: a page that polls must not become a stream of writes."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose browser it is. ``workspace_id`` is the workspace being looked at, one of ``roles`` (workspace → role);
    None when the person is a member of none any more.
    """

    session_id: str
    user_id: str
    workspace_id: str | None
    roles: Mapping[str, Role] = field(default_factory=dict)

    def role_in(self, workspace_id: str) -> Role | None:
        """The person's role there; None when they are no member."""
        return self.roles.get(workspace_id)


def issue_link(
    session: Session,
    digester: Digester,
    *,
    user_id: str,
    workspace_id: str | None,
    now: datetime,
    lives: timedelta = LINK_LIVES,
) -> str:
    """The token of a fresh link that signs this person in once; only its digest is kept."""
    issued = digester.issue("sign_in_link")
    session.add(
        SignInLink(
            user_id=user_id,
            workspace_id=workspace_id,
            token_digest=issued.digest,
            created_at=now,
            expires_at=now + lives,
        )
    )
    return issued.token


def redeem_link(
    session: Session, digester: Digester, *, token: str, now: datetime, replaces: str | None = None
) -> str | None:
    """Consumes the link and opens a session; the cookie's token, or None when it was used, has expired or never was.

    One conditional UPDATE decides, so that of any number of simultaneous visitors one is let in. ``replaces`` as in
    `open_session`.
    """
    consumed = session.execute(
        update(SignInLink)
        .where(
            SignInLink.token_digest == digester.digest("sign_in_link", token),
            SignInLink.consumed_at.is_(None),
            SignInLink.expires_at > now,
        )
        .values(consumed_at=now)
        .returning(SignInLink.user_id, SignInLink.workspace_id)
    ).one_or_none()
    if consumed is None:
        return None
    return open_session(
        session, digester, user_id=consumed.user_id, workspace_id=consumed.workspace_id, now=now, replaces=replaces
    )


def open_session(
    session: Session,
    digester: Digester,
    *,
    user_id: str,
    workspace_id: str | None,
    now: datetime,
    replaces: str | None = None,
) -> str:
    """The cookie's token of a fresh session for somebody whose identity was proved.

    ``replaces`` is the cookie that the browser came with: its session ends, whoever's it was, so that nobody goes on
    with a cookie from before the sign-in.
    """
    if replaces:
        _end(session, UserSession.token_digest == digester.digest("session", replaces), now)
    issued = digester.issue("session")
    session.add(
        UserSession(
            user_id=user_id,
            workspace_id=workspace_id,
            token_digest=issued.digest,
            created_at=now,
            last_seen_at=now,
            expires_at=now + SESSION_LIVES,
        )
    )
    return issued.token


def find_session(database: Database, digester: Digester, *, token: str, now: datetime) -> SignedIn | None:
    """Who holds this cookie; None when the session is unknown, revoked, too old or was idle for too long.

    Opens its own short transactions: call it outside of a write block.
    """
    with database.read() as session:
        presented = UserSession.token_digest == digester.digest("session", token)
        row = session.scalars(select(UserSession).where(presented, *is_live(now))).one_or_none()
        if row is None:
            return None
        roles = _roles(session, row.user_id)
    if now - row.last_seen_at >= SEEN_EVERY:
        _touch(database, row, now)
    current = row.workspace_id if row.workspace_id in roles else next(iter(roles), None)
    return SignedIn(row.id, row.user_id, current, roles)


def revoke(session: Session, *, session_id: str, now: datetime, user_id: str | None = None) -> bool:
    """Ends a session at once, if it is this person's when one is named; False when there was nothing to end."""
    owned = [UserSession.user_id == user_id] if user_id else []
    return _end(session, and_(UserSession.id == session_id, *owned), now) == 1


def revoke_all(session: Session, *, user_id: str, now: datetime) -> int:
    """Signs the person out everywhere; how many sessions that ended."""
    return _end(session, UserSession.user_id == user_id, now)


def sessions_of(session: Session, *, user_id: str, now: datetime) -> list[UserSession]:
    """The person's live sessions, the one seen last first."""
    query = select(UserSession).where(UserSession.user_id == user_id, *is_live(now))
    return list(session.scalars(query.order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())))


def is_live(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What holds for a session that is neither revoked nor too old, nor was idle for too long."""
    return (
        UserSession.revoked_at.is_(None),
        UserSession.expires_at > now,
        UserSession.last_seen_at > now - SESSION_IDLES,
    )


def look_at(session: Session, *, session_id: str, workspace_id: str) -> None:
    """From now on the session shows this workspace; the caller has made sure that its person is a member."""
    session.execute(update(UserSession).where(UserSession.id == session_id).values(workspace_id=workspace_id))


def _end(session: Session, which: ColumnElement[bool], now: datetime) -> int:
    ending = update(UserSession).where(which, UserSession.revoked_at.is_(None)).values(revoked_at=now)
    return cast("CursorResult[Any]", session.execute(ending)).rowcount


def _roles(session: Session, user_id: str) -> dict[str, Role]:
    """Oldest workspace first."""
    memberships = select(WorkspaceMember.workspace_id, WorkspaceMember.role).where(WorkspaceMember.user_id == user_id)
    rows = session.execute(memberships.order_by(WorkspaceMember.workspace_id))
    return {workspace_id: cast("Role", role) for workspace_id, role in rows}


def _touch(database: Database, row: UserSession, now: datetime) -> None:
    """Requests that came together write once."""
    unseen = (UserSession.id == row.id, UserSession.last_seen_at <= now - SEEN_EVERY)
    with database.write() as session:
        session.execute(update(UserSession).where(*unseen).values(last_seen_at=now))

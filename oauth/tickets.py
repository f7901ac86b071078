"""Install tickets: links that let somebody without a session add the app for their creator, for one hour."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.clock import Clock
from core.digests import Digester
from core.errors import Unauthenticated
from db import OAuthState
from oauth.intent import InstallIntent
from oauth.state_store import purge_expired

TICKET_LIFE = timedelta(hours=1)


class Tickets:
    """Issues and finds tickets; only digests are kept. Looking at a ticket does not use it up."""

    def __init__(self, digester: Digester, clock: Clock) -> None:
        self._digester = digester
        self._clock = clock

    def issue(self, session: Session, *, workspace_id: str, user_id: str, slack_app_id: str) -> str:
        """A fresh ticket that acts for this person."""
        issued, now = self._digester.issue("install_ticket"), self._clock()
        purge_expired(session, now)
        session.add(
            OAuthState(
                kind="ticket",
                digest=issued.digest,
                slack_app_id=slack_app_id,
                workspace_id=workspace_id,
                user_id=user_id,
                created_at=now,
                expires_at=now + TICKET_LIFE,
            )
        )
        return issued.token

    def find(self, session: Session, ticket: str) -> InstallIntent:
        """What the ticket stands for. Raises ``ticket_invalid`` when it is unknown, used or older than an hour."""
        row = session.scalar(
            select(OAuthState)
            .where(OAuthState.kind == "ticket")
            .where(OAuthState.digest == self._digester.digest("install_ticket", ticket))
            .where(OAuthState.consumed_at.is_(None), OAuthState.expires_at > self._clock())
        )
        if row is None or row.slack_app_id is None:
            raise Unauthenticated("ticket_invalid", "This install link was used already or is older than an hour.")
        return InstallIntent(row.workspace_id, row.user_id or "", row.slack_app_id, row.id)


def consume_ticket(session: Session, ticket_id: str, now: datetime) -> None:
    """Uses the ticket up, in the transaction that stores what it was for. Raises ``ticket_invalid`` to the second."""
    used = session.scalar(
        update(OAuthState)
        .where(OAuthState.id == ticket_id, OAuthState.consumed_at.is_(None))
        .values(consumed_at=now)
        .returning(OAuthState.id)
    )
    if used is None:
        raise Unauthenticated("ticket_invalid", "This install link was used meanwhile.")

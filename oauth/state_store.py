"""OAuth states: promises that whoever comes back from Slack is who left, each good for ten minutes and one return."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from slack_sdk.oauth import OAuthStateStore
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from core.clock import Clock
from core.digests import Digester
from core.errors import Forbidden, Unauthenticated
from core.signatures import equals_any
from core.slack_logs import slack_logger
from db import Database, OAuthState
from db.dialects import claiming
from oauth.intent import InstallIntent, require_installer

STATE_LIFE = timedelta(minutes=10)
PURGED_AT_ONCE = 100


class InstallStateStore(OAuthStateStore):
    """Bolt's state store over ``oauth_states``, for one Slack app. Only digests of states and browsers are kept."""

    def __init__(self, database: Database, digester: Digester, clock: Clock, *, slack_app_id: str) -> None:
        self._database = database
        self._digester = digester
        self._clock = clock
        self._slack_app_id = slack_app_id

    @property
    def logger(self) -> logging.Logger:
        """Says nothing of what it handles."""
        return slack_logger()

    def issue(self, intent: InstallIntent, browser: str) -> str:
        """A fresh state for this intent, bound to the browser that holds this secret."""
        issued, now = self._digester.issue("oauth_state"), self._clock()
        with self._database.write() as session:
            purge_expired(session, now)
            session.add(
                OAuthState(
                    kind="state",
                    digest=issued.digest,
                    browser_digest=self._digester.digest("browser", browser),
                    ticket_id=intent.ticket_id,
                    slack_app_id=intent.slack_app_id,
                    workspace_id=intent.workspace_id,
                    user_id=intent.user_id,
                    created_at=now,
                    expires_at=now + STATE_LIFE,
                )
            )
        return issued.token

    def is_bound_to(self, state: str, browsers: Sequence[str]) -> bool:
        """Whether one of these secrets is of the browser that the state was issued to."""
        with self._database.read() as session:
            bound = session.scalar(select(OAuthState.browser_digest).where(_is(self._digester, state)))
        return any(equals_any([bound or ""], self._digester.digest("browser", browser)) for browser in browsers)

    def consume(self, state: str) -> bool:
        """Uses the state up: one conditional write, so that of many at once exactly one gets True.

        Raises `Forbidden` when its person may no longer install, and ``ticket_invalid`` when its ticket was used
        meanwhile; the state then stays as it was.
        """
        now = self._clock()
        with self._database.write() as session:
            used = session.scalars(
                update(OAuthState)
                .where(_is(self._digester, state))
                .where(OAuthState.slack_app_id == self._slack_app_id)
                .where(OAuthState.consumed_at.is_(None), OAuthState.expires_at > now)
                .values(consumed_at=now)
                .returning(OAuthState)
            ).one_or_none()
            if used is None:
                return False
            _require_backing(session, used)
            return True


def intent_of(database: Database, digester: Digester, state: str) -> InstallIntent | None:
    """What a state was issued for, whether or not it is still good; None for what was never issued."""
    with database.read() as session:
        row = session.scalar(select(OAuthState).where(_is(digester, state)))
    if row is None or row.slack_app_id is None:
        return None
    return InstallIntent(row.workspace_id, row.user_id or "", row.slack_app_id, row.ticket_id)


def purge_expired(session: Session, now: datetime) -> None:
    """Forgets some states and tickets that ended long enough ago for everything begun with them to have ended too."""
    ended = select(OAuthState.id).where(OAuthState.expires_at < now - STATE_LIFE).order_by(OAuthState.expires_at)
    bounded = claiming(ended.limit(PURGED_AT_ONCE)).scalar_subquery()
    session.execute(delete(OAuthState).where(OAuthState.id.in_(bounded)), execution_options=_UNSYNCHRONIZED)


_UNSYNCHRONIZED = {"synchronize_session": False}


def _is(digester: Digester, state: str) -> ColumnElement[bool]:
    return (OAuthState.kind == "state") & (OAuthState.digest == digester.digest("oauth_state", state))


def _require_backing(session: Session, state: OAuthState) -> None:
    if state.user_id is None:
        raise Forbidden("install_forbidden", "Whoever began this installation is not here any more.")
    require_installer(session, workspace_id=state.workspace_id, user_id=state.user_id)
    if state.ticket_id is not None:
        ticket = session.get(OAuthState, state.ticket_id)
        if ticket is None or ticket.consumed_at is not None:
            raise Unauthenticated("ticket_invalid", "This install link was used meanwhile.")

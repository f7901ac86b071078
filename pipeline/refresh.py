"""Token refresh: one call to the platform for all who need it, and the step that renews long before anybody does."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.clock import Clock
from core.errors import StepFailed
from core.grants import Grant, TokenGrants
from core.logs import get_logger
from db import Database, Integration
from db.dialects import is_unavailable
from pipeline.engine.steps import Progress
from pipeline.tokens.renewal import LEAD, SPREAD, is_due
from pipeline.tokens.rows import Held, settle, take

BATCH = 10
STORE_AGAIN_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0)
"""A grant exists once, in this process: while the database is away it is not let go of, for about 40 seconds."""

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresher:
    """Renews the tokens of one row: lease, read again, ask, commit. ``wait`` sleeps for so many seconds."""

    database: Database
    grants: TokenGrants
    clock: Clock
    wait: Callable[[float], None] = time.sleep

    def refresh(self, integration_id: str, wanted: Callable[[Integration, datetime], bool]) -> bool:
        """Whether we asked the platform; how that ended stands in the row. False: somebody else does, or it is not
        ``wanted`` any more.
        """
        with self.database.write() as session:
            held = take(session, integration_id, wanted, self.clock())
        if held is None:
            return False
        outcome = self._ask(held)
        self._store(lambda session: settle(session, held, outcome, self.clock()))
        return True

    def _ask(self, held: Held) -> Grant | StepFailed:
        try:
            return self.grants.renew(held.presented)
        except StepFailed as failure:
            return failure

    def _store(self, write: Callable[[Session], object]) -> None:
        for pause in (*STORE_AGAIN_SECONDS, None):
            try:
                with self.database.write() as session:
                    write(session)
                return
            except SQLAlchemyError as error:
                if pause is None or not is_unavailable(error):
                    raise
                log.warning("token_not_stored_yet", reason="database_unavailable")
                self.wait(pause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """The step: every token whose time has come, quiet workspaces included, and once every legacy token."""

    database: Database
    refresher: Refresher
    clock: Clock

    name = "refresh"

    def run(self) -> Progress:
        """A few rows, each under a lease of its own."""
        now = self.clock()
        due = select(Integration.id).where(_to_renew(now)).order_by(Integration.refresh_due_at).limit(BATCH)
        with self.database.read() as session:
            ids = session.scalars(due).all()
        for integration_id in ids:
            self.refresher.refresh(integration_id, is_due)
        return Progress(len(ids), None if ids else self._next_due_at())

    def _next_due_at(self) -> datetime | None:
        with self.database.read() as session:
            return session.scalar(select(func.min(Integration.refresh_due_at)).where(Integration.state == "active"))


def _to_renew(now: datetime) -> ColumnElement[bool]:
    """`pipeline.renewal.is_due` as a condition, for active rows that have a token. Only Slack's tokens rotate."""
    unscheduled = and_(
        Integration.refresh_due_at.is_(None),
        Integration.slack_app_id.is_not(None),
        or_(Integration.token_expires_at.is_(None), Integration.token_expires_at <= now + LEAD + SPREAD),
    )
    has_token = Integration.__table__.c.access_token.is_not(None)
    return and_(Integration.state == "active", has_token, or_(Integration.refresh_due_at <= now, unscheduled))

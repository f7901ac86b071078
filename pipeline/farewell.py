"""The step that says farewell: the platform is told that a disconnected app leaves, and then its token is wiped.

The token is wiped when its minute is over, whether or not the platform could be told; so is the id and secret of an app
that was deleted, which was kept with the token for that.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from core.clock import Clock
from core.errors import SealBroken, StepFailed
from core.grants import Client, Presented, TokenGrants
from core.ids import new_id
from core.logs import get_logger
from db import Database, Integration, SlackApp
from db.dialects import claiming
from pipeline.engine.steps import Progress
from pipeline.tokens.rows import Held

LEASE = timedelta(seconds=12)
"""A call and some more; whoever dies with it is relieved while there is time for another try."""
AGAIN = timedelta(seconds=5)

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Farewell:
    """The step. One row at a time: each has its own deadline."""

    database: Database
    grants: TokenGrants
    clock: Clock

    name = "farewell"

    def run(self) -> Progress:
        """Tells the platform of one disconnected installation, or wipes a token whose time is over."""
        with self.database.read() as session:
            if session.scalar(select(Integration.id).where(_due(self.clock())).limit(1)) is None:
                return Progress(0, _next_due_at(session))
        with self.database.write() as session:
            held = _take(session, self.clock())
        if held is not None:
            self._tell(held)
        return Progress(1)

    def _tell(self, held: Held) -> None:
        failure: StepFailed | None = None
        try:
            self.grants.uninstall(held.presented)
        except StepFailed as error:
            failure = error
        with self.database.write() as session:
            _settle(session, held, failure, self.clock())


def _take(session: Session, now: datetime) -> Held | None:
    """The most urgent row, leased; None when it is done with already."""
    due = select(Integration).where(_due(now)).order_by(Integration.wipe_due_at).limit(1)
    row = session.scalars(claiming(due)).first()
    if row is None:
        return None
    if row.wipe_due_at is not None and row.wipe_due_at <= now:
        _wipe(row, "slack_not_told", now)
        return None
    try:
        client = Client.read(row.app_secret) if row.app_secret else None
        presented = Presented(row.slack_app_id, row.access_token or "", client=client)
    except SealBroken as error:
        _wipe(row, error.reason, now)
        return None
    if _is_connected_again(session, row, client):
        _wipe(row, None, now)  # the same installation serves another row: it must not end
        return None
    row.lease_token, row.lease_expires_at = new_id("lea"), now + LEASE
    return Held(row.id, row.lease_token, presented)


def _settle(session: Session, held: Held, failure: StepFailed | None, now: datetime) -> None:
    """Nothing is ours any more when the row was connected again meanwhile."""
    mine = (Integration.id == held.integration_id, Integration.lease_token == held.lease)
    row = session.scalars(select(Integration).where(*mine).with_for_update()).first()
    if row is None or row.is_connected:
        return
    if failure is None or failure.permanent:
        _wipe(row, "slack_not_told" if failure else None, now)
    else:
        row.lease_token, row.lease_expires_at = None, now + AGAIN


def _wipe(row: Integration, problem: str | None, now: datetime) -> None:
    row.access_token = row.refresh_token = row.app_secret = row.wipe_due_at = None
    row.lease_token = row.lease_expires_at = None
    row.note_token_problem(problem, now)
    log.info("farewell_said", integration_id=row.id, reason=problem)


def _is_connected_again(session: Session, row: Integration, client: Client | None) -> bool:
    """``client`` is an app whose row is gone. It may have been registered anew since."""
    same_app = Integration.slack_app_id == row.slack_app_id
    if client is not None:
        same_app = Integration.slack_app_id.in_(select(SlackApp.id).where(SlackApp.client_id == client.id))
    same_team = Integration.slack_team_id == row.slack_team_id
    if row.slack_team_id is None:
        same_team = Integration.slack_team_id.is_(None) & (Integration.slack_enterprise_id == row.slack_enterprise_id)
    others = (Integration.id != row.id, same_app, same_team)
    return session.scalar(select(Integration.id).where(*others, Integration.state != "disconnected")) is not None


def _due(now: datetime) -> ColumnElement[bool]:
    free = or_(Integration.lease_expires_at.is_(None), Integration.lease_expires_at <= now)
    return and_(Integration.state == "disconnected", Integration.wipe_due_at.is_not(None), free)


def _next_due_at(session: Session) -> datetime | None:
    waiting = (Integration.state == "disconnected", Integration.wipe_due_at.is_not(None))
    return session.scalar(select(func.min(Integration.lease_expires_at)).where(*waiting))

"""The end of a connection: its secrets are wiped and its intake stops in the same transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.adapter import AccountKey
from core.clock import Clock
from core.logs import get_logger
from db import Database, Integration
from pipeline.audiences import forget_app

log = get_logger()


def disconnect(integration: Integration, *, reason: str, now: datetime) -> None:
    """Ends one connection. Configuration and signals stay, so that connecting again carries on where it ended."""
    integration.state = "disconnected"
    integration.state_reason = reason
    integration.access_token = integration.refresh_token = None
    integration.webhook_secret = integration.previous_webhook_secret = None
    integration.header_secret = integration.previous_header_secret = None
    integration.token_expires_at = integration.ingest_key_digest = None
    integration.lease_token = integration.lease_expires_at = None
    integration.updated_at = now
    log.info("integration_disconnected", integration_id=integration.id, reason=reason)


def disconnect_installation(
    session: Session, *, slack_app_id: str, account: AccountKey, reason: str, happened_at: datetime, now: datetime
) -> int:
    """Ends the Slack connection of that installation, unless it was installed again after ``happened_at``:
    Slack sends uninstall events late and in no order. Returns how many rows ended.
    """
    of_app = select(Integration).where(Integration.slack_app_id == slack_app_id)
    of_team = of_app.where(Integration.slack_team_id == account.team_id)
    of_organisation = of_app.where(
        Integration.slack_team_id.is_(None), Integration.slack_enterprise_id == account.enterprise_id
    )
    # An organisation's uninstall may name one of its teams. A team that ever had a row of its own means itself.
    is_team = account.team_id is not None and session.scalar(of_team.limit(1)) is not None
    addressed = of_team if is_team else of_organisation
    ended = 0
    for integration in session.scalars(addressed.where(Integration.state != "disconnected").with_for_update()):
        if integration.installed_at is not None and integration.installed_at > happened_at:
            log.info("late_lifecycle_event", integration_id=integration.id, reason=reason)
            continue
        disconnect(integration, reason=reason, now=now)
        ended += 1
    if ended:
        forget_app(session, slack_app_id, now)
    return ended


@dataclass(frozen=True, slots=True)
class StoredLifecycle:
    """Carries out what a platform says of an installation's end."""

    database: Database
    clock: Clock

    def end_installation(self, *, slack_app_id: str, account: AccountKey, reason: str, happened_at: datetime) -> None:
        """See `disconnect_installation`; in a transaction of its own."""
        with self.database.write() as session:
            disconnect_installation(
                session,
                slack_app_id=slack_app_id,
                account=account,
                reason=reason,
                happened_at=happened_at,
                now=self.clock(),
            )

"""The end of a connection: its secrets are wiped and its intake stops in the same transaction."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.adapter import AccountKey
from core.changes import Change
from core.clock import Clock
from core.logs import get_logger
from db import Database, Integration
from pipeline.installations.addressed import addressed, token_of
from pipeline.installations.audiences import forget_app
from pipeline.installations.changes import apply_change

FAREWELL = timedelta(seconds=45)
"""Within a minute of a disconnection no token is left, even when a sweep is what wakes the step that wipes it."""
ONE_SECOND = timedelta(seconds=1)

log = get_logger()


@dataclass(frozen=True, slots=True)
class End:
    """What a platform told of an installation's end."""

    reason: str
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """The rows of an installation as they were looked at: when each was installed, and which are known to be alive."""

    installed_at: Mapping[str, datetime | None]
    alive: Collection[str]


def leave(integration: Integration, *, reason: str, now: datetime) -> None:
    """Ends one connection from our side. A Slack installation has to be told, so its token is kept for `FAREWELL`, for
    that and for nothing else; see `pipeline.farewell`.
    """
    token = token_of(integration) if integration.slack_app_id else None
    disconnect(integration, reason=reason, now=now)
    if token is not None:
        integration.access_token, integration.wipe_due_at = token, now + FAREWELL


def disconnect(integration: Integration, *, reason: str, now: datetime) -> None:
    """Ends one connection. Configuration and signals stay, so that connecting again carries on where it ended."""
    integration.state = "disconnected"
    integration.state_reason = reason
    integration.access_token = integration.refresh_token = None
    integration.webhook_secret = integration.previous_webhook_secret = None
    integration.header_secret = integration.previous_header_secret = None
    integration.app_secret = integration.previous_app_secret = None
    integration.previous_webhook_secret_expires_at = integration.previous_header_secret_expires_at = None
    integration.previous_app_secret_expires_at = None
    integration.token_expires_at = integration.ingest_key_digest = None
    integration.lease_token = integration.lease_expires_at = None
    integration.refresh_due_at = integration.wipe_due_at = None
    integration.note_token_problem(None, now)
    integration.updated_at = now
    log.info("integration_disconnected", integration_id=integration.id, reason=reason)


def disconnect_installation(
    session: Session, *, slack_app_id: str, account: AccountKey, end: End, now: datetime, seen: Seen
) -> bool:
    """Ends the Slack connection of that installation, unless it was installed again after the end happened: Slack sends
    uninstall events late and in no order. False, and nothing done, when it was installed since it was ``seen``.
    """
    rows = addressed(session, slack_app_id, account)
    if any(row.id not in seen.installed_at or seen.installed_at[row.id] != row.installed_at for row in rows):
        return False
    ended = 0
    for integration in rows:
        if integration.id in seen.alive or (integration.installed_at or end.happened_at) > end.happened_at:
            log.info("late_lifecycle_event", integration_id=integration.id, reason=end.reason)
            continue
        disconnect(integration, reason=end.reason, now=now)
        ended += 1
    if ended:
        forget_app(session, slack_app_id, now)
    return True


@dataclass(frozen=True, slots=True)
class StoredLifecycle:
    """Carries out what a platform says of an installation. ``is_alive`` asks it whether a token still is."""

    database: Database
    clock: Clock
    is_alive: Callable[[str], bool | None] = lambda _: None

    def end_installation(self, *, slack_app_id: str, account: AccountKey, reason: str, happened_at: datetime) -> None:
        """See `disconnect_installation`; in a transaction of its own."""
        end = End(reason, happened_at)
        while True:  # again when somebody installs it meanwhile: the new token was not asked about
            seen = self._look(slack_app_id, account, happened_at)
            with self.database.write() as session:
                now = self.clock()
                if disconnect_installation(
                    session, slack_app_id=slack_app_id, account=account, end=end, now=now, seen=seen
                ):
                    return

    def change(
        self, change: Change, *, slack_app_id: str, accounts: Sequence[AccountKey], happened_at: datetime
    ) -> None:
        """See `pipeline.changes.apply_change`."""
        apply_change(
            self.database, self.clock, change, slack_app_id=slack_app_id, accounts=accounts, happened_at=happened_at
        )

    def _look(self, slack_app_id: str, account: AccountKey, happened_at: datetime) -> Seen:
        """Slack's times are whole seconds. What was installed within the very second of an end may be what ended, or
        what came after it: only its token knows.
        """
        with self.database.read() as session:
            rows = addressed(session, slack_app_id, account)
            installed_at = {row.id: row.installed_at for row in rows}
            tokens = {
                row.id: token_of(row)
                for row in rows
                if row.installed_at is not None and happened_at - ONE_SECOND < row.installed_at <= happened_at
            }
        return Seen(installed_at, {row_id for row_id, token in tokens.items() if token and self.is_alive(token)})

"""Bolt's installation store over the ``integrations`` table, for one Slack app. One row is one installation."""

import logging
from datetime import datetime

from slack_sdk.oauth import InstallationStore
from slack_sdk.oauth.installation_store import Bot, Installation
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import Clock
from core.errors import SignalboxError
from core.slack_logs import slack_logger
from db import Database, Integration
from oauth.connecting import connect, connected_row
from oauth.exchange import SLACK_URL
from oauth.intent import InstallIntent
from pipeline.installations.lifecycle import disconnect


class IntegrationInstallationStore(InstallationStore):
    """Reads and ends the connections of one app, and keeps new installations of those that are connected."""

    def __init__(self, database: Database, clock: Clock, *, slack_app_id: str) -> None:
        self._database = database
        self._clock = clock
        self._slack_app_id = slack_app_id

    @property
    def logger(self) -> logging.Logger:
        """Says nothing of what it handles."""
        return slack_logger()

    def keep(self, intent: InstallIntent, installation: Installation) -> None:
        """Connects the team to the intent's workspace; see `oauth.connecting.connect`."""
        connect(self._database, intent, installation, self._clock())

    def save(self, installation: Installation) -> None:
        """Fresh tokens for a connected team. Raises ``install_unbound`` for another one: no workspace is named."""
        with self._database.read() as session:
            row = self._row(session, installation.enterprise_id, installation.team_id)
        if row is None:
            raise SignalboxError("install_unbound", "Start from the Add to Slack button of a workspace.")
        self.keep(InstallIntent(row.workspace_id, row.created_by or "", self._slack_app_id), installation)

    def find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        """The connected bot of this team or, for an org-wide install, of this organisation."""
        found = self.find_installation(
            enterprise_id=enterprise_id, team_id=team_id, is_enterprise_install=is_enterprise_install
        )
        return found.to_bot() if found else None

    def find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,  # noqa: ARG002  # slack_sdk's signature: no user has tokens here
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        """The connected installation of this team or organisation."""
        with self._database.read() as session:
            row = self._row(session, enterprise_id, None if is_enterprise_install else team_id)
            return _installation(row) if row and row.access_token else None

    def delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        """Ends the connection; its configuration and signals stay."""
        with self._database.write() as session:
            if row := self._row(session, enterprise_id, team_id):
                disconnect(row, reason="installation_deleted", now=self._clock())

    def delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """Ends the connection, unless only one user's tokens are meant: none are kept."""
        if user_id is None:
            self.delete_bot(enterprise_id=enterprise_id, team_id=team_id)

    def _row(self, session: Session, enterprise_id: str | None, team_id: str | None) -> Integration | None:
        of_account = connected_row(self._slack_app_id, enterprise_id=enterprise_id, team_id=team_id)
        return session.scalars(select(Integration).where(of_account).order_by(Integration.id)).first()


def _installation(row: Integration) -> Installation:
    return Installation(
        app_id=row.slack_app.api_app_id if row.slack_app else None,
        enterprise_id=row.slack_enterprise_id,
        team_id=row.slack_team_id,
        team_name=row.slack_team_name,
        bot_token=row.access_token,
        bot_id=row.slack_bot_id,
        bot_user_id=row.slack_bot_user_id,
        bot_scopes=row.scopes,
        bot_refresh_token=row.refresh_token,
        bot_token_expires_at=_unix(row.token_expires_at),
        user_id="",
        is_enterprise_install=row.slack_team_id is None,
        installed_at=row.installed_at,
        custom_values={SLACK_URL: row.config["slack_url"]} if "slack_url" in row.config else {},
    )


def _unix(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None

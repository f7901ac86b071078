"""An installation becomes a connection: a row of its workspace, kept over reinstalls, never two for one Slack team."""

from datetime import UTC, datetime

from slack_sdk.oauth.installation_store import Installation
from sqlalchemy import ColumnElement, and_, case, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.errors import Conflict, SignalboxError
from core.logs import get_logger
from db import AuditEntry, Database, Integration, SlackApp
from oauth.exchange import SLACK_URL
from oauth.intent import InstallIntent
from oauth.slack_apps import MISSING
from oauth.tickets import consume_ticket
from pipeline.installations.audiences import forget_app
from pipeline.tokens.rows import schedule

log = get_logger()

TRIES = 3
_NAME_CHARACTERS = 200


def connect(database: Database, intent: InstallIntent, installation: Installation, now: datetime) -> None:
    """Keeps the tokens in the workspace's row of this Slack team: the connected one, else its former one with its
    configuration, else a new one. The intent's ticket is used up in the same transaction.

    Raises ``slack_team_connected_elsewhere`` after the owning workspace's row took the tokens (Slack keeps only two
    alive), ``app_mismatch`` when the tokens are another app's, ``ticket_invalid`` and ``slack_app_missing``.
    """
    if not (installation.team_id or installation.enterprise_id):
        raise SignalboxError("slack_app_rejected", "Slack named neither a team nor an organisation.")
    for tries_left in reversed(range(TRIES)):
        try:
            with database.write() as session:
                row = _connect(session, intent, installation, now)
            break
        except IntegrityError:
            # Somebody connected the same team at this moment: the unique index let one of us through.
            if not tries_left:
                raise
    log.info("slack_connected", integration_id=row.id, workspace_id=row.workspace_id)
    if row.workspace_id != intent.workspace_id:
        raise Conflict("slack_team_connected_elsewhere", "This Slack team is connected to another workspace.")


def connected_row(slack_app_id: str, *, enterprise_id: str | None, team_id: str | None) -> ColumnElement[bool]:
    """The condition for the connected row of a team, or of an organisation when no team is named.

    A team's id is enough: teams move between organisations.
    """
    if team_id is not None:
        account = Integration.slack_team_id == team_id
    else:
        account = Integration.slack_team_id.is_(None) & (Integration.slack_enterprise_id == enterprise_id)
    return and_(
        Integration.platform == "slack",
        Integration.slack_app_id == slack_app_id,
        Integration.state != "disconnected",
        account,
    )


def _connect(session: Session, intent: InstallIntent, installation: Installation, now: datetime) -> Integration:
    app = _recognised_app(session, intent, installation)
    ids = {"enterprise_id": installation.enterprise_id, "team_id": installation.team_id}
    forget_app(session, app.id, now)  # another team has the app: who may see a shared channel is asked anew
    known = select(Integration).where(connected_row(app.id, **ids)).order_by(Integration.id).limit(1)
    row = session.scalar(known.with_for_update())
    if row is not None and row.workspace_id != intent.workspace_id:
        _fill(row, app, installation, now)
        _audit(session, row, "slack.tokens_adopted", None, now)
        return row
    if intent.ticket_id is not None:
        consume_ticket(session, intent.ticket_id, now)
    row = row or _former_row(session, app, intent, installation)
    action = "slack.reinstalled" if row else "slack.installed"
    row = row or _new_row(intent, installation, now)
    _fill(row, app, installation, now)
    session.add(row)
    session.flush()
    _audit(session, row, action, intent.user_id, now)
    return row


def _recognised_app(session: Session, intent: InstallIntent, installation: Installation) -> SlackApp:
    """The app's row, which learns its Slack id from the first installation."""
    app = session.get(SlackApp, intent.slack_app_id)
    if app is None:
        raise Conflict("slack_app_missing", MISSING)
    if app.api_app_id is None:
        app.api_app_id = installation.app_id
    if app.api_app_id != installation.app_id:
        raise Conflict("app_mismatch", "Slack answered for another app than the configured one.")
    return app


def _former_row(
    session: Session, app: SlackApp, intent: InstallIntent, installation: Installation
) -> Integration | None:
    """The workspace's disconnected row of this team: of this app if there is one, and the latest."""
    former = select(Integration).where(
        Integration.workspace_id == intent.workspace_id,
        Integration.platform == "slack",
        Integration.state == "disconnected",
        Integration.slack_team_id == installation.team_id,
    )
    if installation.team_id is None:
        former = former.where(Integration.slack_enterprise_id == installation.enterprise_id)
    of_app_first = case((Integration.slack_app_id == app.id, 0), else_=1)
    return session.scalar(former.order_by(of_app_first, Integration.updated_at.desc()).limit(1).with_for_update())


def _new_row(intent: InstallIntent, installation: Installation, now: datetime) -> Integration:
    return Integration(
        workspace_id=intent.workspace_id,
        platform="slack",
        name=_team_name(installation) or installation.team_id or installation.enterprise_id,
        config={},
        created_by=intent.user_id,
        created_at=now,
    )


def _fill(row: Integration, app: SlackApp, installation: Installation, now: datetime) -> None:
    """Everything that an installation decides; name, configuration and pause are the workspace's own."""
    same_bot = row.slack_bot_user_id == installation.bot_user_id
    row.slack_app_id = app.id
    row.webhook_secret = app.signing_secret
    row.slack_enterprise_id = installation.enterprise_id
    row.slack_team_id = installation.team_id
    row.slack_team_name = _team_name(installation)
    row.slack_bot_id = installation.bot_id or (row.slack_bot_id if same_bot else None)
    row.slack_bot_user_id = installation.bot_user_id
    row.scopes = list(installation.bot_scopes or ())
    row.access_token, row.refresh_token = installation.bot_token, installation.bot_refresh_token
    row.app_secret = None  # no farewell is to be said any more
    expires_at = installation.bot_token_expires_at
    row.token_expires_at = datetime.fromtimestamp(expires_at, UTC) if expires_at else None
    row.installed_at = row.refreshed_at = row.updated_at = now
    schedule(row, now)
    row.state, row.state_reason = "active", None
    if url := installation.custom_values.get(SLACK_URL):
        row.config = {**row.config, "slack_url": url}


def _audit(session: Session, row: Integration, action: str, actor_id: str | None, now: datetime) -> None:
    session.add(
        AuditEntry(
            workspace_id=row.workspace_id,
            actor_id=actor_id,
            action=action,
            target_id=row.id,
            details={"slack_team_id": row.slack_team_id, "slack_team_name": row.slack_team_name, "scopes": row.scopes},
            created_at=now,
        )
    )


def _team_name(installation: Installation) -> str | None:
    name = installation.team_name or installation.enterprise_name
    return name[:_NAME_CHARACTERS] if name else None

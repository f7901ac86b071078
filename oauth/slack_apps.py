"""The Slack apps that can be added: the server's shared one, which the settings describe, or a workspace's own."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.errors import Conflict, NotFound
from core.settings import Settings
from db import Database, SlackApp
from db.dialects import insert_into

SHARED_APP_ID = f"{SlackApp.id_prefix}_{'0' * 26}"
"""The shared row has one well-known id, so that processes starting at the same moment make one row, not several."""

MISSING = (
    "No Slack app is configured. Set SIGNALBOX_SLACK_CLIENT_ID, SIGNALBOX_SLACK_CLIENT_SECRET and "
    "SIGNALBOX_SLACK_SIGNING_SECRET, and start Signalbox again, or register an app of the workspace's own."
)
INCOMPLETE = "This Slack app has no credentials yet: paste them first."


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """What the OAuth flow needs of an app."""

    id: str
    client_id: str
    client_secret: str = field(repr=False)


def upsert_shared_app(database: Database, settings: Settings, now: datetime) -> None:
    """Makes the shared row say what the SLACK_* settings say. Without a client id in them the row stays as it is.

    The first signing secret is the current one, the second the previous one. What the settings leave out is kept,
    unless the client id shows that it is another app.
    """
    if not settings.slack_client_id:
        return
    with database.write() as session:
        made = {"id": SHARED_APP_ID, "name": "Signalbox", "client_id": settings.slack_client_id}
        if shared_app(session) is None:
            times = {"created_at": now, "updated_at": now}
            session.execute(insert_into(session, SlackApp).values(made | times).on_conflict_do_nothing())
        app = session.scalars(_shared().with_for_update()).one()
        _describe(app, settings)
        app.updated_at = now


def choose_app(session: Session, *, workspace_id: str, slack_app_id: str | None) -> SlackApp:
    """The named app, if it is the workspace's own or the shared one; else the shared one, else the only own one.

    Raises `NotFound` for any other id, ``slack_app_missing`` when there is nothing to choose, and
    ``slack_app_incomplete`` for an app without credentials.
    """
    if slack_app_id is None:
        app = shared_app(session) or _only_own_app(session, workspace_id)
        if app is None:
            raise Conflict("slack_app_missing", MISSING)
        return app
    app = session.get(SlackApp, slack_app_id)
    if app is None or app.workspace_id not in (workspace_id, None):
        raise NotFound("Slack app")
    if not app.is_complete:
        raise Conflict("slack_app_incomplete", INCOMPLETE)
    return app


def has_app_to_add(session: Session, workspace_id: str) -> bool:
    """Whether Add to Slack needs no choice."""
    return (shared_app(session) or _only_own_app(session, workspace_id)) is not None


def credentials(database: Database, slack_app_id: str) -> AppCredentials:
    """The app's client id and secret, opened. Raises ``slack_app_missing`` when it is gone or incomplete."""
    with database.read() as session:
        app = session.get(SlackApp, slack_app_id)
        if app is None or not app.client_secret:
            raise Conflict("slack_app_missing", MISSING)
        return AppCredentials(app.id, app.client_id, app.client_secret)


def shared_app(session: Session) -> SlackApp | None:
    """The server's own app, if it has one."""
    return session.scalars(_shared()).first()


def _only_own_app(session: Session, workspace_id: str) -> SlackApp | None:
    complete = select(SlackApp).where(SlackApp.workspace_id == workspace_id, SlackApp.client_id != "")
    apps = session.scalars(complete.limit(2)).all()
    return apps[0] if len(apps) == 1 else None


def _shared() -> Select[SlackApp]:
    return select(SlackApp).where(SlackApp.workspace_id.is_(None)).order_by(SlackApp.created_at, SlackApp.id).limit(1)


def _describe(app: SlackApp, settings: Settings) -> None:
    current, previous = [*settings.slack_signing_secret[:2], None, None][:2]
    same = app.client_id == settings.slack_client_id
    app.client_id = settings.slack_client_id
    if current and current != app.signing_secret:
        app.signature_verified_at = None
    for name, value in {
        "api_app_id": settings.slack_app_id,
        "client_secret": settings.slack_client_secret,
        "app_token": settings.slack_app_token,
        "signing_secret": current,
    }.items():
        if value or not same:
            setattr(app, name, value or None)
    if current:
        app.previous_signing_secret = previous

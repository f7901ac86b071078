"""Where from: a workspace's connections to platforms, the Slack apps behind them."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Required, TypeAlias, TypedDict

from sqlalchemy import ForeignKey, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.base import ID_LENGTH, Base, HasCreatedAt, HasId, HasUpdatedAt, JsonColumn
from db.connection_config import IntegrationConfig
from db.sealed import Sealed

if TYPE_CHECKING:
    from db.tenancy import User, Workspace

IntegrationPlatform: TypeAlias = Literal["slack", "pylon"] | str  # a new folder is a new platform
IntegrationState: TypeAlias = Literal["active", "needs_reconnect", "disconnected"]


class SlackApp(HasId, HasUpdatedAt, Base):
    """A Slack app whose events come here: the server's shared one (no workspace) or a workspace's own."""

    __tablename__ = "slack_apps"
    id_prefix = "app"

    workspace_id: Mapped[str | None] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200), default="Signalbox")
    api_app_id: Mapped[str | None] = mapped_column(String(40))
    client_id: Mapped[str] = mapped_column(String(80))
    client_secret = Sealed()
    signing_secret = Sealed()
    previous_signing_secret = Sealed()
    previous_signing_secret_expires_at: Mapped[datetime | None]
    """None: for as long as it is there, as when the settings name two secrets."""
    app_token = Sealed()
    signature_verified_at: Mapped[datetime | None]
    """When the first request signed with the present secret came: until then nobody knows that it is the right one."""
    socket_opened_at: Mapped[datetime | None]
    """When Slack last greeted a socket of this app (Socket Mode)."""
    rate_limited_at: Mapped[datetime | None]
    """When Slack last said that it held events of this app back (``app_rate_limited``), of whichever team: for whoever
    runs the server. Each connection knows of its own.
    """

    workspace: Mapped["Workspace | None"] = relationship(back_populates="slack_apps")

    @property
    def is_complete(self) -> bool:
        """Whether it has its credentials; until then it is a place that is kept for an app being made in Slack."""
        return bool(self.client_id)


_OWN = text("workspace_id IS NOT NULL AND client_id <> ''")
Index("uq_slack_apps_own_client_id", SlackApp.client_id, unique=True, postgresql_where=_OWN, sqlite_where=_OWN)


class NewSlackApp(TypedDict, total=False):
    """What a Slack app is made of."""

    workspace_id: str | None
    name: str
    api_app_id: str | None
    client_id: Required[str]
    client_secret: Required[str]
    signing_secret: Required[str]
    previous_signing_secret: str | None
    app_token: str | None


class Integration(HasId, HasUpdatedAt, Base):
    """A workspace's connection to a platform. Disconnecting keeps the row, its configuration and its signals."""

    __tablename__ = "integrations"
    id_prefix = "int"

    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    platform: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))

    webhook_secret = Sealed()
    previous_webhook_secret = Sealed()
    previous_webhook_secret_expires_at: Mapped[datetime | None]
    """None: for as long as it is there, as in rows of a time when old secrets had no end."""
    ingest_key_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    header_name: Mapped[str | None] = mapped_column(String(100))
    header_secret = Sealed()
    previous_header_secret = Sealed()
    previous_header_secret_expires_at: Mapped[datetime | None]
    app_secret = Sealed()
    """What the platform signs the requests of its own side panel with (Pylon's Custom Apps); with a disconnected Slack
    row until ``wipe_due_at``, the id and secret of an app that was deleted (`core.grants.Client`).
    """
    previous_app_secret = Sealed()
    previous_app_secret_expires_at: Mapped[datetime | None]

    access_token = Sealed()
    refresh_token = Sealed()
    token_expires_at: Mapped[datetime | None]
    refreshed_at: Mapped[datetime | None]
    refresh_due_at: Mapped[datetime | None]
    refresh_attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    refresh_problem: Mapped[str | None] = mapped_column(String(80))
    token_problem_since: Mapped[datetime | None]
    """Since when ``refresh_problem`` stands, whatever its reasons were meanwhile."""
    wipe_due_at: Mapped[datetime | None]
    """When a disconnected row's token, kept to say farewell to the platform with, is wiped at the latest."""
    lease_token: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    lease_expires_at: Mapped[datetime | None]

    slack_app_id: Mapped[str | None] = mapped_column(ForeignKey("slack_apps.id", ondelete="SET NULL"), index=True)
    slack_enterprise_id: Mapped[str | None] = mapped_column(String(40))
    slack_team_id: Mapped[str | None] = mapped_column(String(40))
    slack_team_name: Mapped[str | None] = mapped_column(String(200))
    slack_bot_user_id: Mapped[str | None] = mapped_column(String(40))
    slack_bot_id: Mapped[str | None] = mapped_column(String(40))
    scopes: Mapped[list[str]] = mapped_column(JsonColumn, default=list)
    installed_at: Mapped[datetime | None]

    pylon_account_id: Mapped[str | None] = mapped_column(String(80))
    pylon_region: Mapped[str | None] = mapped_column(String(2))

    state: Mapped[str] = mapped_column(String(20), default="active")
    state_reason: Mapped[str | None] = mapped_column(String(80))
    is_active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    config: Mapped[IntegrationConfig] = mapped_column(JsonColumn, default=dict)
    last_used_at: Mapped[datetime | None]
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)

    workspace: Mapped["Workspace"] = relationship(back_populates="integrations")
    slack_app: Mapped[SlackApp | None] = relationship()
    creator: Mapped["User | None"] = relationship()

    @property
    def held_back_at(self) -> datetime | None:
        """When Slack last held events of the installation back (``app_rate_limited``)."""
        minute = self.config.get("slack_learned", {}).get("held_back", {}).get("minute")
        return None if minute is None else datetime.fromtimestamp(minute, UTC)

    @property
    def is_connected(self) -> bool:
        """Whether it still holds its place: a team is connected once per app."""
        return self.state != "disconnected"

    @property
    def takes_events(self) -> bool:
        """Whether events become signals: connected and not paused."""
        return self.is_connected and self.is_active

    def note_token_problem(self, reason: str | None, now: datetime) -> None:
        """Why the token does not serve, or None: it does. How long that lasts is counted from its first reason on."""
        if reason is None:
            self.token_problem_since = None
        elif self.refresh_problem is None or self.token_problem_since is None:
            self.token_problem_since = now
        self.refresh_problem = reason


for _duty in ("refresh_due_at", "wipe_due_at"):
    _waiting = text(f"{_duty} IS NOT NULL")
    _column = Integration.__table__.c[_duty]
    Index(f"ix_integrations_{_duty}", _column, postgresql_where=_waiting, sqlite_where=_waiting)
_CONNECTED_SLACK = text("platform = 'slack' AND state <> 'disconnected'")
Index(
    "uq_integrations_connected_slack_team",
    Integration.slack_app_id,
    func.coalesce(Integration.slack_enterprise_id, ""),
    func.coalesce(Integration.slack_team_id, ""),
    unique=True,
    postgresql_where=_CONNECTED_SLACK,
    sqlite_where=_CONNECTED_SLACK,
)
_CONNECTED = text("state <> 'disconnected'")
Index(
    "uq_integrations_connected_organisation",
    Integration.platform,
    Integration.pylon_account_id,
    unique=True,
    postgresql_where=_CONNECTED,
    sqlite_where=_CONNECTED,
)


class NewIntegration(TypedDict, total=False):
    """What an integration is made of."""

    workspace_id: Required[str]
    platform: Required[IntegrationPlatform]
    name: Required[str]
    webhook_secret: str | None
    ingest_key_digest: str | None
    header_name: str | None
    header_secret: str | None
    access_token: str | None
    refresh_token: str | None
    token_expires_at: datetime | None
    slack_app_id: str | None
    slack_enterprise_id: str | None
    slack_team_id: str | None
    slack_team_name: str | None
    slack_bot_user_id: str | None
    slack_bot_id: str | None
    scopes: list[str]
    installed_at: datetime | None
    pylon_account_id: str | None
    pylon_region: str | None
    config: IntegrationConfig
    created_by: str | None


class OAuthState(HasId, HasCreatedAt, Base):
    """A promise that whoever comes back is who left: an OAuth state, or an install ticket that starts one.

    The value itself is kept as a digest; a state is bound to the browser that holds the cookie.
    """

    __tablename__ = "oauth_states"
    id_prefix = "sta"

    kind: Mapped[str] = mapped_column(String(10))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    browser_digest: Mapped[str | None] = mapped_column(String(64))
    ticket_id: Mapped[str | None] = mapped_column(ForeignKey("oauth_states.id", ondelete="CASCADE"), index=True)
    slack_app_id: Mapped[str | None] = mapped_column(ForeignKey("slack_apps.id", ondelete="CASCADE"), index=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(JsonColumn, default=dict)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    consumed_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(Text)

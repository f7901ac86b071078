"""The rows: SQLAlchemy models, their insert shapes, and sessions over SQLite or PostgreSQL."""

from db.base import Base
from db.connections import (
    CaptureMode,
    Integration,
    IntegrationConfig,
    IntegrationPlatform,
    IntegrationState,
    NewIntegration,
    NewSlackApp,
    NewWebhookKey,
    OAuthState,
    PylonEvent,
    SlackApp,
    SlackChannelConfig,
    WebhookKey,
)
from db.engine import Database
from db.stream import (
    Conversation,
    ConversationLink,
    Event,
    EventState,
    Outcome,
    Receipt,
    Signal,
    SignalStatus,
)
from db.tenancy import (
    ApiToken,
    AuditEntry,
    NewUser,
    NewWorkspace,
    Role,
    Scope,
    SignInLink,
    User,
    UserIdentity,
    UserSession,
    Workspace,
    WorkspaceMember,
)

__all__ = [
    "ApiToken", "AuditEntry", "Base", "CaptureMode", "Conversation", "ConversationLink", "Database", "Event",
    "EventState", "Integration", "IntegrationConfig", "IntegrationPlatform", "IntegrationState",
    "NewIntegration", "NewSlackApp", "NewUser", "NewWebhookKey", "NewWorkspace", "OAuthState", "Outcome",
    "PylonEvent", "Receipt", "Role", "Scope", "SignInLink", "Signal", "SignalStatus", "SlackApp",
    "SlackChannelConfig", "User", "UserIdentity", "UserSession", "WebhookKey", "Workspace", "WorkspaceMember",
]  # fmt: skip

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
    SignalRevision,
    SignalStatus,
)
from db.tenancy import (
    ApiToken,
    AuditEntry,
    IdempotencyKey,
    Invitation,
    NewUser,
    NewWorkspace,
    Role,
    SavedView,
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
    "EventState", "IdempotencyKey", "Integration", "IntegrationConfig", "IntegrationPlatform",
    "IntegrationState", "Invitation", "NewIntegration", "NewSlackApp", "NewUser", "NewWebhookKey",
    "NewWorkspace", "OAuthState", "Outcome", "PylonEvent", "Receipt", "Role", "SavedView", "Scope",
    "SignInLink", "Signal", "SignalRevision", "SignalStatus", "SlackApp", "SlackChannelConfig", "User",
    "UserIdentity", "UserSession", "WebhookKey", "Workspace", "WorkspaceMember",
]  # fmt: skip

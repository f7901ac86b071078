"""The rows: SQLAlchemy models, their insert shapes, and sessions over SQLite or PostgreSQL."""

from db.base import Base
from db.connection_config import (
    CaptureMode,
    IntegrationConfig,
    PylonEvent,
    SlackChannelConfig,
    SlackDigestConfig,
    SlackLearned,
)
from db.connections import (
    Integration,
    IntegrationPlatform,
    IntegrationState,
    NewIntegration,
    NewSlackApp,
    OAuthState,
    SlackApp,
)
from db.engine import Database
from db.stream import (
    Conversation,
    ConversationLink,
    ConversationVerdict,
    Event,
    EventState,
    Outcome,
    Receipt,
    Signal,
    SignalCopy,
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
from db.webhook_keys import NewWebhookKey, WebhookKey
from db.work import (
    ChannelAudience,
    DirectoryEntry,
    Duty,
    Import,
    ImportState,
    Knock,
    Pause,
)

__all__ = [
    "ApiToken", "AuditEntry", "Base", "CaptureMode", "ChannelAudience", "Conversation", "ConversationLink",
    "ConversationVerdict", "Database", "DirectoryEntry", "Duty", "Event", "EventState", "IdempotencyKey", "Import",
    "ImportState", "Integration", "IntegrationConfig", "IntegrationPlatform", "IntegrationState", "Invitation",
    "Knock", "NewIntegration", "NewSlackApp", "NewUser", "NewWebhookKey", "NewWorkspace", "OAuthState", "Outcome",
    "Pause", "PylonEvent", "Receipt", "Role", "SavedView", "Scope", "SignInLink", "Signal", "SignalCopy",
    "SignalRevision", "SignalStatus", "SlackApp", "SlackChannelConfig", "SlackDigestConfig", "SlackLearned", "User",
    "UserIdentity", "UserSession", "WebhookKey", "Workspace", "WorkspaceMember",
]  # fmt: skip

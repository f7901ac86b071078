"""Create the schema.

Old code runs beside new code while a deployment rolls: add columns as nullable or with a server default, backfill in
batches, drop only what no running version reads. PostgreSQL waits at most five seconds for a lock (see `db.dialects`).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index(op.f("ix_users_email"), "users", ["email"], unique=False)
    op.create_table(
        "workspaces",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspaces")),
        sa.UniqueConstraint("slug", name=op.f("uq_workspaces_slug")),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("token_hint", sa.String(length=20), nullable=False),
        sa.Column("scopes", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_api_tokens_created_by_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_api_tokens_workspace_id_workspaces"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_api_tokens_token_digest")),
    )
    op.create_index(op.f("ix_api_tokens_created_by"), "api_tokens", ["created_by"], unique=False)
    op.create_index(op.f("ix_api_tokens_workspace_id"), "api_tokens", ["workspace_id"], unique=False)
    op.create_table(
        "audit_log",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("actor_id", sa.String(length=40), nullable=True),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("target_id", sa.String(length=40), nullable=True),
        sa.Column("details", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["users.id"], name=op.f("fk_audit_log_actor_id_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_audit_log_workspace_id_workspaces"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_actor_id"), "audit_log", ["actor_id"], unique=False)
    op.create_index("ix_audit_log_workspace_id_id", "audit_log", ["workspace_id", "id"], unique=False)
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_conversations_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
    )
    op.create_index(op.f("ix_conversations_workspace_id"), "conversations", ["workspace_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=True),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id_users"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_sessions_workspace_id_workspaces"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_sessions_token_digest")),
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
    op.create_index(op.f("ix_sessions_workspace_id"), "sessions", ["workspace_id"], unique=False)
    op.create_table(
        "sign_in_links",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=True),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_sign_in_links_user_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_sign_in_links_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_links")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_sign_in_links_token_digest")),
    )
    op.create_index(op.f("ix_sign_in_links_user_id"), "sign_in_links", ["user_id"], unique=False)
    op.create_index(op.f("ix_sign_in_links_workspace_id"), "sign_in_links", ["workspace_id"], unique=False)
    op.create_table(
        "slack_apps",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("api_app_id", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("client_secret", sa.LargeBinary(), nullable=True),
        sa.Column("signing_secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_signing_secret", sa.LargeBinary(), nullable=True),
        sa.Column("app_token", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_slack_apps_workspace_id_workspaces"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_apps")),
    )
    op.create_index(op.f("ix_slack_apps_workspace_id"), "slack_apps", ["workspace_id"], unique=False)
    op.create_table(
        "user_identities",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_identities_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_identities")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_user_identities_issuer_subject")),
    )
    op.create_index(op.f("ix_user_identities_user_id"), "user_identities", ["user_id"], unique=False)
    op.create_table(
        "webhook_keys",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("api_key", sa.String(length=64), nullable=False),
        sa.Column("api_key_hint", sa.String(length=20), nullable=False),
        sa.Column("previous_secret_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(length=40), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_webhook_keys_created_by_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_webhook_keys_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_keys")),
        sa.UniqueConstraint("api_key", name=op.f("uq_webhook_keys_api_key")),
    )
    op.create_index(op.f("ix_webhook_keys_created_by"), "webhook_keys", ["created_by"], unique=False)
    op.create_index(op.f("ix_webhook_keys_workspace_id"), "webhook_keys", ["workspace_id"], unique=False)
    op.create_table(
        "workspace_members",
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_workspace_members_user_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_workspace_members_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", name=op.f("pk_workspace_members")),
    )
    op.create_index(op.f("ix_workspace_members_user_id"), "workspace_members", ["user_id"], unique=False)
    op.create_table(
        "conversation_links",
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_conversation_links_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_conversation_links_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "kind", "ref", name=op.f("pk_conversation_links")),
    )
    op.create_index(
        op.f("ix_conversation_links_conversation_id"), "conversation_links", ["conversation_id"], unique=False
    )
    op.create_table(
        "integrations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("ingest_key_digest", sa.String(length=64), nullable=True),
        sa.Column("header_name", sa.String(length=100), nullable=True),
        sa.Column("token_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.String(length=40), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("slack_app_id", sa.String(length=40), nullable=True),
        sa.Column("slack_enterprise_id", sa.String(length=40), nullable=True),
        sa.Column("slack_team_id", sa.String(length=40), nullable=True),
        sa.Column("slack_team_name", sa.String(length=200), nullable=True),
        sa.Column("slack_bot_user_id", sa.String(length=40), nullable=True),
        sa.Column("slack_bot_id", sa.String(length=40), nullable=True),
        sa.Column("scopes", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("installed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pylon_account_id", sa.String(length=80), nullable=True),
        sa.Column("pylon_region", sa.String(length=2), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("state_reason", sa.String(length=80), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.Column("config", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(length=40), nullable=True),
        sa.Column("webhook_secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_webhook_secret", sa.LargeBinary(), nullable=True),
        sa.Column("header_secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_header_secret", sa.LargeBinary(), nullable=True),
        sa.Column("access_token", sa.LargeBinary(), nullable=True),
        sa.Column("refresh_token", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_integrations_created_by_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["slack_app_id"],
            ["slack_apps.id"],
            name=op.f("fk_integrations_slack_app_id_slack_apps"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_integrations_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations")),
        sa.UniqueConstraint("ingest_key_digest", name=op.f("uq_integrations_ingest_key_digest")),
    )
    op.create_index(op.f("ix_integrations_created_by"), "integrations", ["created_by"], unique=False)
    op.create_index(op.f("ix_integrations_slack_app_id"), "integrations", ["slack_app_id"], unique=False)
    op.create_index(op.f("ix_integrations_workspace_id"), "integrations", ["workspace_id"], unique=False)
    op.create_table(
        "oauth_states",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("browser_digest", sa.String(length=64), nullable=True),
        sa.Column("ticket_id", sa.String(length=40), nullable=True),
        sa.Column("slack_app_id", sa.String(length=40), nullable=True),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=True),
        sa.Column("details", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["slack_app_id"],
            ["slack_apps.id"],
            name=op.f("fk_oauth_states_slack_app_id_slack_apps"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["oauth_states.id"], name=op.f("fk_oauth_states_ticket_id_oauth_states"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_oauth_states_user_id_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_oauth_states_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_states")),
        sa.UniqueConstraint("digest", name=op.f("uq_oauth_states_digest")),
    )
    op.create_index(op.f("ix_oauth_states_expires_at"), "oauth_states", ["expires_at"], unique=False)
    op.create_index(op.f("ix_oauth_states_slack_app_id"), "oauth_states", ["slack_app_id"], unique=False)
    op.create_index(op.f("ix_oauth_states_ticket_id"), "oauth_states", ["ticket_id"], unique=False)
    op.create_index(op.f("ix_oauth_states_user_id"), "oauth_states", ["user_id"], unique=False)
    op.create_index(op.f("ix_oauth_states_workspace_id"), "oauth_states", ["workspace_id"], unique=False)
    op.create_table(
        "signals",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("source_scope", sa.String(length=80), nullable=False),
        sa.Column(
            "source_ref", sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column(
            "source_version", sa.String(40).with_variant(sa.String(40, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("verbatim", sa.Text(), nullable=False),
        sa.Column("interpretation", sa.Text(), nullable=True),
        sa.Column("severity", sa.String(length=10), nullable=True),
        sa.Column("frequency", sa.String(length=10), nullable=True),
        sa.Column("user_segment", sa.Text(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=True),
        sa.Column("author_email", sa.Text(), nullable=True),
        sa.Column("author_external_id", sa.String(length=255), nullable=True),
        sa.Column("author_affiliation", sa.String(length=10), nullable=False),
        sa.Column("account_external_id", sa.String(length=255), nullable=True),
        sa.Column("account_name", sa.Text(), nullable=True),
        sa.Column("tags", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("links", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=True),
        sa.Column("source_metadata", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_signals_conversation_id_conversations"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_signals_workspace_id_workspaces"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signals")),
        sa.UniqueConstraint(
            "workspace_id",
            "source",
            "source_scope",
            "source_ref",
            name=op.f("uq_signals_workspace_id_source_source_scope_source_ref"),
        ),
    )
    op.create_index(op.f("ix_signals_conversation_id"), "signals", ["conversation_id"], unique=False)
    op.create_index(
        "ix_signals_workspace_id_updated_at_id", "signals", ["workspace_id", "updated_at", "id"], unique=False
    )
    op.create_index(
        "ix_signals_workspace_id_occurred_at_id", "signals", ["workspace_id", "occurred_at", "id"], unique=False
    )
    op.create_table(
        "events",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("slack_app_id", sa.String(length=40), nullable=True),
        sa.Column("integration_id", sa.String(length=40), nullable=True),
        sa.Column("webhook_key_id", sa.String(length=40), nullable=True),
        sa.Column("external_id", sa.String(length=255), nullable=True),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lane", sa.String(length=10), server_default=sa.text("'decide'"), nullable=False),
        sa.Column("lease_token", sa.String(length=40), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integrations.id"],
            name=op.f("fk_events_integration_id_integrations"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["slack_app_id"], ["slack_apps.id"], name=op.f("fk_events_slack_app_id_slack_apps"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["webhook_key_id"],
            ["webhook_keys.id"],
            name=op.f("fk_events_webhook_key_id_webhook_keys"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    pending = sa.text("state = 'pending'")
    op.create_index(
        "ix_events_pending_lane_due_at",
        "events",
        ["lane", "due_at"],
        unique=False,
        postgresql_where=pending,
        sqlite_where=pending,
    )
    op.create_index(op.f("ix_events_slack_app_id"), "events", ["slack_app_id"], unique=False)
    op.create_index(
        "uq_events_integration_id_external_id",
        "events",
        ["integration_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("integration_id IS NOT NULL AND external_id IS NOT NULL"),
        sqlite_where=sa.text("integration_id IS NOT NULL AND external_id IS NOT NULL"),
    )
    op.create_index(
        "uq_events_slack_app_id_external_id",
        "events",
        ["slack_app_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("slack_app_id IS NOT NULL AND external_id IS NOT NULL"),
        sqlite_where=sa.text("slack_app_id IS NOT NULL AND external_id IS NOT NULL"),
    )
    op.create_index(
        "uq_events_webhook_key_id_external_id",
        "events",
        ["webhook_key_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("webhook_key_id IS NOT NULL AND external_id IS NOT NULL"),
        sqlite_where=sa.text("webhook_key_id IS NOT NULL AND external_id IS NOT NULL"),
    )
    op.create_table(
        "receipts",
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("integration_id", sa.String(length=40), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=True),
        sa.Column("signal_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_receipts_event_id_events"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integrations.id"],
            name=op.f("fk_receipts_integration_id_integrations"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["signal_id"], ["signals.id"], name=op.f("fk_receipts_signal_id_signals"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_receipts_workspace_id_workspaces"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", "workspace_id", name=op.f("pk_receipts")),
    )
    op.create_index(op.f("ix_receipts_integration_id"), "receipts", ["integration_id"], unique=False)
    op.create_index(op.f("ix_receipts_signal_id"), "receipts", ["signal_id"], unique=False)
    op.create_index("ix_receipts_workspace_id_event_id", "receipts", ["workspace_id", "event_id"], unique=False)
    op.create_index("ix_events_received_at_id", "events", ["received_at", "id"], unique=False)
    anything_connected = sa.text("state <> 'disconnected'")
    op.create_index(
        "uq_integrations_connected_organisation",
        "integrations",
        ["platform", "pylon_account_id"],
        unique=True,
        postgresql_where=anything_connected,
        sqlite_where=anything_connected,
    )
    connected = sa.text("platform = 'slack' AND state <> 'disconnected'")
    op.create_index(
        "uq_integrations_connected_slack_team",
        "integrations",
        ["slack_app_id", sa.text("coalesce(slack_enterprise_id, '')"), sa.text("coalesce(slack_team_id, '')")],
        unique=True,
        postgresql_where=connected,
        sqlite_where=connected,
    )


def downgrade() -> None:
    op.drop_index("ix_events_received_at_id", table_name="events")
    op.drop_index("uq_integrations_connected_organisation", table_name="integrations")
    op.drop_index("uq_integrations_connected_slack_team", table_name="integrations")
    op.drop_index("ix_receipts_workspace_id_event_id", table_name="receipts")
    op.drop_index(op.f("ix_receipts_signal_id"), table_name="receipts")
    op.drop_index(op.f("ix_receipts_integration_id"), table_name="receipts")
    op.drop_table("receipts")
    op.drop_index(
        "uq_events_webhook_key_id_external_id",
        table_name="events",
        postgresql_where=sa.text("webhook_key_id IS NOT NULL AND external_id IS NOT NULL"),
        sqlite_where=sa.text("webhook_key_id IS NOT NULL AND external_id IS NOT NULL"),
    )
    op.drop_index(
        "uq_events_slack_app_id_external_id",
        table_name="events",
        postgresql_where=sa.text("slack_app_id IS NOT NULL AND external_id IS NOT NULL"),
        sqlite_where=sa.text("slack_app_id IS NOT NULL AND external_id IS NOT NULL"),
    )
    op.drop_index(
        "uq_events_integration_id_external_id",
        table_name="events",
        postgresql_where=sa.text("integration_id IS NOT NULL AND external_id IS NOT NULL"),
        sqlite_where=sa.text("integration_id IS NOT NULL AND external_id IS NOT NULL"),
    )
    op.drop_index("ix_events_pending_lane_due_at", table_name="events")
    op.drop_table("events")
    op.drop_index("ix_signals_workspace_id_updated_at_id", table_name="signals")
    op.drop_index("ix_signals_workspace_id_occurred_at_id", table_name="signals")
    op.drop_index(op.f("ix_signals_conversation_id"), table_name="signals")
    op.drop_table("signals")
    op.drop_index(op.f("ix_oauth_states_workspace_id"), table_name="oauth_states")
    op.drop_index(op.f("ix_oauth_states_user_id"), table_name="oauth_states")
    op.drop_index(op.f("ix_oauth_states_ticket_id"), table_name="oauth_states")
    op.drop_index(op.f("ix_oauth_states_slack_app_id"), table_name="oauth_states")
    op.drop_index(op.f("ix_oauth_states_expires_at"), table_name="oauth_states")
    op.drop_table("oauth_states")
    op.drop_index(op.f("ix_integrations_workspace_id"), table_name="integrations")
    op.drop_index(op.f("ix_integrations_slack_app_id"), table_name="integrations")
    op.drop_index(op.f("ix_integrations_created_by"), table_name="integrations")
    op.drop_table("integrations")
    op.drop_index(op.f("ix_conversation_links_conversation_id"), table_name="conversation_links")
    op.drop_table("conversation_links")
    op.drop_index(op.f("ix_workspace_members_user_id"), table_name="workspace_members")
    op.drop_table("workspace_members")
    op.drop_index(op.f("ix_webhook_keys_workspace_id"), table_name="webhook_keys")
    op.drop_index(op.f("ix_webhook_keys_created_by"), table_name="webhook_keys")
    op.drop_table("webhook_keys")
    op.drop_index(op.f("ix_user_identities_user_id"), table_name="user_identities")
    op.drop_table("user_identities")
    op.drop_index(op.f("ix_slack_apps_workspace_id"), table_name="slack_apps")
    op.drop_table("slack_apps")
    op.drop_index(op.f("ix_sign_in_links_workspace_id"), table_name="sign_in_links")
    op.drop_index(op.f("ix_sign_in_links_user_id"), table_name="sign_in_links")
    op.drop_table("sign_in_links")
    op.drop_index(op.f("ix_sessions_workspace_id"), table_name="sessions")
    op.drop_index(op.f("ix_sessions_user_id"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_index(op.f("ix_conversations_workspace_id"), table_name="conversations")
    op.drop_table("conversations")
    op.drop_index("ix_audit_log_workspace_id_id", table_name="audit_log")
    op.drop_index(op.f("ix_audit_log_actor_id"), table_name="audit_log")
    op.drop_table("audit_log")
    op.drop_index(op.f("ix_api_tokens_workspace_id"), table_name="api_tokens")
    op.drop_index(op.f("ix_api_tokens_created_by"), table_name="api_tokens")
    op.drop_table("api_tokens")
    op.drop_table("workspaces")
    op.drop_index(op.f("ix_users_email"), table_name="users")
    op.drop_table("users")

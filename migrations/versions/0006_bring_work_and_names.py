"""Bring work, names and what issues are like.

Old code runs beside new code while a deployment rolls: add columns as nullable or with a server default, backfill in
batches, drop only what no running version reads. PostgreSQL waits at most five seconds for a lock (see `db.dialects`).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pauses",
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("endpoint", sa.String(length=120), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", "endpoint", name=op.f("pk_pauses")),
    )
    op.create_index(op.f("ix_pauses_until"), "pauses", ["until"], unique=False)

    op.create_table(
        "conversation_verdicts",
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("other_kind", sa.String(length=20), nullable=False),
        sa.Column("other_ref", sa.String(length=255), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("reasons", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["users.id"], name=op.f("fk_conversation_verdicts_decided_by_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_conversation_verdicts_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "kind", "ref", "other_kind", "other_ref", name=op.f("pk_conversation_verdicts")
        ),
    )
    op.create_index(op.f("ix_conversation_verdicts_decided_by"), "conversation_verdicts", ["decided_by"], unique=False)

    op.create_table(
        "channel_audiences",
        sa.Column("slack_app_id", sa.String(length=40), nullable=False),
        sa.Column("channel_id", sa.String(length=200), nullable=False),
        sa.Column("accounts", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["slack_app_id"],
            ["slack_apps.id"],
            name=op.f("fk_channel_audiences_slack_app_id_slack_apps"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("slack_app_id", "channel_id", name=op.f("pk_channel_audiences")),
    )
    op.create_table(
        "directory_entries",
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("facts", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_token", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integrations.id"],
            name=op.f("fk_directory_entries_integration_id_integrations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("integration_id", "kind", "ref", name=op.f("pk_directory_entries")),
    )
    op.create_index(
        "ix_directory_entries_due_at",
        "directory_entries",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )

    op.create_table(
        "duties",
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("cursor", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("complete_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_token", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integrations.id"],
            name=op.f("fk_duties_integration_id_integrations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("integration_id", "kind", "scope", name=op.f("pk_duties")),
    )
    op.create_index(
        "ix_duties_due_at",
        "duties",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )

    op.create_table(
        "signal_copies",
        sa.Column("signal_id", sa.String(length=40), nullable=False),
        sa.Column("original_id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["signal_id"], ["signals.id"], name=op.f("fk_signal_copies_signal_id_signals"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["original_id"], ["signals.id"], name=op.f("fk_signal_copies_original_id_signals"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_signal_copies_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("signal_id", name=op.f("pk_signal_copies")),
    )
    op.create_index(op.f("ix_signal_copies_original_id"), "signal_copies", ["original_id"])
    op.create_index(op.f("ix_signal_copies_workspace_id"), "signal_copies", ["workspace_id"])
    op.create_table(
        "imports",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=True),
        sa.Column("channel_id", sa.String(length=200), nullable=True),
        sa.Column("channel_name", sa.String(length=200), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("cursor", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("messages_seen", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("messages_new", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("requests_made", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("requests_expected", sa.Integer(), nullable=True),
        sa.Column("pace_seconds", sa.Double(), nullable=True),
        sa.Column("page_size", sa.Integer(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_token", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_imports_created_by_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integrations.id"],
            name=op.f("fk_imports_integration_id_integrations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_imports_workspace_id_workspaces"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_created_by"), "imports", ["created_by"], unique=False)
    op.create_index(
        "ix_imports_due_at",
        "imports",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_imports_integration_id"), "imports", ["integration_id"], unique=False)
    op.create_index(op.f("ix_imports_workspace_id"), "imports", ["workspace_id"], unique=False)

    op.create_table(
        "knocks",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=True),
        sa.Column("refusal", sa.String(length=80), nullable=True),
        sa.Column("findings", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_knocks_event_id_events"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integrations.id"],
            name=op.f("fk_knocks_integration_id_integrations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knocks")),
    )
    op.create_index(op.f("ix_knocks_event_id"), "knocks", ["event_id"], unique=False)
    op.create_index("ix_knocks_integration_id_id", "knocks", ["integration_id", "id"], unique=False)

    op.add_column("conversations", sa.Column("title", sa.Text(), nullable=True))
    op.add_column("conversations", sa.Column("url", sa.Text(), nullable=True))
    op.add_column("conversations", sa.Column("state", sa.String(length=80), nullable=True))
    op.add_column("conversations", sa.Column("priority", sa.String(length=80), nullable=True))
    op.add_column("conversations", sa.Column("assignee_name", sa.Text(), nullable=True))
    op.add_column("conversations", sa.Column("assignee_email", sa.Text(), nullable=True))
    op.add_column("conversations", sa.Column("account_external_id", sa.String(length=255), nullable=True))
    op.add_column("conversations", sa.Column("account_name", sa.Text(), nullable=True))
    op.add_column(
        "conversations",
        sa.Column(
            "tags", sa.JSON().with_variant(JSONB(), "postgresql"), server_default=sa.text("'[]'"), nullable=False
        ),
    )
    op.add_column(
        "conversations",
        sa.Column(
            "source_version",
            sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql"),
            nullable=True,
        ),
    )

    op.add_column("integrations", sa.Column("refresh_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "integrations", sa.Column("refresh_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("integrations", sa.Column("refresh_problem", sa.String(length=80), nullable=True))
    op.add_column("integrations", sa.Column("wipe_due_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_integrations_refresh_due_at",
        "integrations",
        ["refresh_due_at"],
        unique=False,
        postgresql_where=sa.text("refresh_due_at IS NOT NULL"),
        sqlite_where=sa.text("refresh_due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_integrations_wipe_due_at",
        "integrations",
        ["wipe_due_at"],
        unique=False,
        postgresql_where=sa.text("wipe_due_at IS NOT NULL"),
        sqlite_where=sa.text("wipe_due_at IS NOT NULL"),
    )

    op.add_column("signals", sa.Column("is_trivial", sa.Boolean(), server_default=sa.text("false"), nullable=False))

    op.add_column("slack_apps", sa.Column("rate_limited_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("slack_apps", "rate_limited_at")

    op.drop_column("signals", "is_trivial")

    op.drop_index("ix_integrations_wipe_due_at", table_name="integrations")
    op.drop_index("ix_integrations_refresh_due_at", table_name="integrations")
    op.drop_column("integrations", "wipe_due_at")
    op.drop_column("integrations", "refresh_problem")
    op.drop_column("integrations", "refresh_attempts")
    op.drop_column("integrations", "refresh_due_at")

    op.drop_column("conversations", "source_version")
    op.drop_column("conversations", "tags")
    op.drop_column("conversations", "account_name")
    op.drop_column("conversations", "account_external_id")
    op.drop_column("conversations", "assignee_email")
    op.drop_column("conversations", "assignee_name")
    op.drop_column("conversations", "priority")
    op.drop_column("conversations", "state")
    op.drop_column("conversations", "url")
    op.drop_column("conversations", "title")

    op.drop_index("ix_knocks_integration_id_id", table_name="knocks")
    op.drop_index(op.f("ix_knocks_event_id"), table_name="knocks")

    op.drop_table("knocks")
    op.drop_index(op.f("ix_imports_workspace_id"), table_name="imports")
    op.drop_index(op.f("ix_imports_integration_id"), table_name="imports")
    op.drop_index("ix_imports_due_at", table_name="imports")
    op.drop_index(op.f("ix_imports_created_by"), table_name="imports")

    op.drop_table("imports")
    op.drop_table("signal_copies")
    op.drop_index("ix_duties_due_at", table_name="duties")

    op.drop_table("duties")
    op.drop_index("ix_directory_entries_due_at", table_name="directory_entries")

    op.drop_table("directory_entries")
    op.drop_table("channel_audiences")
    op.drop_index(op.f("ix_conversation_verdicts_decided_by"), table_name="conversation_verdicts")

    op.drop_table("conversation_verdicts")
    op.drop_index(op.f("ix_pauses_until"), table_name="pauses")

    op.drop_table("pauses")

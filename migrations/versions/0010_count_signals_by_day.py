"""Count signals by day from an index alone.

Writers wait while it is built: some seconds among a million signals.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_signals_daily", "signals", ["workspace_id", "occurred_at", "source", "deleted_at", "is_trivial"]
    )


def downgrade() -> None:
    op.drop_index("ix_signals_daily", table_name="signals")

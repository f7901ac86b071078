"""Let old secrets of a platform's side panel live beside the new ones, until they end.

Old code runs beside new code while a deployment rolls: add columns as nullable or with a server default, backfill in
batches, drop only what no running version reads. PostgreSQL waits at most five seconds for a lock (see `db.dialects`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("integrations", sa.Column("previous_app_secret", sa.LargeBinary(), nullable=True))
    op.add_column(
        "integrations", sa.Column("previous_app_secret_expires_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("integrations", "previous_app_secret_expires_at")
    op.drop_column("integrations", "previous_app_secret")

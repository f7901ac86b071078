"""Prove Slack apps: when one was first and last heard of, and until when its old signing secret counts.

Old code runs beside new code while a deployment rolls: add columns as nullable or with a server default, backfill in
batches, drop only what no running version reads. PostgreSQL waits at most five seconds for a lock (see `db.dialects`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("signature_verified_at", "previous_signing_secret_expires_at", "socket_opened_at"):
        op.add_column("slack_apps", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in ("socket_opened_at", "previous_signing_secret_expires_at", "signature_verified_at"):
        op.drop_column("slack_apps", name)

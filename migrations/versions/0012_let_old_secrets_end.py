"""Let old secrets end: until when those before the present ones count, and the secret of a platform's side panel.

Old code runs beside new code while a deployment rolls: add columns as nullable or with a server default, backfill in
batches, drop only what no running version reads. PostgreSQL waits at most five seconds for a lock (see `db.dialects`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_EXPIRIES = ("previous_webhook_secret_expires_at", "previous_header_secret_expires_at")


def upgrade() -> None:
    for name in _EXPIRIES:
        op.add_column("integrations", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("integrations", sa.Column("app_secret", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    for name in ("app_secret", *_EXPIRIES):
        op.drop_column("integrations", name)

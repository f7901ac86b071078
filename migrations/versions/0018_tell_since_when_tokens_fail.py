"""Tell since when a connection's token makes trouble.

Old code runs beside new code while a deployment rolls: add columns as nullable or with a server default, backfill in
batches, drop only what no running version reads. PostgreSQL waits at most five seconds for a lock (see `db.dialects`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("integrations", sa.Column("token_problem_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("integrations", "token_problem_since")

"""Keep where words were said that are not kept, and whether they wait; count how often an event was repeated.

Old code runs beside new code while a deployment rolls: add columns as nullable or with a server default, backfill in
batches, drop only what no running version reads. PostgreSQL waits at most five seconds for a lock (see `db.dialects`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_THREAD = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
_PRESENT = sa.text("thread IS NOT NULL")


def upgrade() -> None:
    op.add_column("receipts", sa.Column("thread", _THREAD, nullable=True))
    op.add_column("receipts", sa.Column("author", sa.String(255), nullable=True))
    op.add_column("receipts", sa.Column("waits", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index(
        "ix_receipts_thread", "receipts", ["workspace_id", "thread"], postgresql_where=_PRESENT, sqlite_where=_PRESENT
    )
    op.add_column("events", sa.Column("repeats", sa.Integer(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    op.drop_column("events", "repeats")
    op.drop_index("ix_receipts_thread", table_name="receipts")
    for name in ("waits", "author", "thread"):
        op.drop_column("receipts", name)

"""Find events by their subject.

Old code runs beside new code while a deployment rolls: add columns as nullable or with a server default, backfill in
batches, drop only what no running version reads. PostgreSQL waits at most five seconds for a lock (see `db.dialects`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

REF = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
PRESENT = sa.text("subject IS NOT NULL")


def upgrade() -> None:

    # Empty for the events of before, which are found through their signals: their bodies would all have to be read.
    op.add_column("events", sa.Column("subject", REF, nullable=True))
    op.create_index("ix_events_subject", "events", ["subject"], postgresql_where=PRESENT, sqlite_where=PRESENT)


def downgrade() -> None:

    op.drop_index("ix_events_subject", table_name="events")
    op.drop_column("events", "subject")

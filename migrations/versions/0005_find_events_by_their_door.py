"""Find events by their door.

Old code runs beside new code while a deployment rolls: add columns as nullable or with a server default, backfill in
batches, drop only what no running version reads. PostgreSQL waits at most five seconds for a lock (see `db.dialects`).
"""

from alembic import op
from sqlalchemy import text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DOORS = ("integration_id", "webhook_key_id")


def upgrade() -> None:

    for door in DOORS:
        present = text(f"{door} IS NOT NULL")
        op.create_index(f"ix_events_{door}_id", "events", [door, "id"], postgresql_where=present, sqlite_where=present)


def downgrade() -> None:

    for door in DOORS:
        op.drop_index(f"ix_events_{door}_id", table_name="events")

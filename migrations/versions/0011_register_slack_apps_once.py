"""Register a workspace's own Slack apps once on a server: an app's tokens have one keeper.

Old code runs beside new code while a deployment rolls: add columns as nullable or with a server default, backfill in
batches, drop only what no running version reads. PostgreSQL waits at most five seconds for a lock (see `db.dialects`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NAME = "uq_slack_apps_own_client_id"
OWN = sa.text("workspace_id IS NOT NULL AND client_id <> ''")


def upgrade() -> None:
    op.create_index(NAME, "slack_apps", ["client_id"], unique=True, postgresql_where=OWN, sqlite_where=OWN)


def downgrade() -> None:
    op.drop_index(NAME, table_name="slack_apps", postgresql_where=OWN, sqlite_where=OWN)

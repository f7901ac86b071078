"""${message}.

Old code runs beside new code while a deployment rolls: add columns as nullable or with a server default, backfill in
batches, drop only what no running version reads. PostgreSQL waits at most five seconds for a lock (see `db.dialects`).
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}

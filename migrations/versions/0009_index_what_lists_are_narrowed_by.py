"""Index what lists are narrowed by: source, status, severity, account, author and channel beside the words.

Old code runs beside new code while a deployment rolls: what it writes meanwhile is found by such a filter after its next
change. Every signal is indexed once more, some thousands a second; readers go on meanwhile.
"""

from alembic import op
from sqlalchemy import text
from sqlalchemy.orm import Session

from db.search import index_signals

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BATCH = 1_000


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # The planner then knows the 2,000 commonest words, so that any other is in fewer than two of a thousand signals.
        op.execute("ALTER TABLE signal_words ALTER words SET STATISTICS 200")
        return  # what is there is indexed by 0017
    following = text("SELECT id FROM signals WHERE id > :last ORDER BY id LIMIT :batch")
    with Session(op.get_bind(), join_transaction_mode="conditional_savepoint") as session:
        last = ""
        while ids := session.scalars(following, {"last": last, "batch": BATCH}).all():
            index_signals(session, ids)
            last = ids[-1]
        session.flush()


def downgrade() -> None:
    """What is in the index besides words does no harm."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE signal_words ALTER words SET STATISTICS -1")

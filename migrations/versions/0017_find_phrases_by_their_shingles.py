"""Find phrases on PostgreSQL by their shingles: which two words of a signal follow one another.

Old code runs beside new code while a deployment rolls: what it writes meanwhile is found by its phrases after its next
change. Every signal is indexed once more, some thousands a second, and its index is built at the end; searches wait.
"""

from alembic import op
from sqlalchemy import text
from sqlalchemy.orm import Session

from db.search import index_signals

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BATCH = 1_000


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return  # FTS5 knows where words stand
    op.execute("DROP INDEX ix_signal_words_words")
    op.execute("ALTER TABLE signal_words ADD shingles INTEGER[] NOT NULL DEFAULT '{}'")
    for column in ("words", "shingles"):
        # The planner then knows the 2,000 commonest, so that any other is in fewer than two of a thousand signals.
        op.execute(f"ALTER TABLE signal_words ALTER {column} SET STATISTICS 200")
    _index_again()
    _build("words, shingles")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX ix_signal_words_words")
        op.execute("ALTER TABLE signal_words DROP shingles")
        _build("words")


def _build(columns: str) -> None:
    # What has not been merged into GIN yet is read by every search, so that stays short.
    op.execute(
        f"CREATE INDEX ix_signal_words_words ON signal_words USING gin ({columns}) WITH (gin_pending_list_limit = 256)"
    )


def _index_again() -> None:
    following = text("SELECT id FROM signals WHERE id > :last ORDER BY id LIMIT :batch")
    with Session(op.get_bind(), join_transaction_mode="conditional_savepoint") as session:
        last = ""
        while ids := session.scalars(following, {"last": last, "batch": BATCH}).all():
            index_signals(session, ids)
            last = ids[-1]
        session.flush()

"""Index the words of signals.

Old code runs beside new code while a deployment rolls: what it writes meanwhile is found after its next change. What
is there already is indexed by the later revisions 0009 and 0017. Each database gets the tables of its own full text
search; `db.search` reads and writes them.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SQLITE = (
    """
    CREATE TABLE signal_words (
        docid INTEGER PRIMARY KEY,
        signal_id VARCHAR(40) NOT NULL CONSTRAINT uq_signal_words_signal_id UNIQUE
            CONSTRAINT fk_signal_words_signal_id_signals REFERENCES signals (id) ON DELETE CASCADE,
        words TEXT NOT NULL
    )
    """,
    # Words come folded and split by spaces; the tokenizer must leave them as they are.
    """
    CREATE VIRTUAL TABLE signal_words_index USING fts5 (
        words, content = 'signal_words', content_rowid = 'docid', tokenize = "ascii tokenchars '_-'"
    )
    """,
    """
    CREATE TRIGGER signal_words_insert AFTER INSERT ON signal_words BEGIN
        INSERT INTO signal_words_index (rowid, words) VALUES (new.docid, new.words);
    END
    """,
    """
    CREATE TRIGGER signal_words_delete AFTER DELETE ON signal_words BEGIN
        INSERT INTO signal_words_index (signal_words_index, rowid, words) VALUES ('delete', old.docid, old.words);
    END
    """,
)
POSTGRESQL = (
    """
    CREATE TABLE signal_words (
        signal_id VARCHAR(40) NOT NULL CONSTRAINT pk_signal_words PRIMARY KEY
            CONSTRAINT fk_signal_words_signal_id_signals REFERENCES signals (id) ON DELETE CASCADE,
        workspace_id VARCHAR(40) NOT NULL,
        occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
        words TSVECTOR NOT NULL
    )
    """,
    # The walk's index; what has not been merged into GIN yet is read by every search, so that stays short.
    """
    CREATE INDEX ix_signal_words_workspace_id_occurred_at_signal_id
        ON signal_words (workspace_id, occurred_at, signal_id)
    """,
    "CREATE INDEX ix_signal_words_words ON signal_words USING gin (words) WITH (gin_pending_list_limit = 256)",
)


def upgrade() -> None:
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE signal_words_index")
    op.execute("DROP TABLE signal_words")

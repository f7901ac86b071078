"""Bring Procrastinate's schema, on PostgreSQL only.

The library writes its schema for a new database; its later releases ship their own steps, which come as revisions here.
"""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DROP = """
DO $$
DECLARE thing record;
BEGIN
    FOR thing IN SELECT oid::regclass AS name FROM pg_class
        WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname LIKE 'procrastinate\\_%' LOOP
        EXECUTE format('DROP TABLE IF EXISTS %s CASCADE', thing.name);
    END LOOP;
    FOR thing IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'procrastinate\\_%' LOOP
        EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', thing.name);
    END LOOP;
    FOR thing IN SELECT oid::regtype AS name FROM pg_type
        WHERE typtype IN ('c', 'e') AND typnamespace = current_schema()::regnamespace
            AND typname LIKE 'procrastinate\\_%' LOOP
        EXECUTE format('DROP TYPE IF EXISTS %s CASCADE', thing.name);
    END LOOP;
END $$
"""


def upgrade() -> None:
    _run(SchemaManager.get_schema())


def downgrade() -> None:
    _run(DROP)


def _run(script: str) -> None:
    """Hands the script to the driver as it is: it holds several statements and percent signs."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection is closed")
    driver.execute(script)

"""Runs migrations on the connection that `db.migrate` hands over."""

from alembic import context

from db import Base
from db.dialects import hold_migration_lock
from migrations.scope import COMPARING

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
    **COMPARING,
)
with context.begin_transaction():
    hold_migration_lock(connection)
    context.run_migrations()
connection.commit()

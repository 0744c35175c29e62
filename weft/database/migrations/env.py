"""Alembic's entry: run the revisions in one transaction on the engine that the caller made.

Processes that start on one database at once wait for each other.
"""

from alembic import context
from sqlalchemy import func, select

MIGRATING = 0x57656675
engine = context.config.attributes["engine"]

with engine.connect() as connection:
    context.configure(connection=connection, transactional_ddl=True, render_as_batch=True)
    with context.begin_transaction():
        if engine.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(MIGRATING)))
        context.run_migrations()
    connection.commit()

"""Alembic environment: one linear history, one transaction per revision, run as the owner."""

from alembic import context
from sqlalchemy import create_engine

engine = create_engine(context.config.attributes["url"], connect_args={"options": "-csearch_path=public"})
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True, version_table="core_schema_version")
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()

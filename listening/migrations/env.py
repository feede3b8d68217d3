"""Runs migrations on the connection, and in the transaction, that `listening.db` hands over."""

from alembic import context

from listening.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
context.run_migrations()

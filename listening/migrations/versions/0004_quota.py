"""How many participants a study wants, which may change while it runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

study = sa.table("study", sa.column("id", sa.Integer), sa.column("definition", sa.JSON),
                 sa.column("quota", sa.Integer))  # fmt: skip


def upgrade() -> None:
    """Add the quota, as the study file had it."""
    # As it stands: to make the table anew, as alembic would on SQLite to add a constraint, deletes
    # the old one, and with it all rows of other tables that point there.
    op.execute(
        "ALTER TABLE study ADD COLUMN quota INTEGER CONSTRAINT ck_study_quota CHECK (quota >= 1)"
    )
    connection = op.get_bind()
    for at, definition in connection.execute(sa.select(study.c.id, study.c.definition)).all():
        if quota := definition.get("quota"):
            connection.execute(study.update().where(study.c.id == at).values(quota=quota))

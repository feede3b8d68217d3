"""Which tab saved a page last: only it may go on without knowing what the server has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody in particular saved what is there."""
    op.add_column(
        "visit", sa.Column("saved_by", sa.String(length=40), server_default="", nullable=False)
    )

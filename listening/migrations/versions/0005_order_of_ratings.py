"""In which order the pages that ratings are on were completed, for who reads them in parts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NUMBER_WHAT_IS_THERE = """
UPDATE rating SET number = counted.number FROM (
    SELECT rating.id, row_number() OVER (
        PARTITION BY participant.study_id
        ORDER BY visit.completed_at, visit.id, presentation.position, rating.attribute
    ) AS number
    FROM rating
    JOIN presentation ON presentation.id = rating.presentation_id
    JOIN visit ON visit.id = presentation.visit_id
    JOIN page ON page.id = visit.page_id
    JOIN participant ON participant.id = visit.participant_id
    WHERE visit.completed_at IS NOT NULL AND rating.score IS NOT NULL AND NOT page.training
) AS counted
WHERE counted.id = rating.id
"""

GO_ON_AFTER_IT = """
UPDATE study SET next_rating_number = 1 + (
    SELECT coalesce(max(rating.number), 0)
    FROM rating
    JOIN presentation ON presentation.id = rating.presentation_id
    JOIN visit ON visit.id = presentation.visit_id
    JOIN participant ON participant.id = visit.participant_id
    WHERE participant.study_id = study.id
)
"""


def upgrade() -> None:
    """Number the ratings of pages that are complete, by study."""
    op.add_column("rating", sa.Column("number", sa.Integer(), nullable=True))
    op.add_column(
        "study",
        sa.Column("next_rating_number", sa.Integer(), server_default="1", nullable=False),
    )
    op.execute(NUMBER_WHAT_IS_THERE)
    op.execute(GO_ON_AFTER_IT)

"""How long studies keep what participants gave, and its deletion."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from listening.models import Participant, Study, now


def overdue(session: Session, today: date | None = None) -> Sequence[Study]:
    """Studies that keep what participants gave beyond their date."""
    today = today or now().date()
    studies = session.scalars(
        select(Study)
        .where(Study.keep_until < today, Study.participants.any())
        .order_by(Study.keep_until)
    )
    return studies.all()


def is_overdue(study: Study, today: date | None = None) -> bool:
    """Whether the date is over until which the study may keep what participants gave."""
    return study.keep_until is not None and study.keep_until < (today or now().date())


def purge(session: Session, study: Study) -> int:
    """Delete all participants of a study with ratings, answers and events; how many they were.

    The study itself, its pages and sounds stay; it is closed, so that nobody joins anew.
    """
    count = session.scalar(
        select(func.count()).select_from(Participant).where(Participant.study_id == study.id)
    )
    # The database deletes what belongs to them (ON DELETE CASCADE).
    session.execute(delete(Participant).where(Participant.study_id == study.id))
    session.expire(study, ["participants"])
    study.status = "closed"
    return count or 0

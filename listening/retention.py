"""How long studies keep what participants gave, and its deletion.

Results are about participants, too: what deletes these forgets those once it is committed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sqlalchemy import delete, event, func, select
from sqlalchemy.orm import Session

from listening.models import Participant, Study, now
from listening.results import forget_results, results_folder


def overdue(session: Session, today: date | None = None) -> Sequence[Study]:
    """Studies that keep what participants gave beyond their date."""
    today = today or now().date()
    studies = session.scalars(
        select(Study)
        .where(Study.keep_until < today, Study.participants.any())
        .order_by(Study.keep_until)
    )
    return studies.all()


def keep_until(study: Study, day: date | None, today: date | None = None) -> None:
    """Say how long a study keeps what participants gave; None for as long as one likes.

    Raises:
        ValueError: the day is over, and the next purge would delete everything.
    """
    if day is not None and day < (today or now().date()):
        raise ValueError(
            f"{day} is over: the next purge would delete everything; write a day to come, or "
            "delete it now with flask study purge"
        )
    study.keep_until = day


def is_overdue(study: Study, today: date | None = None) -> bool:
    """Whether the date is over until which the study may keep what participants gave."""
    return study.keep_until is not None and study.keep_until < (today or now().date())


def delete_participant(session: Session, participant: Participant, instance: Path) -> None:
    """Delete a participant with ratings, answers and events, and the results they are part of.

    Args:
        session: of a transaction; the results go when it is committed.
        instance: where the results of studies are.
    """
    session.delete(participant)
    _forget_afterwards(session, instance, participant.study, participant.simulated)


def purge(session: Session, study: Study, instance: Path) -> int:
    """Delete all participants as `delete_participant` does each; how many they were.

    The study itself, its pages and sounds stay; it is closed, so that nobody joins anew.
    """
    count = session.scalar(
        select(func.count()).select_from(Participant).where(Participant.study_id == study.id)
    )
    # The database deletes what belongs to them (ON DELETE CASCADE).
    session.execute(delete(Participant).where(Participant.study_id == study.id))
    session.expire(study, ["participants"])
    study.status = "closed"
    for simulated in (False, True):
        _forget_afterwards(session, instance, study, simulated)
    return count or 0


def _forget_afterwards(session: Session, instance: Path, study: Study, simulated: bool) -> None:
    folder = results_folder(instance, study.slug, simulated)
    # Not before: an analysis that is begun meanwhile would still read what is to be deleted.
    event.listen(session, "after_commit", lambda _: forget_results(folder), once=True)

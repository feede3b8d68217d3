"""How far a study is: who began, who finished, where people leave, how long pages take."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from listening.models import Page, Participant, Rating, Study, Visit


@dataclass(frozen=True)
class PageProgress:
    """One page of a study over all its participants.

    Attributes:
        left_here: began this page, did not complete it, and have not come further.
        median_s: of the time from the first sight to completion; None before anyone completed it.
    """

    key: str
    kind: str
    reached: int
    completed: int
    left_here: int
    median_s: float | None


@dataclass(frozen=True)
class Progress:
    """A study's counts, of real participants or of simulated ones."""

    joined: int
    finished: int
    ratings: int
    pages: tuple[PageProgress, ...]


def study_progress(session: Session, study: Study, simulated: bool = False) -> Progress:
    """Count what the participants of a study did so far."""
    of_study = (Participant.study_id == study.id, Participant.simulated.is_(simulated))
    joined, finished = session.execute(
        select(func.count(), func.count(Participant.finished_at)).where(*of_study)
    ).one()
    ratings = session.scalar(
        select(func.count(Rating.score))
        .join(Rating.presentation)
        .join(Visit)
        .join(Page)
        .join(Participant, Visit.participant_id == Participant.id)
        .where(*of_study, Page.training.is_(False))
    )
    visits = session.execute(
        select(Visit.page_id, Visit.started_at, Visit.completed_at)
        .join(Visit.participant)
        .where(*of_study)
    ).all()
    pages = []
    for page in study.pages:
        here = [visit for visit in visits if visit.page_id == page.id]
        reached = sum(visit.started_at is not None for visit in here)
        done = [visit for visit in here if visit.completed_at is not None]
        times_s = [
            (visit.completed_at - visit.started_at).total_seconds()
            for visit in done
            if visit.started_at is not None
        ]
        pages.append(
            PageProgress(
                key=page.key,
                kind=page.kind,
                reached=reached,
                completed=len(done),
                left_here=sum(
                    visit.started_at is not None and visit.completed_at is None for visit in here
                ),
                median_s=median(times_s) if times_s else None,
            )
        )
    return Progress(joined, finished, ratings or 0, tuple(pages))

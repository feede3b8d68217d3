"""How far a study is: who began, who finished, where people leave, how long pages take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from listening.models import Page, Participant, Rating, Study, Visit


@dataclass(frozen=True)
class PageProgress:
    """One page of a study over all its participants.

    Attributes:
        left_here: began this page and did not complete it; nobody on the last page, which is the
            end.
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
                    visit.started_at is not None and visit.completed_at is None
                    for visit in here
                    if page.kind != "thanks"
                ),
                median_s=median(times_s) if times_s else None,
            )
        )
    return Progress(joined, finished, ratings or 0, tuple(pages))


@dataclass(frozen=True)
class ParticipantState:
    """Where one participant is.

    Attributes:
        page: the first page that is not complete; None once they have finished.
        last_seen: the newest save or first sight of a page.
    """

    label: str
    joined_at: datetime
    last_seen: datetime
    page: str | None
    pages_done: int
    pages: int


def participant_states(
    session: Session, study: Study, simulated: bool = False
) -> list[ParticipantState]:
    """Everyone who joined a study, the newest first."""
    found = session.scalars(
        select(Participant)
        .where(Participant.study_id == study.id, Participant.simulated.is_(simulated))
        .options(selectinload(Participant.visits).selectinload(Visit.page))
        .order_by(Participant.number.desc())
    )
    return [_participant_state(participant) for participant in found]


def _participant_state(participant: Participant) -> ParticipantState:
    visits = participant.visits
    done = sum(visit.completed_at is not None for visit in visits)
    moments = [
        moment for visit in visits for moment in (visit.started_at, visit.saved_at) if moment
    ]
    here = next((visit.page.key for visit in visits if visit.completed_at is None), None)
    return ParticipantState(
        label=participant.label,
        joined_at=participant.joined_at,
        last_seen=max([participant.joined_at, *moments]),
        page=None if participant.finished_at else here,
        pages_done=done,
        pages=len(visits) - 1,
    )

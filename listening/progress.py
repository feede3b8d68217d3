"""How far a study is: who began, who finished, where people leave, how long pages take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, selectinload

from listening.arrangement import AWAY
from listening.models import Answer, Page, Participant, Rating, Study, Visit, now
from listening.runs import VERDICT


@dataclass(frozen=True)
class PageProgress:
    """One page of a study over all its participants.

    Attributes:
        left_here: began this page, did not complete it and are gone; nobody on the last page,
            which is the end.
        here: are on this page now.
        failed: completed it and did not pass its screening.
        median_s: of the time from the first sight to completion; None before anyone completed it.
    """

    key: str
    kind: str
    reached: int
    completed: int
    left_here: int
    here: int
    failed: int
    median_s: float | None


@dataclass(frozen=True)
class Progress:
    """A study's counts, of real participants or of simulated ones.

    Attributes:
        active: are on a page now.
        failed: did not pass a screening page.
    """

    joined: int
    finished: int
    active: int
    failed: int
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
    visits = session.scalars(select(Visit).join(Visit.participant).where(*of_study)).all()
    of_page: dict[int, list[Visit]] = defaultdict(list)
    for visit in visits:
        of_page[visit.page_id].append(visit)
    failed = _failed(session, of_study)
    pages = tuple(_page_progress(page, of_page[page.id], failed) for page in study.pages)
    return Progress(
        joined=joined,
        finished=finished,
        active=sum(page.here for page in pages),
        failed=len({visit.participant_id for visit in visits if visit.id in failed}),
        ratings=ratings or 0,
        pages=pages,
    )


def _failed(session: Session, of_study: Sequence[ColumnElement[bool]]) -> set[int]:
    """The visits whose screening was not passed."""
    found = session.scalars(
        select(Answer.visit_id)
        .join(Answer.visit)
        .join(Visit.participant)
        .where(*of_study, Answer.key == VERDICT, Answer.value == "failed")
    )
    return set(found)


def _page_progress(page: Page, visits: Sequence[Visit], failed: Set[int]) -> PageProgress:
    begun = [visit for visit in visits if visit.started_at is not None]
    done = [visit for visit in visits if visit.completed_at is not None]
    open_ones = [visit for visit in begun if visit.completed_at is None and page.kind != "thanks"]
    since = now() - AWAY
    here = sum(max(filter(None, (v.started_at, v.saved_at))) > since for v in open_ones)
    times_s = [
        (visit.completed_at - visit.started_at).total_seconds()
        for visit in done
        if visit.completed_at and visit.started_at
    ]
    return PageProgress(
        key=page.key,
        kind=page.kind,
        reached=len(begun),
        completed=len(done),
        left_here=len(open_ones) - here,
        here=here,
        failed=sum(visit.id in failed for visit in done),
        median_s=median(times_s) if times_s else None,
    )


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
    return [participant_state(participant) for participant in found]


def participant_state(participant: Participant) -> ParticipantState:
    """Where a participant is."""
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

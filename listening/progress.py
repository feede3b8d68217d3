"""How far a study is: who began, who finished, where people leave, how long pages take."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, selectinload

from listening.arrangement import AWAY
from listening.db import seconds_between
from listening.models import Answer, Page, Participant, Rating, Study, Visit, now
from listening.runs import VERDICT, current_visit, ended_early


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


@dataclass(frozen=True)
class Totals:
    """A study at a glance: real participants, or simulated ones."""

    joined: int
    finished: int
    ratings: int


def study_totals(session: Session, study: Study, simulated: bool = False) -> Totals:
    """Count participants, and ratings without those for practice."""
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
    return Totals(joined, finished, ratings or 0)


def study_progress(session: Session, study: Study, simulated: bool = False) -> Progress:
    """Count what the participants of a study did so far; the database does the counting."""
    of_study = (Participant.study_id == study.id, Participant.simulated.is_(simulated))
    totals = study_totals(session, study, simulated)
    counts = _counts(session, of_study)
    failed = _failed(session, of_study)
    medians_s = _medians_s(session, of_study)
    pages = tuple(
        _page_progress(page, counts.get(page.id, (0, 0, 0, 0)), failed, medians_s.get(page.id))
        for page in study.pages
    )
    return Progress(
        joined=totals.joined,
        finished=totals.finished,
        active=sum(page.here for page in pages),
        failed=len({person for person, _ in failed}),
        ratings=totals.ratings,
        pages=pages,
    )


Condition = ColumnElement[bool]


def _counts(
    session: Session, of_study: Sequence[Condition]
) -> dict[int, tuple[int, int, int, int]]:
    """Of each page: how many began it, completed it, have it open, and have it open now."""
    since = now() - AWAY
    is_open = Visit.started_at.is_not(None) & Visit.completed_at.is_(None)
    is_here = is_open & ((Visit.started_at > since) | (Visit.saved_at > since))
    found = session.execute(
        select(
            Visit.page_id,
            func.count(Visit.started_at),
            func.count(Visit.completed_at),
            func.count(case((is_open, 1))),
            func.count(case((is_here, 1))),
        )
        .join(Visit.participant)
        .where(*of_study)
        .group_by(Visit.page_id)
    )
    return {page: (reached, done, opened, here) for page, reached, done, opened, here in found}


def _failed(session: Session, of_study: Sequence[Condition]) -> set[tuple[int, int]]:
    """Whose screening on which page was not passed: ids of participants and pages."""
    found = session.execute(
        select(Visit.participant_id, Visit.page_id)
        .join(Visit.answers)
        .join(Visit.participant)
        .where(*of_study, Answer.key == VERDICT, Answer.value == "failed")
    )
    return {(person, page) for person, page in found}


def _medians_s(session: Session, of_study: Sequence[Condition]) -> dict[int, float]:
    """How long each page took in the median of those who completed it."""
    time_s = seconds_between(Visit.started_at, Visit.completed_at)
    ranked = (
        select(
            Visit.page_id,
            time_s.label("time_s"),
            func.row_number().over(partition_by=Visit.page_id, order_by=time_s).label("rank"),
            func.count().over(partition_by=Visit.page_id).label("count"),
        )
        .join(Visit.participant)
        .where(*of_study, Visit.started_at.is_not(None), Visit.completed_at.is_not(None))
        .subquery()
    )
    # The one in the middle, or the two there: 2 rank is count + 1, or count and count + 2.
    middle = 2 * ranked.c.rank - ranked.c.count
    found = session.execute(
        select(ranked.c.page_id, func.avg(ranked.c.time_s))
        .where(middle >= 0, middle <= 2)
        .group_by(ranked.c.page_id)
    )
    return {page: float(median_s) for page, median_s in found}


def _page_progress(
    page: Page,
    counts: tuple[int, int, int, int],
    failed: Set[tuple[int, int]],
    median_s: float | None,
) -> PageProgress:
    reached, completed, opened, here = counts
    is_end = page.kind == "thanks"
    return PageProgress(
        key=page.key,
        kind=page.kind,
        reached=reached,
        completed=completed,
        left_here=0 if is_end else opened - here,
        here=0 if is_end else here,
        failed=sum(on == page.id for _, on in failed),
        median_s=median_s,
    )


@dataclass(frozen=True)
class ParticipantState:
    """Where one participant is.

    Attributes:
        page: the first page that is not complete; None at the end.
        screened_out: a failed check has sent them to the end.
        last_seen: the newest save or first sight of a page.
    """

    label: str
    joined_at: datetime
    last_seen: datetime
    page: str | None
    screened_out: bool
    pages_done: int
    pages: int


def participant_states(
    session: Session,
    study: Study,
    simulated: bool = False,
    newest: int | None = None,
    most: int | None = None,
) -> list[ParticipantState]:
    """Those who joined a study, the newest first.

    Args:
        newest: the number of the first one; else the newest of all.
        most: how many at most.
    """
    query = select(Participant).where(
        Participant.study_id == study.id, Participant.simulated.is_(simulated)
    )
    if newest is not None:
        query = query.where(Participant.number <= newest)
    visits = selectinload(Participant.visits)
    found = session.scalars(
        query.options(visits.selectinload(Visit.page), visits.selectinload(Visit.answers))
        .order_by(Participant.number.desc())
        .limit(most)
    )
    return [participant_state(participant) for participant in found]


def participant_state(participant: Participant) -> ParticipantState:
    """Where a participant is."""
    visits = participant.visits
    done = sum(visit.completed_at is not None for visit in visits)
    moments = [
        moment for visit in visits for moment in (visit.started_at, visit.saved_at) if moment
    ]
    screened_out = ended_early(participant)
    return ParticipantState(
        label=participant.label,
        joined_at=participant.joined_at,
        last_seen=max([participant.joined_at, *moments]),
        page=None
        if participant.finished_at or screened_out
        else current_visit(participant).page.key,
        screened_out=screened_out,
        pages_done=done,
        pages=len(visits) - 1,
    )

"""Parts of long lists, read from the tables as the resources of the API."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from listening import models
from listening.language import main_text
from listening.progress import participant_state, study_progress
from listening.rest import resources
from listening.timeline import stimulus_names


def study_items(session: Session, studies: Sequence[models.Study]) -> list[resources.StudyItem]:
    """Studies at a glance."""
    person = models.Participant
    counted = session.execute(
        select(person.study_id, func.count(person.id), func.count(person.finished_at))
        .where(person.study_id.in_([study.id for study in studies]), person.simulated.is_(False))
        .group_by(person.study_id)
    )
    counts = {study: (joined, finished) for study, joined, finished in counted}
    return [_study_item(study, *counts.get(study.id, (0, 0))) for study in studies]


def _study_item(study: models.Study, joined: int, finished: int) -> resources.StudyItem:
    return resources.StudyItem(
        slug=study.slug,
        title=main_text(study.definition["title"]),
        status="open" if study.status == models.OPEN else "closed",
        created_at=study.created_at,
        keep_until=study.keep_until,
        quota=study.quota,
        joined=joined,
        finished=finished,
    )


def study_whole(session: Session, study: models.Study) -> resources.Study:
    """A study with its pages."""
    progress = study_progress(session, study)
    return resources.Study(
        **_study_item(study, progress.joined, progress.finished).model_dump(),
        pages=[resources.StudyPage.model_validate(page) for page in progress.pages],
        definition=study.definition,
    )


def studies_after(session: Session, after: int, most: int) -> list[models.Study]:
    """The studies whose ids come after one."""
    query = select(models.Study).where(models.Study.id > after).order_by(models.Study.id)
    return list(session.scalars(query.limit(most)))


def participants_after(
    session: Session, study: models.Study, simulated: bool, after: int, most: int
) -> list[models.Participant]:
    """The participants whose numbers come after one."""
    person = models.Participant
    query = (
        select(person)
        .where(person.study_id == study.id, person.simulated.is_(simulated), person.number > after)
        .order_by(person.number)
        .options(
            selectinload(person.visits).selectinload(models.Visit.page),
            selectinload(person.visits).selectinload(models.Visit.answers),
        )
    )
    return list(session.scalars(query.limit(most)))


def participant_item(person: models.Participant) -> resources.ParticipantItem:
    """A run at a glance."""
    state = participant_state(person)
    return resources.ParticipantItem(
        label=state.label,
        group=person.group,
        simulated=person.simulated,
        joined_at=state.joined_at,
        last_seen=state.last_seen,
        consented_at=person.consented_at,
        finished_at=person.finished_at,
        page=state.page,
        screened_out=state.screened_out,
        pages_done=state.pages_done,
        pages=state.pages,
    )


def participant_whole(person: models.Participant) -> resources.Participant:
    """A run with its pages."""
    return resources.Participant(
        **participant_item(person).model_dump(),
        visits=[
            resources.Visit(
                n=visit.n,
                page=visit.page.key,
                kind=visit.page.kind,
                started_at=visit.started_at,
                saved_at=visit.saved_at,
                completed_at=visit.completed_at,
                answers={answer.key: answer.value for answer in visit.answers},
                comment=visit.comment,
            )
            for visit in person.visits
        ],
    )


def events_after(
    session: Session, person: models.Participant, after: int, most: int
) -> list[models.Event]:
    """The events of a participant whose ids come after one."""
    event = models.Event
    query = select(event).where(event.participant_id == person.id, event.id > after)
    return list(session.scalars(query.order_by(event.id).limit(most)))


def event_items(
    person: models.Participant, events: Sequence[models.Event]
) -> list[resources.Event]:
    """Events with stimuli by letter and system, where the browser knew opaque ids."""
    visits = {visit.n: visit for visit in person.visits}
    names = dict(pair for visit in visits.values() for pair in stimulus_names(visit))
    return [
        resources.Event(
            at=event.at,
            received_at=event.received_at,
            page=visits[event.page].page.key if event.page in visits else "",
            name=event.name,
            data={key: names.get(str(value), value) for key, value in event.data.items()},
        )
        for event in events
    ]

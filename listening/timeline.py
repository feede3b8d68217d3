"""What one participant did, in the order in which it happened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from listening.models import Event, Participant, Study, Visit
from listening.pages import PAGE_TYPES

MOST_EVENTS = 2000
_LABEL = re.compile(r"([PS])([0-9]{1,9})")


@dataclass(frozen=True)
class Moment:
    """One thing that happened.

    Attributes:
        page: the key of the page, empty where it happened on none.
        what: an event's name, or what the server noted.
        detail: of an event; stimuli by letter and system.
    """

    at: datetime
    page: str
    what: str
    detail: str = ""


def find_by_label(session: Session, study: Study, label: str) -> Participant | None:
    """The participant whom the exports call P001 or S001; None where there is none."""
    simulated = label.startswith("S")
    number = number_of(label, simulated)
    if number is None:
        return None
    return session.scalar(
        select(Participant).where(
            Participant.study_id == study.id,
            Participant.simulated.is_(simulated),
            Participant.number == number,
        )
    )


def number_of(label: str, simulated: bool) -> int | None:
    """The number in a pseudonym of a real or a simulated participant; None where it is none."""
    found = _LABEL.fullmatch(label)
    return int(found[2]) if found and (found[1] == "S") == simulated else None


def timeline(session: Session, participant: Participant) -> list[Moment]:
    """Joining, pages, saves and the newest `MOST_EVENTS` events of the browser, by time."""
    events = session.scalars(
        select(Event)
        .where(Event.participant_id == participant.id)
        .order_by(Event.id.desc())
        .limit(MOST_EVENTS)
    )
    visits = {visit.n: visit for visit in participant.visits}
    names = dict(pair for visit in visits.values() for pair in stimulus_names(visit))
    moments = [Moment(participant.joined_at, "", "joined"), *_noted(participant)]
    moments += [
        Moment(
            event.at,
            visits[event.page].page.key if event.page in visits else "",
            event.name,
            ", ".join(f"{key} {names.get(str(it), it)}" for key, it in event.data.items()),
        )
        for event in events
    ]
    return sorted(moments, key=lambda moment: moment.at)


def event_count(session: Session, participant: Participant) -> int:
    """How many events came from a participant's browser."""
    query = select(func.count()).select_from(Event).where(Event.participant_id == participant.id)
    return session.scalar(query) or 0


def _noted(participant: Participant) -> Iterator[Moment]:
    for visit in participant.visits:
        if visit.started_at:
            yield Moment(visit.started_at, visit.page.key, "page opened")
        if visit.saved_at and visit.saved_at != visit.completed_at:
            yield Moment(visit.saved_at, visit.page.key, "last saved")
        if visit.completed_at:
            yield Moment(visit.completed_at, visit.page.key, "page completed")
    if participant.finished_at:
        yield Moment(participant.finished_at, "", "finished")


def stimulus_names(visit: Visit) -> Iterator[tuple[str, str]]:
    """Opaque ids of a page, and what its researcher knows its stimuli by."""
    page_type = PAGE_TYPES[visit.page.kind]
    for shown in visit.presentations:
        label = page_type.label(shown.position) if shown.position else "reference"
        yield shown.opaque_id, f"{label} ({shown.stimulus.system})"

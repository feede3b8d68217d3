"""What participants answered in words, as a tidy table: questionnaires, screening, remarks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from listening import formats
from listening.models import Participant, Presentation, Study, Visit


@dataclass(frozen=True)
class TidyAnswer:
    """One answer; the fields are the columns of the export.

    Attributes:
        page: empty for the group of the participant, which is no answer of theirs.
        question: its key; `trial_1`, … and `verdict` on pages that screen, `comment` for remarks
            on a page and `comment_1`, … for those on single stimuli.
        system: what a remark is about or a trial played; empty where it is about neither.
        right: true or false for a trial, else empty.
    """

    study: str
    participant: str
    page: str
    kind: str
    question: str
    system: str
    answer: str
    right: str
    simulated: bool


COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(TidyAnswer))


def tidy_answers(session: Session, study: Study, simulated: bool) -> list[TidyAnswer]:
    """The answers of real participants or of simulated ones, never both, in their order."""
    participants = session.scalars(
        select(Participant)
        .where(Participant.study_id == study.id, Participant.simulated.is_(simulated))
        .order_by(Participant.number)
        .options(
            selectinload(Participant.visits).selectinload(Visit.answers),
            selectinload(Participant.visits).selectinload(Visit.page),
            selectinload(Participant.visits)
            .selectinload(Visit.presentations)
            .selectinload(Presentation.stimulus),
        )
    )
    return [row for participant in participants for row in answers_of(participant, study.slug)]


def answers_of(participant: Participant, slug: str) -> list[TidyAnswer]:
    """The answers of one participant of the study with that slug, after their group."""
    group = TidyAnswer(
        slug, participant.label, "", "group", "group", "", participant.group, "",
        participant.simulated,
    )  # fmt: skip
    answers = [
        TidyAnswer(
            study=slug,
            participant=participant.label,
            page=visit.page.key,
            kind=visit.page.kind,
            question=question,
            system=_system(visit, question),
            answer=answer,
            right=_right(visit, question, answer),
            simulated=participant.simulated,
        )
        for visit in participant.visits
        for question, answer in _answers(visit)
    ]
    return [group, *answers] if participant.group else answers


def to_csv(answers: Sequence[TidyAnswer]) -> str:
    """The answers as CSV; no cell is a formula to a spreadsheet."""
    return formats.to_csv(COLUMNS, map(astuple, answers))


def _answers(visit: Visit) -> Iterator[tuple[str, str]]:
    yield from ((answer.key, answer.value) for answer in visit.answers if answer.value)
    if visit.comment:
        yield "comment", visit.comment


def _system(visit: Visit, question: str) -> str:
    """Trials and remarks on stimuli are numbered by place on the participant's page."""
    name, _, number = question.partition("_")
    if name not in ("trial", "comment") or not number.isdecimal() or not visit.presentations:
        return ""
    shown = {item.position: item.stimulus.system for item in visit.presentations}
    return shown.get(int(number), "")


def _right(visit: Visit, question: str, answer: str) -> str:
    expected = visit.page.config.get("right", {}).get(_system(visit, question))
    return "" if expected is None else str(answer == expected).lower()

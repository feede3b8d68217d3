"""What participants answered in words, as a tidy table: questionnaires, screening, remarks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass, fields
from itertools import groupby

from sqlalchemy import ColumnElement, literal, select
from sqlalchemy.orm import Session

from listening import formats
from listening.designs import group_of
from listening.models import (
    Answer,
    Page,
    Participant,
    Presentation,
    Stimulus,
    Study,
    Visit,
    label_of,
)


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


def tidy_answers(
    session: Session, study: Study, simulated: bool, numbers: Collection[int] | None = None
) -> list[TidyAnswer]:
    """The answers of real participants or of simulated ones, never both, in their order.

    Each participant's come after the name of their group, where the study has groups.

    Args:
        numbers: of the participants who are wanted; else all.
    """
    people: list[ColumnElement[bool]] = [
        Participant.study_id == study.id,
        Participant.simulated.is_(simulated),
    ]
    if numbers is not None:
        people.append(Participant.number.in_(numbers))
    groups = study.definition.get("groups")
    pages = {page.id: page for page in study.pages}
    given = _given(session, people)
    systems = _systems(session, people, {item.page_id for item in given if _place(item.question)})
    found = []
    by_number = groupby(given, key=lambda item: item.number)
    answers = {number: list(items) for number, items in by_number}
    query = select(Participant.number).where(*people).order_by(Participant.number)
    for number in session.scalars(query):
        whose = {"study": study.slug, "participant": label_of(number, simulated)}
        if groups:
            group = group_of(groups, study.seed, number)[0]
            found.append(TidyAnswer(**whose, page="", kind="group", question="group", system="",
                                    answer=group, right="", simulated=simulated))  # fmt: skip
        for item in answers.get(number, ()):
            page = pages[item.page_id]
            system = systems.get((item.visit_id, _place(item.question)), "")
            found.append(
                TidyAnswer(
                    **whose,
                    page=page.key,
                    kind=page.kind,
                    question=item.question,
                    system=system,
                    answer=item.answer,
                    right=_right(page, system, item.answer),
                    simulated=simulated,
                )
            )
    return found


def to_csv(answers: Sequence[TidyAnswer]) -> str:
    """The answers as CSV; no cell is a formula to a spreadsheet."""
    return formats.to_csv(COLUMNS, map(astuple, answers))


@dataclass(frozen=True)
class _Given:
    """An answer where it was given; objects of the tables would take ten times as long."""

    number: int
    n: int
    visit_id: int
    page_id: int
    question: str
    answer: str


def _given(session: Session, people: Sequence[ColumnElement[bool]]) -> list[_Given]:
    """All answers by participant and page, the remark on a page after its other answers."""
    where = (Participant.number, Visit.n, Visit.id, Visit.page_id)
    answers = session.execute(
        select(*where, Answer.key, Answer.value)
        .join(Visit.participant)
        .join(Visit.answers)
        .where(*people, Answer.value != "")
    )
    remarks = session.execute(
        select(*where, literal("comment"), Visit.comment)
        .join(Visit.participant)
        .where(*people, Visit.comment != "")
    )
    found = [_Given(*row) for row in (*answers, *remarks)]
    return sorted(
        found, key=lambda item: (item.number, item.n, item.question == "comment", item.question)
    )


def _systems(
    session: Session, people: Sequence[ColumnElement[bool]], pages: Collection[int]
) -> dict[tuple[int, int], str]:
    """What stood at each place of some pages, by visit and place."""
    found = session.execute(
        select(Visit.id, Presentation.position, Stimulus.system)
        .join(Visit.participant)
        .join(Visit.presentations)
        .join(Presentation.stimulus)
        .where(*people, Visit.page_id.in_(pages), Presentation.position > 0)
    )
    return {(visit, position): system for visit, position, system in found}


def _place(question: str) -> int:
    """The place on the page of what a trial or remark is about; 0 for other questions."""
    name, _, number = question.partition("_")
    return int(number) if name in ("trial", "comment") and number.isdecimal() else 0


def _right(page: Page, system: str, answer: str) -> str:
    expected = page.config.get("right", {}).get(system)
    return "" if expected is None else str(answer == expected).lower()

"""How even a design came out: systems over places, passages and groups over participants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from listening.designs import group_of
from listening.models import Page, Participant, Presentation, Stimulus, Study, Visit
from listening.studies import is_rated


@dataclass(frozen=True)
class Balance:
    """Counts over the completed rating pages of a study, practice left out.

    Attributes:
        counts: for each system, how often it stood first, second, … on its page.
        passages: how often each passage was rated, where everybody rates only some.
        groups: how many of each group of participants joined and finished.
    """

    counts: tuple[tuple[str, tuple[int, ...]], ...]
    passages: tuple[tuple[str, int], ...] = ()
    groups: tuple[tuple[str, int, int], ...] = ()

    @property
    def places(self) -> int:
        """How many places there are."""
        return max((len(row) for _, row in self.counts), default=0)

    @property
    def spread(self) -> int:
        """The largest count less the smallest one: 0 in a design that came out even."""
        every = [count for _, row in self.counts for count in row]
        return max(every) - min(every) if every else 0


def balance(session: Session, study: Study, simulated: bool) -> Balance:
    """Count what was completed, system by system, passage by passage, group by group."""
    # Sounds that screen are no systems; neither is the passage on the volume page.
    rated = [page for page in study.pages if is_rated(page)]
    return Balance(
        _places(session, study, simulated, rated),
        _passages(session, study, simulated, rated)
        if study.definition.get("passages_each")
        else (),
        _groups(session, study, simulated),
    )


def _places(
    session: Session, study: Study, simulated: bool, rated: Sequence[Page]
) -> tuple[tuple[str, tuple[int, ...]], ...]:
    found = session.execute(
        select(Stimulus.system, Presentation.position, func.count())
        .join(Presentation.stimulus)
        .join(Presentation.visit)
        .join(Visit.participant)
        .where(
            Participant.study_id == study.id,
            Participant.simulated.is_(simulated),
            Visit.page_id.in_([page.id for page in rated]),
            Presentation.position > 0,
            Visit.completed_at.is_not(None),
        )
        .group_by(Stimulus.system, Presentation.position)
    )
    counts: Counter[tuple[str, int]] = Counter()
    for system, position, count in found:
        counts[system, position] += count
    places = max((position for _, position in counts), default=0)
    return tuple(
        (system, tuple(counts[system, place] for place in range(1, places + 1)))
        for system in sorted({system for system, _ in counts})
    )


def _passages(
    session: Session, study: Study, simulated: bool, rated: Sequence[Page]
) -> tuple[tuple[str, int], ...]:
    """A participant counts once a passage, however many pages it has."""
    found: Any = session.execute(
        select(Page.passage, func.count(distinct(Visit.participant_id)))
        .join(Visit.page)
        .join(Visit.participant)
        .where(
            Participant.study_id == study.id,
            Participant.simulated.is_(simulated),
            Visit.page_id.in_([page.id for page in rated]),
            Visit.completed_at.is_not(None),
        )
        .group_by(Page.passage)
    )
    counts = dict(tuple(row) for row in found)
    names = dict.fromkeys(page.passage or "" for page in rated)
    return tuple((name, counts.get(name, 0)) for name in names)


def _groups(session: Session, study: Study, simulated: bool) -> tuple[tuple[str, int, int], ...]:
    names = study.definition.get("groups") or ()
    if not names:
        return ()
    found = session.execute(
        select(Participant.number, Participant.finished_at.is_not(None)).where(
            Participant.study_id == study.id, Participant.simulated.is_(simulated)
        )
    )
    joined: Counter[str] = Counter()
    finished: Counter[str] = Counter()
    for number, is_finished in found:
        group, _ = group_of(names, study.seed, number)
        joined[group] += 1
        finished[group] += is_finished
    return tuple((name, joined[name], finished[name]) for name in names)

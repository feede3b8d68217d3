"""The tables of the room as tidy ratings, one row a rating."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from listening.models import (
    Page,
    Participant,
    Presentation,
    Rating,
    Stimulus,
    Study,
    Visit,
    label_of,
)
from listening.pages import PAGE_TYPES
from listening.pages.kinds import Rated, Scale
from listening.sounds import x_key


@dataclass(frozen=True)
class TidyRating:
    """One rating; the fields are the columns of every export.

    Attributes:
        participant: a pseudonym, P001 for people and S001 for simulated ones.
        role: system, reference (the hidden one) or anchor.
        position: of the stimulus on its page, 1 for the first.
        rated_at: ISO 8601, UTC, by the participant's clock; empty where it was not told.
    """

    study: str
    participant: str
    page: str
    passage: str
    song: str
    system: str
    role: str
    attribute: str
    score: float
    position: int
    rated_at: str
    listened_ms: int
    plays: int
    simulated: bool


COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(TidyRating))


def tidy_ratings(session: Session, study: Study, simulated: bool) -> list[TidyRating]:
    """The ratings of real participants or of simulated ones, never both; training is left out.

    Pages that were not finished are there with what was rated on them: the analysis decides.
    """
    order = (Participant.number, Visit.n, Presentation.position, Rating.attribute)
    return [rating for _, rating in _read(session, study, simulated, order)]


def ratings_after(
    session: Session, study: Study, simulated: bool, after: int, most: int
) -> list[tuple[int, TidyRating]]:
    """Some of the tidy ratings of completed pages, as these were completed, each with its number.

    Whoever reads on after the last number meets every rating once: what is completed later has a
    higher one, and changes no more.

    Args:
        after: the number that the first one comes after.
        most: how many at most.
    """
    found = _read(session, study, simulated, (Rating.number,), [Rating.number > after], most)
    return [(number, rating) for number, rating in found if number is not None]


def _read(
    session: Session,
    study: Study,
    simulated: bool,
    order: Sequence[InstrumentedAttribute[Any]],
    wanted: Sequence[ColumnElement[bool]] = (),
    most: int | None = None,
) -> list[tuple[int | None, TidyRating]]:
    """Plain columns: as objects, a hundred thousand ratings would take half a minute."""
    pages = {page.id: page for page in study.pages}
    stimuli = {stimulus.id: stimulus for stimulus in study.stimuli}
    beside_x = _beside_x(session, study, simulated)
    rows = session.execute(
        select(
            Rating.number,
            Rating.attribute,
            Rating.score,
            Rating.rated_at,
            Rating.listened_ms,
            Rating.plays,
            Presentation.position,
            Presentation.stimulus_id,
            Visit.id,
            Visit.page_id,
            Participant.number,
        )
        .join(Rating.presentation)
        .join(Presentation.visit)
        .join(Visit.page)
        .join(Visit.participant)
        .where(
            Participant.study_id == study.id,
            Participant.simulated.is_(simulated),
            Page.training.is_(False),
            Rating.score.is_not(None),
            *wanted,
        )
        .order_by(*order)
        .limit(most)
    )
    found: list[tuple[int | None, TidyRating]] = []
    for at, attribute, score, moment, listened_ms, plays, position, of, visit, on, number in rows:
        page, stimulus = pages[on], stimuli[of]
        rated = Rated(
            system=stimulus.system,
            role=stimulus.role,
            attribute=attribute,
            score=score or 0.0,
            is_x=beside_x.get(visit) == x_key(stimulus.key),
        )
        tidy = TidyRating(
            study=study.slug,
            participant=label_of(number, simulated),
            page=page.key,
            passage=stimulus.passage,
            song=stimulus.song,
            system=stimulus.system,
            role=stimulus.role,
            attribute=attribute,
            score=PAGE_TYPES[page.kind].exported(page.config, rated),
            position=position,
            rated_at=_iso(moment),
            listened_ms=listened_ms,
            plays=plays,
            simulated=simulated,
        )
        found.append((at, tidy))
    return found


def _beside_x(session: Session, study: Study, simulated: bool) -> dict[int, str]:
    """What the X of each visited ABX page is, by the id of the visit."""
    with_x = [page.id for page in study.pages if PAGE_TYPES[page.kind].x]
    if not with_x:
        return {}
    found: Any = session.execute(
        select(Visit.id, Stimulus.key)
        .join(Presentation, Presentation.visit_id == Visit.id)
        .join(Presentation.stimulus)
        .join(Visit.participant)
        .where(
            Visit.page_id.in_(with_x),
            Participant.simulated.is_(simulated),
            Presentation.position == 0,
        )
    )
    return dict(tuple(row) for row in found)


def attribute_scales(study: Study) -> dict[str, Scale]:
    """The lowest and highest score of each attribute, as the tidy ratings have it."""
    return {
        attribute["key"]: PAGE_TYPES[page.kind].scale(page.config, attribute["key"])
        for page in study.pages
        for attribute in page.config.get("attributes", ())
    }


def _iso(moment: datetime | None) -> str:
    return moment.isoformat(timespec="milliseconds") if moment else ""

"""The tables of the room as tidy ratings, one row a rating."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from listening.models import Page, Participant, Presentation, Rating, Stimulus, Study, Visit
from listening.pages import PAGE_TYPES
from listening.pages.kinds import Rated
from listening.pages.rating import as_category, labels_of
from listening.studies import x_key


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
    """Some of the tidy ratings, in the order in which they were first saved, each with its id.

    Args:
        after: the id that the first one comes after.
        most: how many at most.
    """
    return _read(session, study, simulated, (Rating.id,), after, most)


def _read(
    session: Session,
    study: Study,
    simulated: bool,
    order: Sequence[InstrumentedAttribute[Any]],
    after: int = 0,
    most: int | None = None,
) -> list[tuple[int, TidyRating]]:
    rows = session.execute(
        select(Rating, Presentation, Stimulus, Visit, Page, Participant)
        .join(Rating.presentation)
        .join(Presentation.stimulus)
        .join(Presentation.visit)
        .join(Visit.page)
        .join(Visit.participant)
        .where(
            Participant.study_id == study.id,
            Participant.simulated.is_(simulated),
            Page.training.is_(False),
            Rating.score.is_not(None),
            Rating.id > after,
        )
        .order_by(*order)
        .limit(most)
    )
    return [
        (
            rating.id,
            TidyRating(
                study=study.slug,
                participant=participant.label,
                page=page.key,
                passage=stimulus.passage,
                song=stimulus.song,
                system=stimulus.system,
                role=stimulus.role,
                attribute=rating.attribute,
                score=_exported(page, visit, stimulus, rating),
                position=presentation.position,
                rated_at=_iso(rating.rated_at),
                listened_ms=rating.listened_ms,
                plays=rating.plays,
                simulated=participant.simulated,
            ),
        )
        for rating, presentation, stimulus, visit, page, participant in rows
    ]


def attribute_scales(study: Study) -> dict[str, tuple[float, float]]:
    """The lowest and highest score of each attribute, as the tidy ratings have it."""
    scales = {}
    for page in study.pages:
        kind = PAGE_TYPES[page.kind]
        for attribute in page.config.get("attributes", ()) if kind.rates else ():
            low, high = kind.scale
            if kind.exported is as_category:
                high = float(labels_of(page.config, attribute["key"]))
            scales[attribute["key"]] = (low, high)
    return scales


def _iso(moment: datetime | None) -> str:
    return moment.isoformat(timespec="milliseconds") if moment else ""


def _exported(page: Page, visit: Visit, stimulus: Stimulus, rating: Rating) -> float:
    """A score on the scale of its page type."""
    page_type = PAGE_TYPES[page.kind]
    beside = [item.stimulus.key for item in visit.presentations if item.position == 0]
    rated = Rated(
        system=stimulus.system,
        role=stimulus.role,
        attribute=rating.attribute,
        score=rating.score or 0.0,
        is_x=page_type.x and beside == [x_key(stimulus.key)],
    )
    return page_type.exported(page.config, rated)

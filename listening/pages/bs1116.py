"""Small impairments: a triple stimulus with a hidden reference (ITU-R BS.1116-3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from listening.language import Message, everywhere
from listening.pages.kinds import (
    Attribute,
    Config,
    Material,
    PageState,
    PageType,
    PlannedPage,
    Rated,
)
from listening.pages.rating import RatingEntry, comment_keys, page_a_stimulus, rating_gaps

ATTRIBUTES = [
    Attribute(
        key="impairment",
        question=everywhere("how_impaired"),
        labels=[everywhere(f"impairment_{at}") for at in range(1, 6)],
    )
]


class BS1116(RatingEntry):
    """A is the reference; of B and C one is the reference again, the other a system (BS.1116).

    Attributes:
        one_is_reference: one of B and C must be graded 5.0.
    """

    type: Literal["bs1116"] = "bs1116"
    one_is_reference: bool = True


def plan(entry: BS1116, material: Material) -> list[PlannedPage]:
    """One page for each system of a passage, beside the hidden reference."""
    return page_a_stimulus(entry, material, ATTRIBUTES, together=["reference"])


def fit(config: Config, attribute: str, scores: Sequence[float]) -> list[float]:
    """Grades from 1.0 to 5.0 in steps of 0.1."""
    return [round(score / 2.5) * 2.5 for score in scores]


def exported(config: Config, rated: Rated) -> float:
    """The grade, 1.0 to 5.0."""
    return round(1 + rated.score / 25, 1)


def gaps(config: Config, state: PageState) -> list[Message]:
    """One of the two is taken for the reference: it gets 5.0."""
    found = rating_gaps(config, state)
    best = max((rating.score or 0 for rating in state.ratings), default=0)
    if config["one_is_reference"] and not found and best < 100:
        return [Message("one_gets_five")]
    return found


PAGE = PageType(
    name="bs1116",
    entry=BS1116,
    template="rating.html",
    script="bs1116.js",
    plan=plan,
    stimuli="all",
    open_reference=True,
    hidden_reference=True,
    first_label="B",
    rates=True,
    labels=5,
    scale=lambda config, attribute: (1.0, 5.0),
    fit=fit,
    exported=exported,
    gaps=gaps,
    answer_keys=comment_keys,
)

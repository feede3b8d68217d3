"""Ranking: all stimuli of a passage in order of preference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from listening.language import Message, everywhere
from listening.pages.kinds import Attribute, Config, Material, PageState, PageType, PlannedPage
from listening.pages.rating import (
    FeedbackInWords,
    RatingEntry,
    comment_keys,
    page_a_passage,
    rating_gaps,
)

ATTRIBUTES = [Attribute(key="ranking", question=everywhere("put_in_order"))]


class Ranking(RatingEntry):
    """All stimuli of a passage, put in order from best to worst."""

    type: Literal["ranking"] = "ranking"
    feedback: FeedbackInWords = Field(default=[])


def plan(entry: Ranking, material: Material) -> list[PlannedPage]:
    """One page a passage."""
    return page_a_passage(entry, material, ATTRIBUTES)


def fit(config: Config, attribute: str, scores: Sequence[float]) -> list[float]:
    """Equally spaced from 0 for the last to 100 for the first; equals in the order of the page."""
    order = sorted(range(len(scores)), key=lambda at: -scores[at])
    top = max(1, len(scores) - 1)
    fitted = [0.0] * len(scores)
    for place, at in enumerate(order):
        fitted[at] = round(100 * (top - place) / top, 1)
    return fitted


def gaps(config: Config, state: PageState) -> list[Message]:
    """As on every rating page; an order is given as a whole or not at all."""
    return [
        Message("not_ordered") if gap.key == "not_rated_yet" else gap
        for gap in rating_gaps(config, state)
    ]


PAGE = PageType(
    name="ranking",
    entry=Ranking,
    template="rating.html",
    script="ranking.js",
    plan=plan,
    stimuli="all",
    rates=True,
    fit=fit,
    gaps=gaps,
    answer_keys=comment_keys,
)

"""Comparison category rating: the second of two against the first (ITU-T P.800 Annex E)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from listening.language import everywhere
from listening.pages.ab import gaps
from listening.pages.kinds import Attribute, Config, Material, PageType, PlannedPage, Rated
from listening.pages.rating import PairEntry, comment_keys, page_a_pair

MOST = 3
ATTRIBUTES = [
    Attribute(
        key="comparison",
        question=everywhere("how_compares"),
        labels=[everywhere(f"comparison_{at}") for at in range(-MOST, MOST + 1)],
    )
]


class CCR(PairEntry):
    """Two stimuli a page: the second against the first, from much worse to much better (P.800)."""

    type: Literal["ccr"] = "ccr"


def plan(entry: CCR, material: Material) -> list[PlannedPage]:
    """One page for each pair of a passage, by default those with the hidden reference."""
    return page_a_pair(entry, material, ATTRIBUTES, "reference")


def fit(config: Config, attribute: str, scores: Sequence[float]) -> list[float]:
    """Mirrored about 50: the second is as much better as the first is worse."""
    first, second = scores
    grade = round((second - first) * MOST / 100)
    return [round(50 - grade * 50 / MOST, 1), round(50 + grade * 50 / MOST, 1)]


def exported(config: Config, rated: Rated) -> float:
    """The grade of this one against the other, −3 to 3, whichever was heard first."""
    return float(round((rated.score - 50) * MOST / 50))


PAGE = PageType(
    name="ccr",
    entry=CCR,
    template="rating.html",
    script="ccr.js",
    plan=plan,
    stimuli="all",
    rates=True,
    scale=(-3.0, 3.0),
    fit=fit,
    exported=exported,
    gaps=gaps,
    answer_keys=comment_keys,
)

"""Comparison category rating: the second of two against the first (ITU-T P.800 Annex E)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from listening.language import everywhere
from listening.pages.ab import gaps
from listening.pages.kinds import Attribute, Config, Material, PageType, PlannedPage, Rated, Scale
from listening.pages.rating import (
    PairEntry,
    as_category,
    comment_keys,
    labels_of,
    on_labels,
    page_a_pair,
)

ATTRIBUTES = [
    Attribute(
        key="comparison",
        question=everywhere("how_compares"),
        labels=[everywhere(f"comparison_{at}") for at in range(-3, 4)],
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
    (better,) = on_labels(config, attribute, [50 + (second - first) / 2])
    return [round(100 - better, 1), better]


def exported(config: Config, rated: Rated) -> float:
    """The grade of this one against the other, 0 for as good, whichever was heard first."""
    return as_category(config, rated) - 1 + scale(config, rated.attribute)[0]


def scale(config: Config, attribute: str) -> Scale:
    """As many steps below 0 as above: −3 to 3 with the seven labels of P.800."""
    most = (labels_of(config, attribute) - 1) / 2
    return (-most, most)


PAGE = PageType(
    name="ccr",
    entry=CCR,
    template="rating.html",
    script="ccr.js",
    plan=plan,
    stimuli="all",
    rates=True,
    scale=scale,
    fit=fit,
    exported=exported,
    gaps=gaps,
    answer_keys=comment_keys,
)

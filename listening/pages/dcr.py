"""Degradation category rating: a stimulus after its reference (ITU-T P.800 Annex D)."""

from __future__ import annotations

from typing import Literal

from listening.language import everywhere
from listening.pages.kinds import Attribute, Material, PageType, PlannedPage
from listening.pages.rating import (
    RatingEntry,
    as_category,
    categories,
    comment_keys,
    on_labels,
    page_a_stimulus,
    rating_gaps,
)

ATTRIBUTES = [
    Attribute(
        key="degradation",
        question=everywhere("how_degraded"),
        labels=[everywhere(f"degradation_{at}") for at in range(1, 6)],
    )
]


class DCR(RatingEntry):
    """The reference and one stimulus a page: how audible and annoying is the difference (P.800)."""

    type: Literal["dcr"] = "dcr"


def plan(entry: DCR, material: Material) -> list[PlannedPage]:
    """One page for each stimulus of a passage."""
    return page_a_stimulus(entry, material, ATTRIBUTES)


PAGE = PageType(
    name="dcr",
    entry=DCR,
    template="rating.html",
    script="categories.js",
    plan=plan,
    stimuli="all",
    open_reference=True,
    rates=True,
    scale=categories,
    fit=on_labels,
    exported=as_category,
    gaps=rating_gaps,
    answer_keys=comment_keys,
)

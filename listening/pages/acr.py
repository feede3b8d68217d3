"""Absolute category rating: one stimulus at a time, in five categories (ITU-T P.800)."""

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

ATTRIBUTES = [Attribute(key="quality", question=everywhere("how_is_quality"))]


class ACR(RatingEntry):
    """One stimulus a page, in five categories from bad to excellent (P.800)."""

    type: Literal["acr"] = "acr"


def plan(entry: ACR, material: Material) -> list[PlannedPage]:
    """One page for each stimulus of a passage."""
    return page_a_stimulus(entry, material, ATTRIBUTES)


PAGE = PageType(
    name="acr",
    entry=ACR,
    template="rating.html",
    script="categories.js",
    plan=plan,
    stimuli="all",
    rates=True,
    scale=categories,
    fit=on_labels,
    exported=as_category,
    gaps=rating_gaps,
    answer_keys=comment_keys,
)

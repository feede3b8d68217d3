"""Likert batteries: several statements about a stimulus, each on a scale of agreement."""

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
    page_a_passage,
    page_a_stimulus,
    rating_gaps,
)

AGREEMENT: list[str | dict[str, str]] = [everywhere(f"agreement_{at}") for at in range(1, 6)]
ATTRIBUTES = [
    Attribute(key="balanced", question=everywhere("likert_balanced"), labels=AGREEMENT),
    Attribute(key="clear", question=everywhere("likert_clear"), labels=AGREEMENT),
]


class Likert(RatingEntry):
    """Statements about one stimulus a page, or about all of a passage on one, with agreement.

    Attributes:
        together: all stimuli of a passage are on one page.
    """

    type: Literal["likert"] = "likert"
    together: bool = False


def plan(entry: Likert, material: Material) -> list[PlannedPage]:
    """One page for each stimulus, or for each passage."""
    pages = page_a_passage if entry.together else page_a_stimulus
    return pages(entry, material, ATTRIBUTES)


PAGE = PageType(
    name="likert",
    entry=Likert,
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

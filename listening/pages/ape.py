"""APE: all stimuli as markers on one axis per attribute (De Man and Reiss 2014)."""

from __future__ import annotations

from typing import Literal

from listening.pages.kinds import Material, PageType, PlannedPage
from listening.pages.mushra import ATTRIBUTES
from listening.pages.rating import RatingEntry, comment_keys, page_a_passage, rating_gaps


class Ape(RatingEntry):
    """All stimuli of a passage as markers on one axis for each attribute (De Man and Reiss)."""

    type: Literal["ape"] = "ape"


def plan(entry: Ape, material: Material) -> list[PlannedPage]:
    """One page a passage."""
    return page_a_passage(entry, material, ATTRIBUTES)


PAGE = PageType(
    name="ape",
    entry=Ape,
    template="rating.html",
    script="ape.js",
    plan=plan,
    stimuli="all",
    first_label="1",
    rates=True,
    gaps=rating_gaps,
    answer_keys=comment_keys,
)

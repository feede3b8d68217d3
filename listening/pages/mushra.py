"""MUSHRA: an open reference, a hidden one, anchors, a slider each (ITU-R BS.1534-3)."""

from __future__ import annotations

from typing import Literal

from listening.language import everywhere
from listening.pages.kinds import Attribute, Material, PageType, PlannedPage
from listening.pages.rating import RatingEntry, comment_keys, page_a_passage, rating_gaps

ATTRIBUTES = [Attribute(key="preference", question=everywhere("how_good"))]


class Mushra(RatingEntry):
    """All stimuli of a passage beside an open reference, a vertical slider each (BS.1534)."""

    type: Literal["mushra"] = "mushra"


def plan(entry: Mushra, material: Material) -> list[PlannedPage]:
    """One page a passage."""
    return page_a_passage(entry, material, ATTRIBUTES)


PAGE = PageType(
    name="mushra",
    entry=Mushra,
    template="rating.html",
    script="mushra.js",
    plan=plan,
    stimuli="all",
    open_reference=True,
    rates=True,
    gaps=rating_gaps,
    answer_keys=comment_keys,
)

"""Multiple stimuli without a given reference (ITU-R BS.2132): the norm for rating mixes."""

from __future__ import annotations

from typing import Literal

from listening.pages.kinds import Material, PageType, PlannedPage
from listening.pages.mushra import ATTRIBUTES
from listening.pages.rating import RatingEntry, comment_keys, page_a_passage, rating_gaps


class MultiStimulus(RatingEntry):
    """All stimuli of a passage, a vertical slider each, without a reference (BS.2132)."""

    type: Literal["multistimulus"] = "multistimulus"


def plan(entry: MultiStimulus, material: Material) -> list[PlannedPage]:
    """One page a passage."""
    return page_a_passage(entry, material, ATTRIBUTES)


PAGE = PageType(
    name="multistimulus",
    entry=MultiStimulus,
    template="rating.html",
    script="mushra.js",
    plan=plan,
    stimuli="all",
    rates=True,
    gaps=rating_gaps,
    answer_keys=comment_keys,
)

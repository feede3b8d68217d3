"""AB: which of two is better, with or without an open reference."""

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
from listening.pages.rating import PairEntry, comment_keys, one_of_two, page_a_pair, rating_gaps

ATTRIBUTES = [Attribute(key="choice", question=everywhere("which_better"))]


class AB(PairEntry):
    """Two stimuli of a passage: which one is preferred, or neither.

    Attributes:
        no_preference: neither is an answer.
        reference: the open reference is there beside them.
    """

    type: Literal["ab"] = "ab"
    no_preference: bool = True
    reference: bool = False


def plan(entry: AB, material: Material) -> list[PlannedPage]:
    """One page for each pair of a passage."""
    return page_a_pair(entry, material, ATTRIBUTES, "all")


def fit(config: Config, attribute: str, scores: Sequence[float]) -> list[float]:
    """100 for the chosen one and 0 for the other; 50 each where neither may be chosen."""
    fitted = one_of_two(scores)
    return fitted if config["no_preference"] or 50.0 not in fitted else [100.0, 0.0]


def exported(config: Config, rated: Rated) -> float:
    """1 for the chosen one, 0 for the other, ½ each for neither: what the analysis reads."""
    return rated.score / 100


def gaps(config: Config, state: PageState) -> list[Message]:
    """As on every rating page, but it is a choice that is missing."""
    return [
        Message("not_chosen") if gap.key == "not_rated_yet" else gap
        for gap in rating_gaps(config, state)
    ]


PAGE = PageType(
    name="ab",
    entry=AB,
    template="rating.html",
    script="ab.js",
    plan=plan,
    stimuli="all",
    rates=True,
    scale=lambda config, attribute: (0.0, 1.0),
    fit=fit,
    exported=exported,
    gaps=gaps,
    answer_keys=comment_keys,
)

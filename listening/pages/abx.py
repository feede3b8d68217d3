"""ABX: A and B are known, X is one of them; which one?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from listening.language import everywhere
from listening.pages.ab import gaps
from listening.pages.kinds import Attribute, Config, Material, PageType, PlannedPage, Rated
from listening.pages.rating import PairEntry, comment_keys, one_of_two, page_a_pair

ATTRIBUTES = [Attribute(key="abx", question=everywhere("which_is_x"))]


class ABX(PairEntry):
    """Two stimuli of a passage, and one of them once more as X: which one is it?

    Attributes:
        trials: how often each pair comes.
    """

    type: Literal["abx"] = "abx"
    trials: Annotated[int, Field(ge=1, le=50)] = 1


def plan(entry: ABX, material: Material) -> list[PlannedPage]:
    """So many pages for each pair of a passage; X is drawn anew on each."""
    return page_a_pair(entry, material, ATTRIBUTES, "reference") * entry.trials


def fit(config: Config, attribute: str, scores: Sequence[float]) -> list[float]:
    """100 for the one that is taken for X and 0 for the other."""
    fitted = one_of_two(scores)
    return [100.0, 0.0] if 50.0 in fitted else fitted


def exported(config: Config, rated: Rated) -> float:
    """The first of the pair (the hidden reference, if it is one) gets 1 for a right answer.

    The other gets 1 for a wrong one, so that the analysis counts a win of the reference as heard.
    """
    right = (rated.score > 50) == rated.is_x
    return float(right == (rated.system == config["systems"][0]))


PAGE = PageType(
    name="abx",
    entry=ABX,
    template="rating.html",
    script="abx.js",
    plan=plan,
    stimuli="all",
    x=True,
    rates=True,
    scale=lambda config, attribute: (0.0, 1.0),
    fit=fit,
    exported=exported,
    gaps=gaps,
    answer_keys=comment_keys,
)

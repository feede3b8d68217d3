"""Box plots of the ratings: the talk's figure."""

from __future__ import annotations

from matplotlib.axes import Axes

from analysis.plots.style import (
    COLUMN_INCHES,
    PAGE_INCHES,
    colours_of,
    legend_below,
    names_below,
    new_axes,
)
from analysis.ratings import Ratings

GROUP_WIDTH = 0.8
BESIDE_INCHES = 0.55
"""What the y axis takes of the width."""
NARROW_BOX_INCHES, LEAST_BOX_INCHES = 0.115, 0.08


def passage_boxes(
    ratings: Ratings, colours: dict[str, str] | None = None, ax: Axes | None = None
) -> Axes:
    """A box per passage and system, as in Colonel and Steinmetz's talk.

    Boxes span the quartiles with the median across, whiskers reach the last rating within 1.5
    interquartile ranges, ratings beyond are points. Dashed lines part the passages.
    """
    systems, passages = ratings.systems, ratings.passage.levels
    colours = colours or colours_of(systems)
    wide = _width_inches(len(systems) * len(passages))
    ax = ax or new_axes(wide, 2.7 if wide == COLUMN_INCHES else 3.2)
    width = GROUP_WIDTH / len(systems)
    for code, system in enumerate(systems):
        rows = ratings.system.codes == code
        offset = (code - (len(systems) - 1) / 2) * width
        groups = [ratings.score[rows & (ratings.passage.codes == p)] for p in range(len(passages))]
        ax.boxplot(
            groups,
            positions=[place + offset for place in range(len(passages))],
            widths=width * 0.82,
            patch_artist=True,
            manage_ticks=False,
            boxprops={"facecolor": colours[system], "edgecolor": "#222222", "linewidth": 0.6},
            medianprops={"color": "#111111", "linewidth": 1.4},
            whiskerprops={"color": "#222222", "linewidth": 0.6},
            capprops={"color": "#222222", "linewidth": 0.6},
            flierprops={
                "marker": ".",
                "markersize": 2.5,
                "markerfacecolor": colours[system],
                "markeredgecolor": "none",
            },
        )
    for place in range(1, len(passages)):
        ax.axvline(place - 0.5, color="#888888", linewidth=0.7, linestyle=(0, (4, 4)))
    _frame(ax, ratings, (wide - BESIDE_INCHES) / len(passages))
    legend_below(ax, {system: colours[system] for system in systems})
    return ax


def _width_inches(boxes: int) -> float:
    """A column where the boxes fit it, else a page, or more where even that is too narrow."""
    if BESIDE_INCHES + NARROW_BOX_INCHES * boxes <= COLUMN_INCHES:
        return COLUMN_INCHES
    return max(PAGE_INCHES, BESIDE_INCHES + LEAST_BOX_INCHES * boxes)


def _frame(ax: Axes, ratings: Ratings, slot_inches: float) -> None:
    passages = ratings.passage.levels
    ax.set_xlim(-0.5, len(passages) - 0.5)
    names_below(ax, passages, slot_inches)
    ax.tick_params(axis="x", length=0)
    margin = 0.03 * (ratings.scale[1] - ratings.scale[0])
    ax.set_ylim(ratings.scale[0] - margin, ratings.scale[1] + margin)
    ax.set_xlabel("Passage")
    ax.set_ylabel(score_label(ratings))
    ax.grid(axis="y", color="#DDDDDD", linewidth=0.5)
    ax.set_axisbelow(True)


def score_label(ratings: Ratings) -> str:
    """The y label: the attribute where it has a name."""
    name = ratings.attribute.levels[0]
    return "Score" if name == "score" else name.replace("_", " ").capitalize()

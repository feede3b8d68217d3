"""Box plots of the ratings: the talk's figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection

from analysis.descriptive import five_numbers
from analysis.plots.style import (
    COLUMN_INCHES,
    PAGE_INCHES,
    colours_of,
    figure_width,
    height_of_legend,
    height_of_names,
    legend_below,
    names_below,
    new_axes,
)
from analysis.ratings import FloatArray, Ratings

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
    slot = (wide - BESIDE_INCHES) / len(passages)
    below = height_of_names(passages, slot) + height_of_legend(systems, wide)
    ax = ax or new_axes(wide, (1.9 if wide == COLUMN_INCHES else 2.4) + below)
    slot = (figure_width(ax) - BESIDE_INCHES) / len(passages)
    width = GROUP_WIDTH / len(systems)
    for code, system in enumerate(systems):
        rows = ratings.system.codes == code
        offset = (code - (len(systems) - 1) / 2) * width
        groups = [ratings.score[rows & (ratings.passage.codes == p)] for p in range(len(passages))]
        places = np.arange(len(passages), dtype=np.float64) + offset
        _boxes(ax, groups, places, width * 0.82, colours[system])
    for place in range(1, len(passages)):
        ax.axvline(place - 0.5, color="#888888", linewidth=0.7, linestyle=(0, (4, 4)))
    _frame(ax, ratings, slot)
    legend_below(ax, {system: colours[system] for system in systems})
    return ax


def _boxes(
    ax: Axes, groups: Sequence[FloatArray], places: FloatArray, width: float, colour: str
) -> None:
    """The boxes of one system, in few artists: a large study has hundreds of boxes."""
    half = width / 2
    frames, whiskers, caps, medians, beyond = [], [], [], [], []
    for scores, place in zip(groups, places, strict=True):
        if not len(scores):
            continue
        _, q1, median, q3, _ = five_numbers(scores)
        inside = scores[(scores >= q1 - 1.5 * (q3 - q1)) & (scores <= q3 + 1.5 * (q3 - q1))]
        # Interpolated quartiles can lie beyond the last rating inside: no whisker goes inwards.
        low, high = min(float(inside.min()), q1), max(float(inside.max()), q3)
        left, right = place - half, place + half
        frames.append([(left, q1), (right, q1), (right, q3), (left, q3)])
        medians.append([(left, median), (right, median)])
        whiskers += [[(place, q1), (place, low)], [(place, q3), (place, high)]]
        caps += [[(place - half / 2, end), (place + half / 2, end)] for end in (low, high)]
        beyond += [(place, score) for score in scores[(scores < low) | (scores > high)]]
    ax.add_collection(LineCollection([*whiskers, *caps], color="#222222", linewidth=0.6))
    ax.add_collection(
        PolyCollection(frames, facecolors=colour, edgecolors="#222222", linewidths=0.6)
    )
    ax.add_collection(LineCollection(medians, color="#111111", linewidth=1.4))
    if beyond:
        x, y = zip(*beyond, strict=True)
        ax.plot(x, y, ".", markersize=2.5, color=colour, markeredgecolor="none")


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

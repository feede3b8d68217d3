"""All passages in one panel: points, medians, means with intervals, and what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

from analysis.apa import p_text
from analysis.descriptive import Summary, participant_means
from analysis.letters import compact_letters
from analysis.plots.boxes import score_label
from analysis.plots.style import (
    COLUMN_INCHES,
    PAGE_INCHES,
    SMALL_PT,
    colours_of,
    height_of_names,
    names_below,
    new_axes,
    quality_bands,
    scale_of_categories,
)
from analysis.ratings import Ratings
from analysis.results import Result

MOST_BRACKETS = 6
BESIDE_INCHES, SLOT_INCHES = 1.1, 0.48
"""What axis and words take of the width, and each system."""
SCALE_INCHES, BRACKET_INCHES = 2.1, 0.16
"""How tall the scale is drawn, and a bracket with its text."""


@dataclass(frozen=True)
class Bracket:
    """A mark over two systems: x positions of both, its level above the data, and what it says."""

    left: int
    right: int
    level: int
    text: str


def all_passages(
    ratings: Ratings,
    summaries: Sequence[Summary],
    pairs: Sequence[Result],
    colours: Mapping[str, str] | None = None,
    ax: Axes | None = None,
    *,
    alpha: float = 0.05,
    interval: str = "t",
) -> Axes:
    """Systems sorted by median: participants' means joined by lines, boxes, means with intervals.

    Significance is shown by brackets while there are at most six, else by letters (systems that
    share one do not differ). Conditions that `pairs` does not compare, as anchors, carry neither.
    """
    colours = colours or colours_of(ratings.systems)
    ordered = sorted(summaries, key=lambda summary: (summary.median, summary.mean))
    names = [summary.system for summary in ordered]
    wide = float(np.clip(BESIDE_INCHES + SLOT_INCHES * len(names), COLUMN_INCHES, PAGE_INCHES))
    marks = _marks_of(pairs, names, alpha)
    slot = (wide - BESIDE_INCHES) / len(names)
    above, below = _height_inches(marks), height_of_names(names, slot)
    ax = ax or new_axes(wide, 0.2 + SCALE_INCHES + above + below)
    quality_bands(ax, ratings.scale)
    _participants(ax, ratings, names)
    for place, summary in enumerate(ordered):
        _box(ax, summary, place, colours[summary.system])
        _mean(ax, summary, place, interval)
    top = _draw_marks(ax, marks, ratings.scale)
    ax.set_xlim(-0.6, len(names) - 0.4)
    names_below(ax, names, slot)
    low, high = ratings.scale
    ax.set_ylim(low - 0.02 * (high - low), top)
    ax.set_yticks(np.linspace(low, high, 5 if scale_of_categories(ratings.scale) else 6))
    ax.spines["left"].set_bounds(low, high)
    ax.set_ylabel(score_label(ratings))
    return ax


def brackets(pairs: Sequence[Result], names: Sequence[str], alpha: float) -> list[Bracket]:
    """Brackets of the significant pairs, short ones low, none over another."""
    spans = sorted(
        (sorted(names.index(system) for system in pair.systems), pair.pvalue_final)
        for pair in pairs
        if pair.significant(alpha)
    )
    spans.sort(key=lambda entry: entry[0][1] - entry[0][0])
    placed: list[Bracket] = []
    for (left, right), pvalue in spans:
        taken = {done.level for done in placed if left <= done.right and done.left <= right}
        level = next(level for level in range(len(spans)) if level not in taken)
        placed.append(Bracket(left, right, level, p_text(pvalue)))
    return placed


def _participants(ax: Axes, ratings: Ratings, names: Sequence[str]) -> None:
    """Each participant's means, joined across the systems."""
    means = participant_means(ratings)[:, [ratings.systems.index(name) for name in names]]
    faint = float(np.clip(6 / len(means), 0.03, 0.35))
    places = np.broadcast_to(np.arange(len(names)), means.shape)
    lines = LineCollection(
        list(np.stack([places, means], axis=2)),
        colors="#777777",
        linewidths=0.5,
        alpha=faint,
        zorder=1,
        rasterized=True,
    )
    ax.add_collection(lines)
    ax.plot(
        places.ravel(),
        means.ravel(),
        linestyle="none",
        marker=".",
        markersize=3,
        markeredgewidth=0,
        color="#444444",
        alpha=min(1.0, 2 * faint),
        zorder=2,
        rasterized=True,
    )


def _box(ax: Axes, summary: Summary, place: int, colour: str) -> None:
    """A slim box beside the points: quartiles and median of the single ratings."""
    width = 0.16
    left = place + 0.12
    height = summary.q3 - summary.q1
    box = Rectangle((left, summary.q1), width, height, facecolor=colour, linewidth=0, zorder=3)
    ax.add_patch(box)
    ax.plot([left, left + width], [summary.median] * 2, color="#111111", linewidth=1.6, zorder=4)


def _mean(ax: Axes, summary: Summary, place: int, interval: str) -> None:
    """The mean as a diamond with its interval, where there is one."""
    limits = summary.intervals.get(interval)
    x, middle = place - 0.14, summary.mean
    if limits is not None:
        ax.plot([x, x], [limits.low, limits.high], color="#111111", linewidth=1.3, zorder=5)
        middle = (limits.low + limits.high) / 2
    ax.plot(
        [x],
        [middle],
        marker="D",
        markersize=4,
        color="#111111",
        markeredgecolor="#FFFFFF",
        markeredgewidth=0.6,
        zorder=6,
    )


Marks = list[Bracket] | dict[int, str]
"""Brackets of the pairs that differ, or letters by place."""


def _marks_of(pairs: Sequence[Result], names: Sequence[str], alpha: float) -> Marks:
    """Brackets while there are few, else letters, the best system's first."""
    if sum(pair.significant(alpha) for pair in pairs) <= MOST_BRACKETS:
        return brackets(pairs, names, alpha)
    compared = {system for pair in pairs for system in pair.systems}
    order = [name for name in reversed(names) if name in compared]
    letters = compact_letters(pairs, order, alpha)
    return {names.index(system): text for system, text in letters.items()}


def _height_inches(marks: Marks) -> float:
    """What the marks take above the scale."""
    if isinstance(marks, dict):
        return 0.25
    return BRACKET_INCHES * (1 + max((bracket.level for bracket in marks), default=-1))


def _draw_marks(ax: Axes, marks: Marks, scale: tuple[float, float]) -> float:
    """Draw brackets or letters above the scale and return where the axis ends."""
    inch = (scale[1] - scale[0]) / SCALE_INCHES
    if isinstance(marks, dict):
        for place, text in marks.items():
            y = scale[1] + 0.06 * inch
            ax.text(place, y, text, ha="center", va="bottom", fontweight="bold")
    else:
        for bracket in marks:
            y = scale[1] + (0.06 + BRACKET_INCHES * bracket.level) * inch
            ends = (bracket.left + 0.05, bracket.right - 0.05)
            x, tip = [ends[0], ends[0], ends[1], ends[1]], 0.03 * inch
            ax.plot(x, [y - tip, y, y, y - tip], color="#222222", linewidth=0.8, clip_on=False)
            ax.annotate(
                bracket.text,
                ((bracket.left + bracket.right) / 2, y),
                xytext=(0, 1.5),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=SMALL_PT,
            )
    return scale[1] + (0.02 + _height_inches(marks)) * inch

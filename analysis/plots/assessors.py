"""Figures about the listeners and the model of their ratings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from analysis.descriptive import Summary
from analysis.expertise import Expertise
from analysis.mixed.structure import Floats
from analysis.plots.boxes import score_label
from analysis.plots.style import (
    COLUMN_INCHES,
    PAGE_INCHES,
    SMALL_PT,
    colours_of,
    height_of_legend,
    height_of_names,
    legend_of_lines,
    markers_of,
    names_below,
    new_axes,
)
from analysis.plots.text import width_pt
from analysis.ratings import Ratings
from analysis.residuals import Residuals

TICK_STEPS = (
    (1.0,),
    (1.0, 3.0),
    (1.0, 2.0, 5.0),
    (1.0, 1.5, 2.0, 3.0, 5.0, 7.0),
    (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 4.0, 6.0),
)
SLOT_INCHES = 0.55
"""What a passage takes of the width."""
BOUNDLESS = 1e4
"""A quotient beyond this means that somebody's repeated ratings do not differ at all."""
POINT, OUT = "#0072B2", "#D55E00"

MOST_QUANTILES, MOST_RESIDUALS = 4_000, 20_000
"""Points that are drawn of the residuals: more look the same and take seconds."""


def assessor_plot(
    experts: Sequence[Expertise], excluded: Collection[str] = (), ax: Axes | None = None
) -> Axes:
    """Reliability against discrimination, a point an assessor; crosses mark the excluded.

    Hollow points do not pass their own noise floor; the dashed lines are the panel's median floors.
    """
    ax = ax or new_axes(COLUMN_INCHES, 3.0)
    ax.axvline(
        float(np.median([each.reliability_floor for each in experts])),
        color="#888888",
        linewidth=0.8,
        linestyle="--",
    )
    ax.axhline(
        float(np.median([each.discrimination_floor for each in experts])),
        color="#888888", linewidth=0.8, linestyle="--",
    )  # fmt: skip
    reliability = _on_log_axis([each.reliability for each in experts])
    discrimination = _on_log_axis([each.discrimination for each in experts])
    points = np.column_stack([reliability, discrimination])
    out = np.array([each.participant in excluded for each in experts])
    able = np.array([each.expert for each in experts])
    for shown, marker, colour, face in (
        (able & ~out, "o", POINT, POINT),
        (~able & ~out, "o", POINT, "white"),
        (out, "X", OUT, OUT),
    ):
        ax.plot(
            *points[shown].T,
            linestyle="none",
            marker=marker,
            markersize=5,
            color=colour,
            markerfacecolor=face,
        )
    ax.set_xscale("log")
    ax.set_yscale("log")
    for axis, limits in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        axis.set_major_locator(FixedLocator(_log_ticks(*limits)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())
    _name_points(ax, experts, points, excluded)
    ax.set_xlabel("Reliability")
    ax.set_ylabel("Discrimination")
    return ax


def _log_ticks(low: float, high: float) -> list[float]:
    """Round numbers within the limits of a logarithmic axis: as few as make three or more."""
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    inside: list[float] = []
    for steps in TICK_STEPS:
        inside = [float(p * step) for p in powers for step in steps if low <= p * step <= high]
        if len(inside) >= 3:
            break
    return inside


def _name_points(
    ax: Axes, experts: Sequence[Expertise], points: Floats, excluded: Collection[str]
) -> None:
    """Name the excluded and those below their floors, each beside its point where there is room."""
    ax.apply_aspect()
    places = ax.transData.transform(points) * 72.0 / ax.figure.dpi
    taken = [np.array([x - 3, y - 3, x + 3, y + 3]) for x, y in places]
    for each, point, (x, y) in zip(experts, points, places, strict=True):
        if each.expert and each.participant not in excluded:
            continue
        wide = width_pt(each.participant, SMALL_PT)
        spots = [
            (side, up, np.array([left, y + up, left + wide, y + up + SMALL_PT]))
            for up in (3.0, -10.0, -3.5)
            for side, left in (("left", x + 5), ("right", x - 5 - wide))
        ]
        side, up, box = next((spot for spot in spots if _free(spot[2], taken)), spots[0])
        taken.append(box)
        ax.annotate(
            each.participant,
            (float(point[0]), float(point[1])),
            xytext=(5 if side == "left" else -5, up),
            textcoords="offset points",
            ha=side,
            va="bottom",
            fontsize=SMALL_PT,
        )


def _free(box: Floats, taken: Sequence[Floats]) -> bool:
    """Whether a box (left, bottom, right, top) meets none of the others."""
    return not any(
        box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
        for other in taken
    )


def _on_log_axis(values: Sequence[float]) -> list[float]:
    """Values for a logarithmic axis: none at all, and boundless ones, go to its ends."""
    usual = [value for value in values if 0 < value < BOUNDLESS] or [1.0]
    return [float(np.clip(value, 0.5 * min(usual), 2 * max(usual))) for value in values]


def passage_interaction(
    ratings: Ratings,
    by_passage: Sequence[Summary],
    colours: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Mean of each system in each passage, joined; bars are t intervals over participants."""
    colours = colours or colours_of(ratings.systems)
    markers = markers_of(ratings.systems)
    passages = list(ratings.passage.levels)
    wide = float(np.clip(0.6 + SLOT_INCHES * len(passages), COLUMN_INCHES, PAGE_INCHES))
    slot = (wide - 0.6) / len(passages)
    below = height_of_names(passages, slot) + height_of_legend(ratings.systems, wide)
    ax = ax or new_axes(wide, 2.3 + below)
    step = 0.5 / max(1, len(ratings.systems))
    for index, system in enumerate(ratings.systems):
        mine = [each for each in by_passage if each.system == system and each.passage in passages]
        aside = step * (index - (len(ratings.systems) - 1) / 2)
        places = [passages.index(str(each.passage)) + aside for each in mine]
        known = [
            (place, each.intervals["t"].low, each.intervals["t"].high)
            for place, each in zip(places, mine, strict=True)
            if "t" in each.intervals
        ]
        if known:
            ax.vlines(*zip(*known, strict=True), color=colours[system], linewidth=0.9)
        ax.plot(
            places,
            [each.mean for each in mine],
            color=colours[system],
            marker=markers[system],
            markersize=3.5,
            linewidth=1.0,
            label=system,
        )
    names_below(ax, passages, slot)
    ax.set_xlabel("Passage")
    ax.set_ylabel(f"Mean {score_label(ratings).lower()}")
    ax.grid(axis="y", color="#DDDDDD", linewidth=0.5)
    ax.set_axisbelow(True)
    legend_of_lines(ax)
    return ax


def residual_plot(found: Residuals, ax: Axes | None = None) -> Axes:
    """Sorted residuals against normal quantiles; on the line they are normal."""
    ax = ax or new_axes()
    spread = float(found.residual.std())
    ends = np.array([found.normal[0], found.normal[-1]])
    ax.plot(ends, spread * ends, color="#333333", linewidth=0.8)
    last = len(found.residual) - 1
    # Evenly over all, both ends included; the places between lie under the points.
    shown = np.unique(np.linspace(0, last, MOST_QUANTILES).round().astype(int))
    ax.plot(
        found.normal[shown],
        np.sort(found.residual)[shown],
        linestyle="none",
        marker=".",
        markersize=3.5,
        color=POINT,
        rasterized=True,
    )
    ax.set_xlabel("Normal quantile")
    ax.set_ylabel("Residual (points)")
    return ax


def residuals_by_fitted(found: Residuals, ax: Axes | None = None) -> Axes:
    """Residuals against fitted scores: a funnel or a bend speaks against the model."""
    ax = ax or new_axes()
    ax.axhline(0, color="#333333", linewidth=0.8)
    shown = np.arange(len(found.residual))
    if len(shown) > MOST_RESIDUALS:
        # By chance, not every nth: that could be always the same system.
        shown = np.random.default_rng(0).choice(shown, MOST_RESIDUALS, replace=False)
    ax.plot(
        found.fitted[shown],
        found.residual[shown],
        linestyle="none",
        marker=".",
        markersize=3.5,
        color=POINT,
        alpha=float(np.clip(300 / len(shown), 0.1, 0.7)),
        rasterized=True,
    )
    ax.set_xlabel("Fitted score")
    ax.set_ylabel("Residual (points)")
    return ax

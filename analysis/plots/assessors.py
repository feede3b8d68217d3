"""Figures about the listeners and the model of their ratings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from analysis.descriptive import Summary
from analysis.expertise import Expertise
from analysis.plots.boxes import score_label
from analysis.plots.style import (
    COLUMN_INCHES,
    PAGE_INCHES,
    colours_of,
    legend_columns,
    markers_of,
    new_axes,
)
from analysis.ratings import Ratings
from analysis.residuals import Residuals

BOUNDLESS = 1e4
"""A quotient beyond this means that somebody's repeated ratings do not differ at all."""
POINT, OUT = "#0072B2", "#D55E00"


def assessor_plot(
    experts: Sequence[Expertise], excluded: Collection[str] = (), ax: Axes | None = None
) -> Axes:
    """Reliability against discrimination, a point an assessor; crosses mark the excluded.

    Hollow points do not pass their own noise floor; the dashed lines are the panel's median floors.
    """
    ax = ax or new_axes(COLUMN_INCHES + 0.6, COLUMN_INCHES)
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
    for each, x, y in zip(experts, reliability, discrimination, strict=True):
        out = each.participant in excluded
        colour = OUT if out else POINT
        ax.plot(
            [x],
            [y],
            marker="X" if out else "o",
            markersize=6,
            color=colour,
            markerfacecolor=colour if each.expert or out else "white",
        )
        if out or not each.expert:
            ax.annotate(
                each.participant,
                (x, y),
                xytext=(6, 5),
                textcoords="offset points",
                fontsize=7,
            )
    ax.set_xscale("log")
    ax.set_yscale("log")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("{x:g}")
    ax.tick_params(which="minor", labelsize=6, labelcolor="#666666")
    ax.set_xlabel("Reliability")
    ax.set_ylabel("Discrimination")
    return ax


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
    ax = ax or new_axes(max(COLUMN_INCHES, min(PAGE_INCHES, 1.5 + 0.8 * len(passages))), 3.2)
    step = 0.5 / max(1, len(ratings.systems))
    for index, system in enumerate(ratings.systems):
        mine = [each for each in by_passage if each.system == system and each.passage in passages]
        aside = step * (index - (len(ratings.systems) - 1) / 2)
        places = [passages.index(str(each.passage)) + aside for each in mine]
        for place, each in zip(places, mine, strict=True):
            if "t" in each.intervals:
                ends = [each.intervals["t"].low, each.intervals["t"].high]
                ax.plot([place, place], ends, color=colours[system], linewidth=0.9)
        ax.plot(
            places,
            [each.mean for each in mine],
            color=colours[system],
            marker=markers[system],
            markersize=4,
            linewidth=1.2,
            label=system,
        )
    ax.set_xticks(range(len(passages)), passages)
    ax.set_xlabel("Passage")
    ax.set_ylabel(f"Mean {score_label(ratings).lower()}")
    if max(map(len, passages)) * len(passages) > 90:
        ax.tick_params(axis="x", labelrotation=30)
    ax.grid(axis="y", color="#DDDDDD", linewidth=0.5)
    ax.set_axisbelow(True)
    ax.figure.legend(loc="outside lower center", ncols=legend_columns(len(ratings.systems)))
    return ax


def residual_plot(found: Residuals, ax: Axes | None = None) -> Axes:
    """Sorted residuals against normal quantiles; on the line they are normal."""
    ax = ax or new_axes(COLUMN_INCHES, 3.0)
    spread = float(found.residual.std())
    ends = np.array([found.normal[0], found.normal[-1]])
    ax.plot(ends, spread * ends, color="#333333", linewidth=0.8)
    ax.plot(
        found.normal,
        np.sort(found.residual),
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
    ax = ax or new_axes(COLUMN_INCHES, 3.0)
    ax.axhline(0, color="#333333", linewidth=0.8)
    ax.plot(
        found.fitted,
        found.residual,
        linestyle="none",
        marker=".",
        markersize=3.5,
        color=POINT,
        alpha=float(np.clip(300 / len(found.residual), 0.1, 0.7)),
        rasterized=True,
    )
    ax.set_xlabel("Fitted score")
    ax.set_ylabel("Residual (points)")
    return ax

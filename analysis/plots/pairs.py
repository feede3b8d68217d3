"""Figures of pairwise comparisons: forest, heat map, critical-difference diagram."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm

from analysis.apa import is_bound, number, p_cell, p_text, score_digits
from analysis.plots.style import COLUMN_INCHES, SMALL_PT, TEXT_PT, names_below, new_axes
from analysis.plots.text import widest_inches
from analysis.results import Result

CELL_INCHES = 0.43
SURE, UNSURE = "#0072B2", "#8A8F96"


def forest(
    pairs: Sequence[Result],
    scale: tuple[float, float],
    ax: Axes | None = None,
    *,
    alpha: float = 0.05,
    margin: float | None = None,
) -> Axes:
    """Differences of all pairs with their intervals; filled where significant.

    A band shows the margin of equivalence, where there is one. Pairs without an estimate are left
    out.
    """
    shown = [pair for pair in pairs if pair.estimate is not None]
    labels = [pair.label for pair in shown]
    wide = max(COLUMN_INCHES, widest_inches(labels, TEXT_PT) + 2.6)
    ax = ax or new_axes(wide, 0.75 + 0.2 * len(shown))
    if margin is not None:
        ax.axvspan(-margin, margin, color="#009E73", alpha=0.12, lw=0, label="equivalence margin")
    ax.axvline(0, color="#333333", linewidth=0.8)
    for place, pair in enumerate(shown):
        assert pair.estimate is not None
        sure = pair.significant(alpha)
        colour = SURE if sure else UNSURE
        interval = pair.estimate.interval
        if interval is not None and np.isfinite([interval.low, interval.high]).all():
            ax.plot([interval.low, interval.high], [place, place], color=colour, linewidth=1.4)
        ax.plot(
            [pair.estimate.value],
            [place],
            marker="o",
            markersize=4.5,
            markerfacecolor=colour if sure else "white",
            color=colour,
        )
        # Two columns beside the axis: the estimate set to the right, p to the left.
        for text, at, side in (
            (number(pair.estimate.value, score_digits(scale)), 30, "right"),
            (p_text(pair.pvalue_final), 35, "left"),
        ):
            ax.annotate(
                text,
                (1, place),
                xycoords=ax.get_yaxis_transform(),
                xytext=(at, 0),
                textcoords="offset points",
                ha=side,
                va="center",
                fontsize=SMALL_PT,
            )
    ax.set_yticks(range(len(shown)), labels)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("Difference in points (first − second)")
    return ax


def heat_map(
    pairs: Sequence[Result], order: Sequence[str], ax: Axes | None = None, *, alpha: float = 0.05
) -> Axes:
    """Effects (colour) and final p-values (text) of all pairs, systems in the given order.

    Row minus column; bold where significant. Pairs without an effect stay white.
    """
    beside = widest_inches(order, TEXT_PT) + 0.85
    wide = max(COLUMN_INCHES, beside + CELL_INCHES * len(order))
    ax = ax or new_axes(wide, wide - 0.45)
    place = {system: index for index, system in enumerate(order)}
    effects = np.full((len(order), len(order)), np.nan)
    for pair in pairs:
        first, second = (place[system] for system in pair.systems)
        value = np.nan if pair.effect is None else pair.effect.value
        effects[first, second], effects[second, first] = value, -value
        for row, column in ((first, second), (second, first)):
            strong = np.isfinite(value) and abs(value) > 0.6 * _largest(pairs)
            ax.text(
                column,
                row,
                p_cell(pair.pvalue_final),
                ha="center",
                va="center",
                fontsize=SMALL_PT - 0.5,
                fontweight="bold" if pair.significant(alpha) else "normal",
                color="white" if strong else "#222222",
            )
    limit = _largest(pairs)
    image = ax.imshow(effects, cmap="PuOr", norm=TwoSlopeNorm(0, -limit, limit))
    name = next((pair.effect.name for pair in pairs if pair.effect is not None), "effect")
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.8, aspect=25, pad=0.03)
    bar.set_label(f"{name} (row − column)")
    names_below(ax, order, (wide - beside) / len(order))
    ax.set_yticks(range(len(order)), order)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def critical_difference_diagram(
    mean_ranks: dict[str, float], critical: float, n: int, ax: Axes | None = None
) -> Axes:
    """Mean ranks on a line; bars join systems closer than the critical difference (Demšar 2006).

    1 ─────┬──┬────────┬───── 5        best rank to the right
           │  │        │
    Mono ──┘  │        └── Target      names at the ends of their lines
    Random ───┘
           ━━━━                        not shown to differ (Nemenyi)
    """
    ordered = sorted(mean_ranks, key=lambda system: mean_ranks[system])
    half = (len(ordered) + 1) // 2
    groups = _groups([mean_ranks[system] for system in ordered], critical)
    named = [f"{system} ({mean_ranks[system]:.2f})" for system in ordered]
    wide = max(COLUMN_INCHES, 2 * widest_inches(named, TEXT_PT) + 1.5)
    ax = ax or new_axes(wide, 0.9 + 0.22 * half + 0.1 * len(groups))
    ax.set_xlim(0.6, len(ordered) + 0.4)
    depth = 0.6 + 0.18 * len(groups)
    for index, system in enumerate(ordered):
        rank, left = mean_ranks[system], index < half
        level = depth + 0.5 * (index if left else len(ordered) - 1 - index)
        edge = 0.75 if left else len(ordered) + 0.25
        ax.plot([rank, rank, edge], [0, level, level], color="#333333", linewidth=0.8)
        ax.text(
            edge,
            level,
            f"{named[index]} " if left else f" {named[index]}",
            ha="right" if left else "left",
            va="center",
        )
    for index, (low, high) in enumerate(groups):
        y = 0.3 + 0.18 * index
        ax.plot([low - 0.04, high + 0.04], [y, y], color=SURE, linewidth=3, solid_capstyle="butt")
    ax.set_ylim(depth + 0.5 * (half - 1) + 0.3, -1.25)
    ax.plot([1, 1 + critical], [-0.85, -0.85], color="#333333", linewidth=1.2, marker="|")
    ax.annotate(
        f"critical difference {critical:.2f} (n = {n})",
        (1, -0.85),
        xytext=(0, 4),
        textcoords="offset points",
        fontsize=SMALL_PT,
    )
    ax.xaxis.tick_top()
    ax.spines[:].set_visible(False)
    ax.plot([1, len(ordered)], [0, 0], color="#333333", linewidth=0.8)
    ax.spines["top"].set_position(("data", 0))
    ax.set_xticks(range(1, len(ordered) + 1))
    ax.tick_params(axis="x", pad=1)
    ax.set_yticks([])
    return ax


def _groups(ranks: Sequence[float], critical: float) -> list[tuple[float, float]]:
    """Longest runs of sorted ranks that lie within the critical difference."""
    runs: list[tuple[float, float]] = []
    for low in ranks:
        high = max(rank for rank in ranks if low <= rank <= low + critical)
        if high > low and not any(start <= low and high <= end for start, end in runs):
            runs.append((low, high))
    return runs


def _largest(pairs: Sequence[Result]) -> float:
    """The end of the colour scale: 1 for effects that end there, else the largest effect."""
    if any(pair.effect is not None and is_bound(pair.effect.name) for pair in pairs):
        return 1.0
    values = [abs(pair.effect.value) for pair in pairs if pair.effect is not None]
    return max([value for value in values if np.isfinite(value)], default=0.0) or 1.0

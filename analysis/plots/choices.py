"""Figures of paired comparisons: strengths, who was chosen over whom, what was told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from analysis.choices.comparisons import Comparisons
from analysis.choices.detection import Answers
from analysis.choices.outcome import ChoiceBased
from analysis.plots.style import COLUMN_INCHES, SMALL_PT, TEXT_PT, names_below, new_axes
from analysis.plots.text import widest_inches
from analysis.results import Quantity, Result

CELL_INCHES = 0.5
SOFT = "#9AA1A9"


def choice_figures(
    choices: ChoiceBased, colours: Mapping[str, str], alpha: float
) -> list[tuple[str, str, str, Axes]]:
    """Name, title, caption and axes of each figure of paired comparisons."""
    level = f"{100 * (1 - alpha):g}%"
    model = choices.model
    found = [
        (
            "strengths",
            "Strengths",
            f"Strength of each system against the mean of all, with {level} Wald interval. "
            f"{model.describes}; n = {model.participants} participants.",
            strength_plot(choices.strengths, colours),
        ),
        (
            "chosen",
            "Chosen over",
            "Share of comparisons in which the row was chosen over the column; an undecided "
            "answer counts half. Below: how many comparisons.",
            chosen_table(choices.comparisons, [each.name for each in _sorted(choices.strengths)]),
        ),
    ]
    tests = choices.detection or choices.binomial
    if tests:
        found.append(
            (
                "told_apart",
                "Told from the reference",
                f"Share of right answers with {level} interval, on the scale of d′ for ABX too; "
                "grey: each participant; dashed: guessing; filled where better than guessing "
                f"({tests[0].correction}). n = {tests[0].n} {tests[0].unit}.",
                detection_plot(tests, choices.answers, colours, alpha=alpha),
            )
        )
    return found


def strength_plot(
    strengths: Sequence[Quantity], colours: Mapping[str, str], ax: Axes | None = None
) -> Axes:
    """Strengths as log odds with their intervals, the strongest on top, each in its colour."""
    ordered = _sorted(strengths)
    ax = ax or new_axes(COLUMN_INCHES, 0.95 + 0.24 * len(ordered))
    ax.axvline(0, color="#333333", linewidth=0.8)
    for place, each in enumerate(ordered):
        if each.interval is not None:
            ends = [each.interval.low, each.interval.high]
            ax.plot(ends, [place, place], color=colours[each.name], linewidth=1.6)
        ax.plot([each.value], [place], marker="o", markersize=5, color=colours[each.name])
    ax.set_yticks(range(len(ordered)), [each.name for each in ordered])
    ax.set_ylim(len(ordered) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("Strength (log odds of being chosen\nover an average system)")
    return ax


def chosen_table(comparisons: Comparisons, order: Sequence[str], ax: Axes | None = None) -> Axes:
    """A matrix of shares, row over column, in the given order; pairs that never met stay white."""
    index = [comparisons.systems.index(name) for name in order]
    wins, ties = comparisons.wins(), comparisons.undecided()
    counts = (wins + wins.T + ties)[np.ix_(index, index)]
    shares = np.full(counts.shape, np.nan)
    won = (wins + ties / 2.0)[np.ix_(index, index)]
    np.divide(won, counts, out=shares, where=counts > 0)
    beside = widest_inches(order, TEXT_PT) + 0.85
    wide = max(COLUMN_INCHES, beside + CELL_INCHES * len(order))
    ax = ax or new_axes(wide, wide - 0.45)
    image = ax.imshow(shares, cmap="PuOr", vmin=0.0, vmax=1.0)
    for row, column in zip(*np.nonzero(counts), strict=True):
        share = shares[row, column]
        ax.text(
            column,
            row,
            f"{100 * share:.0f}%\nof {counts[row, column]}",
            ha="center",
            va="center",
            fontsize=SMALL_PT,
            color="white" if abs(share - 0.5) > 0.33 else "#222222",
        )
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.8, aspect=25, pad=0.03)
    bar.set_label("share chosen (row over column)")
    names_below(ax, order, (wide - beside) / len(order))
    ax.set_yticks(range(len(order)), order)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def detection_plot(
    tests: Sequence[Result],
    answers: Mapping[str, Answers],
    colours: Mapping[str, str],
    ax: Axes | None = None,
    *,
    alpha: float = 0.05,
) -> Axes:
    """Share right of each system with its interval; participants' own shares in grey behind."""
    ax = ax or new_axes(COLUMN_INCHES, 0.9 + 0.36 * len(tests))
    ax.axvline(0.5, color="#333333", linewidth=0.8, linestyle="--")
    for place, result in enumerate(tests):
        share, sensitivity = result.estimate, result.effect
        assert share is not None
        assert sensitivity is not None
        colour = colours[result.systems[0]]
        _participants(ax, answers[result.systems[0]], place)
        if share.interval is not None:
            ends = [share.interval.low, share.interval.high]
            ax.plot(ends, [place, place], color=colour, linewidth=1.6)
        face = colour if result.significant(alpha) else "white"
        ax.plot([share.value], [place], "o", markersize=6, color=colour, markerfacecolor=face)
        ax.text(
            1.02,
            place,
            f"d′ {sensitivity.value:.2f}",
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize=SMALL_PT,
        )
    ax.set_yticks(range(len(tests)), [result.systems[0] for result in tests])
    ax.set_ylim(len(tests) - 0.4, -0.6)
    ax.set_xlim(-0.02, 1.02)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(f"Share of answers that found {tests[0].systems[1]}")
    return ax


def _participants(ax: Axes, answers: Answers, place: int) -> None:
    """One dot per share, as large as the participants who have it are many."""
    codes = answers.participant.codes
    shares = np.bincount(codes, answers.right) / np.bincount(codes)
    values, many = np.unique(np.round(shares, 6), return_counts=True)
    size: Any = 10.0 + 10.0 * many
    ax.scatter(
        values,
        np.full(values.size, place + 0.22),
        s=size,
        color=SOFT,
        alpha=0.6,
        lw=0,
        clip_on=False,
    )


def _sorted(strengths: Sequence[Quantity]) -> list[Quantity]:
    return sorted(strengths, key=lambda each: -each.value)

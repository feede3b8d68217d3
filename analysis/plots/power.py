"""The power curve: how often a design finds the effect."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from analysis.planning.simulate import Power
from analysis.plots.style import (
    MARKERS,
    SMALL_PT,
    colours_of,
    figure_width,
    legend_columns,
    new_axes,
)


def power_curve(found: Sequence[Power], target: float, ax: Axes | None = None) -> Axes:
    """Power against participants, a line per number of passages; bars: 95 % of the simulation.

    Lines are moved aside by a hair, so that their intervals do not hide each other.
    """
    ax = ax or new_axes()
    passages = sorted({each.design.passages for each in found})
    colours = colours_of([str(count) for count in passages])
    names = [f"{count} passage{'s' * (count != 1)}" for count in passages]
    most = max(each.design.participants for each in found)
    ax.axhline(target, color="#333333", linewidth=0.8, linestyle="--")
    ax.text(
        1.005, target, "wanted", transform=ax.get_yaxis_transform(), va="center", fontsize=SMALL_PT
    )
    for index, count in enumerate(passages):
        line = sorted(
            (each for each in found if each.design.passages == count),
            key=lambda each: each.design.participants,
        )
        aside = 0.004 * most * (index - (len(passages) - 1) / 2.0)
        intervals = [each.pair.interval for each in line]
        values = [each.pair.value for each in line]
        ax.errorbar(
            [each.design.participants + aside for each in line],
            values,
            yerr=(
                [v - i.low if i else 0.0 for v, i in zip(values, intervals, strict=True)],
                [i.high - v if i else 0.0 for v, i in zip(values, intervals, strict=True)],
            ),
            color=colours[str(count)],
            marker=MARKERS[index % len(MARKERS)],
            markersize=4,
            linewidth=1.4,
            elinewidth=1.0,
            label=names[index],
        )
    ax.set_ylim(-0.02, 1.02)
    ax.set_xlim(left=0)
    ax.set_xlabel("Participants")
    ax.set_ylabel(f"Power to find {found[0].effect:g} points")
    columns = legend_columns(names, figure_width(ax))
    ax.figure.legend(loc="outside lower center", ncols=columns)
    return ax

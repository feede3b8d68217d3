"""Several attributes in one figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from analysis.descriptive import Summary
from analysis.plots.style import (
    COLUMN_INCHES,
    TEXT_PT,
    colours_of,
    legend_of_lines,
    markers_of,
    new_axes,
)
from analysis.plots.text import widest_inches

GROUP_HEIGHT = 0.7


def attribute_means(
    summaries: Mapping[str, Sequence[Summary]],
    scale: tuple[float, float],
    colours: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Mean of every system on every attribute with its t interval, a row an attribute.

    Args:
        summaries: of each attribute, over all passages; the first is on top.
        scale: lowest and highest score.
        colours: of the systems.
        ax: to draw on.
    """
    systems = tuple(dict.fromkeys(each.system for row in summaries.values() for each in row))
    colours = colours or colours_of(systems)
    markers = markers_of(systems)
    names = [name.replace("_", " ").capitalize() for name in summaries]
    wide = max(COLUMN_INCHES, widest_inches(names, TEXT_PT) + 2.4)
    ax = ax or new_axes(wide, 0.9 + (0.2 + 0.11 * len(systems)) * len(summaries))
    step = GROUP_HEIGHT / len(systems)
    for row, entries in enumerate(summaries.values()):
        for each in entries:
            y = row + step * (systems.index(each.system) - (len(systems) - 1) / 2)
            limits = each.intervals.get("t")
            if limits is not None:
                ax.plot(
                    [limits.low, limits.high], [y, y], color=colours[each.system], linewidth=1.4
                )
            ax.plot(
                [each.mean],
                [y],
                linestyle="none",
                marker=markers[each.system],
                markersize=4,
                color=colours[each.system],
                label=each.system,
            )
        if row % 2:
            ax.axhspan(row - 0.5, row + 0.5, color="#000000", alpha=0.045, lw=0, zorder=0)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(*scale)
    ax.set_xlabel("Mean score")
    ax.grid(axis="x", color="#DDDDDD", linewidth=0.5)
    ax.set_axisbelow(True)
    legend_of_lines(ax)
    return ax

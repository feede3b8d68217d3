"""What all figures share: colours, sizes, quality bands, the mark of simulated data, saving."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from math import ceil
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.plots import fonts
from analysis.plots.text import widest_inches

COLUMN_INCHES, PAGE_INCHES = 3.5, 7.2
"""Widths of a column and of a page of two columns: figures are drawn as wide as they are printed,
so that their letters are read at their own size."""
TEXT_PT, SMALL_PT = 8.0, 7.0
LINE_INCHES = 0.18
LEGEND_MARGIN_INCHES, LEGEND_KEY_INCHES = 0.2, 0.42
"""Left free beside a legend; taken by the key of an entry and the gap after its name."""
OKABE_ITO = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#8C6D00",
    "#555555",
)
"""Colours that people with any kind of colour vision tell apart (Okabe and Ito 2008); their yellow
is darkened, because it vanishes on white."""
ANCHOR_GREYS = ("#9A9A9A", "#C8C8C8", "#777777", "#B0B0B0")
"""Anchors span the scale and are not compared: they leave the colours to the systems."""
MARKERS = "osD^vPX*"
QUALITY = ("Bad", "Poor", "Fair", "Good", "Excellent")
FORMATS = ("png", "svg", "pdf")
SIMULATED = "SIMULATED DATA – no listener was involved"


def context() -> AbstractContextManager[None]:
    """The style of all figures, for a `with` block; outside of it nothing changes."""
    return mpl.rc_context(
        {
            "font.family": fonts.family(),
            "font.size": TEXT_PT,
            "axes.titlesize": 9,
            "axes.labelsize": TEXT_PT,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.linewidth": 0.6,
            "legend.frameon": False,
            "legend.fontsize": TEXT_PT,
            "legend.columnspacing": 1.2,
            "legend.handletextpad": 0.5,
            "legend.borderaxespad": 0.2,
            "xtick.major.width": 0.6,
            "ytick.major.width": 0.6,
            "figure.dpi": 100,
            "savefig.dpi": 200,
            "svg.hashsalt": "blindmix",
            "pdf.fonttype": 42,
        }
    )


def new_axes(width_inches: float = COLUMN_INCHES, height_inches: float = 2.8) -> Axes:
    """A fresh Axes on a figure of its own, outside of pyplot."""
    return Figure(figsize=(width_inches, height_inches), layout="constrained").subplots()


def colours_of(systems: Sequence[str], anchors: Collection[str] = ()) -> dict[str, str]:
    """One colour per system, the same in every figure of a study; greys for those that are anchors.

    The names keep their order.
    """
    coloured = [name for name in systems if name not in anchors]
    greys = [name for name in systems if name in anchors]
    found = {name: ANCHOR_GREYS[at % len(ANCHOR_GREYS)] for at, name in enumerate(greys)}
    if len(coloured) <= len(OKABE_ITO):
        found |= dict(zip(coloured, OKABE_ITO, strict=False))
    else:
        ramp = mpl.colormaps["viridis"](np.linspace(0, 0.92, len(coloured)))
        found |= {name: mpl.colors.to_hex(rgba) for name, rgba in zip(coloured, ramp, strict=True)}
    return {name: found[name] for name in systems}


def markers_of(systems: Sequence[str]) -> dict[str, str]:
    """One marker per system, so that colour is never the only sign."""
    return {name: MARKERS[index % len(MARKERS)] for index, name in enumerate(systems)}


def quality_bands(ax: Axes, scale: tuple[float, float], *, words: bool = True) -> None:
    """Five bands behind the data, as the quality scale of BS.1534 labels them."""
    half = 0.5 if scale_of_categories(scale) else 0.0
    edges = np.clip(np.linspace(scale[0] - half, scale[1] + half, len(QUALITY) + 1), *scale)
    for index, word in enumerate(QUALITY):
        if index % 2 == 0:
            ax.axhspan(edges[index], edges[index + 1], color="#000000", alpha=0.045, lw=0, zorder=0)
        if words:
            ax.text(
                1.005,
                (edges[index] + edges[index + 1]) / 2,
                word,
                transform=ax.get_yaxis_transform(),
                va="center",
                ha="left",
                fontsize=SMALL_PT,
                color="#555555",
            )


def scale_of_categories(scale: tuple[float, float]) -> bool:
    """Whether scores are the five categories themselves, 1 to 5, and not points between labels."""
    return scale == (1.0, 5.0)


def names_below(ax: Axes, names: Sequence[str], slot_inches: float) -> None:
    """Names of columns on the x axis, slanted where they would touch.

    Args:
        ax: whose columns are at 0, 1, 2, ….
        names: of the columns.
        slot_inches: how wide a column is.
    """
    ax.set_xticks(range(len(names)), names)
    if _touch(names, slot_inches):
        ax.tick_params(axis="x", labelrotation=30)
        for label in ax.get_xticklabels():
            label.set_horizontalalignment("right")
            label.set_rotation_mode("anchor")


def height_of_names(names: Sequence[str], slot_inches: float) -> float:
    """What `names_below` takes of the height of a figure, in inches."""
    slant = 0.5 * widest_inches(names, TEXT_PT) if _touch(names, slot_inches) else 0.0
    return LINE_INCHES + slant


def height_of_legend(names: Sequence[str], width_inches: float) -> float:
    """What a legend below takes of the height of a figure, in inches."""
    return LINE_INCHES * (0.5 + ceil(len(names) / legend_columns(names, width_inches)))


def _touch(names: Sequence[str], slot_inches: float) -> bool:
    return widest_inches(names, TEXT_PT) > slot_inches - 0.06


def legend_columns(names: Sequence[str], width_inches: float) -> int:
    """Columns of a legend that fits a width, its rows filled evenly: three and three, not five and
    one."""
    entry = widest_inches(names, TEXT_PT) + LEGEND_KEY_INCHES
    fit = max(1, int((width_inches - LEGEND_MARGIN_INCHES) / entry))
    return ceil(len(names) / ceil(len(names) / fit))


def figure_width(ax: Axes) -> float:
    """How wide the figure of some axes is, in inches."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return float(figure.get_figwidth())


def legend_below(ax: Axes, colours: dict[str, str]) -> None:
    """One entry per system, in rows under the figure."""
    handles = [mpl.patches.Patch(facecolor=colour, label=name) for name, colour in colours.items()]
    ax.figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=legend_columns(list(colours), figure_width(ax)),
        handlelength=1.0,
        handleheight=1.0,
    )


def legend_of_lines(ax: Axes) -> None:
    """One entry for each name that was drawn, in rows under the figure."""
    by_name = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    ax.figure.legend(
        by_name.values(),
        by_name.keys(),
        loc="outside lower center",
        ncols=legend_columns(list(by_name), figure_width(ax)),
    )


def files(folder: Path, name: str) -> tuple[Path, ...]:
    """Where `save` writes a figure, in the order of `FORMATS`."""
    return tuple(folder / f"{name}.{kind}" for kind in FORMATS)


def lay_out(ax: Axes, *, simulated: bool) -> None:
    """Give all parts of a figure their places, and the mark of simulated data where it is due.

    Once, not once per format: all look alike, in half the time.
    """
    figure = ax.get_figure(root=True)
    assert figure is not None
    if simulated:
        figure.set_figheight(figure.get_figheight() + LINE_INCHES)
        figure.suptitle(SIMULATED, fontsize=SMALL_PT, color="#B00020", fontweight="bold")
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.execute(figure)
    figure.set_layout_engine("none")


def write(ax: Axes, path: Path) -> None:
    """Write a figure that is laid out, in the format that the name ends in.

    Same figure, same bytes: no dates are written.
    """
    figure = ax.get_figure(root=True)
    assert figure is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = path.suffix[1:]
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    partial = path.with_name(path.name + ".part")
    figure.savefig(partial, format=kind, metadata=dates.get(kind, {}))
    partial.replace(path)


def save(ax: Axes, folder: Path, name: str, *, simulated: bool) -> tuple[Path, ...]:
    """Write a figure as PNG, SVG and PDF, marked where its data are simulated."""
    lay_out(ax, simulated=simulated)
    paths = files(folder, name)
    for path in paths:
        write(ax, path)
    return paths

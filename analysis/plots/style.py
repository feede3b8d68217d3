"""What all figures share: colours, sizes, quality bands, the mark of simulated data, saving."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from math import ceil
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLUMN_INCHES = 3.5
PAGE_INCHES = 7.2
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
MARKERS = "osD^vPX*"
QUALITY = ("Bad", "Poor", "Fair", "Good", "Excellent")
LEGEND_COLUMNS = 5
SHORT_NAME = 5
"""Names of up to this many letters stand upright under a column."""
FORMATS = ("png", "svg", "pdf")
SIMULATED = "SIMULATED DATA – no listener was involved"


def context() -> AbstractContextManager[None]:
    """The style of all figures, for a `with` block; outside of it nothing changes."""
    return mpl.rc_context(
        {
            "font.size": 8,
            "axes.titlesize": 9,
            "axes.labelsize": 8,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.linewidth": 0.6,
            "legend.frameon": False,
            "legend.fontsize": 8,
            "xtick.major.width": 0.6,
            "ytick.major.width": 0.6,
            "figure.dpi": 100,
            "savefig.dpi": 200,
            "svg.hashsalt": "blindmix",
            "pdf.fonttype": 42,
        }
    )


def new_axes(width_inches: float = PAGE_INCHES, height_inches: float = 3.6) -> Axes:
    """A fresh Axes on a figure of its own, outside of pyplot."""
    return Figure(figsize=(width_inches, height_inches), layout="constrained").subplots()


def colours_of(systems: Sequence[str]) -> dict[str, str]:
    """One colour per system, the same in every figure of a study."""
    if len(systems) <= len(OKABE_ITO):
        return dict(zip(systems, OKABE_ITO, strict=False))
    ramp = mpl.colormaps["viridis"](np.linspace(0, 0.92, len(systems)))
    return {name: mpl.colors.to_hex(rgba) for name, rgba in zip(systems, ramp, strict=True)}


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
                fontsize=7,
                color="#555555",
            )


def scale_of_categories(scale: tuple[float, float]) -> bool:
    """Whether scores are the five categories themselves, 1 to 5, and not points between labels."""
    return scale == (1.0, 5.0)


def names_below(ax: Axes, names: Sequence[str]) -> None:
    """Names of columns on the x axis, slanted where they would touch."""
    ax.set_xticks(range(len(names)), names)
    if max(map(len, names)) > SHORT_NAME:
        ax.tick_params(axis="x", labelrotation=30)
        for label in ax.get_xticklabels():
            label.set_horizontalalignment("right")


def legend_columns(entries: int) -> int:
    """Columns of a legend whose rows are filled evenly: three and three, not five and one."""
    return ceil(entries / max(1, ceil(entries / LEGEND_COLUMNS)))


def legend_below(ax: Axes, colours: dict[str, str]) -> None:
    """One entry per system, in rows under the figure."""
    handles = [mpl.patches.Patch(facecolor=colour, label=name) for name, colour in colours.items()]
    ax.figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=legend_columns(len(handles)),
        handlelength=1.0,
        handleheight=1.0,
    )


def save(ax: Axes, folder: Path, name: str, *, simulated: bool) -> tuple[Path, ...]:
    """Write a figure as PNG, SVG and PDF, marked where its data are simulated.

    Same figure, same bytes: no dates are written.
    """
    figure = ax.get_figure(root=True)
    assert figure is not None
    if simulated:
        figure.suptitle(SIMULATED, fontsize=7, color="#B00020", fontweight="bold")
    folder.mkdir(parents=True, exist_ok=True)
    # Laid out once, not once per format: all three look alike, in half the time.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    dates = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    paths = []
    for kind in FORMATS:
        path = folder / f"{name}.{kind}"
        partial = path.with_name(path.name + ".part")
        figure.savefig(partial, format=kind, metadata=dates[kind])
        partial.replace(path)
        paths.append(path)
    return tuple(paths)

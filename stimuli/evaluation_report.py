"""An evaluation written for people and for programs: CSV, Markdown and a figure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import fields
from math import floor, inf, log10
from pathlib import Path
from statistics import mean, stdev

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mixers.objective import MixFeatures
from mixers.whole import whole
from stimuli.evaluation import MEASURES, Row

DRAWN = {
    "distance": "Stereo MR-STFT distance",
    "level_error_db": "Level error (dB)",
    "pan_error": "Pan error",
}
"""Measures in the figure, with the labels of their axes."""
FEATURES = tuple(feature.name for feature in fields(MixFeatures))
ACCENT, FAINT = "#1b4965", "#9db4c0"


def write_report(rows: Sequence[Row], folder: Path) -> None:
    """Write evaluation.csv, evaluation.md and evaluation.png; a folder that is there is reused."""
    folder.mkdir(parents=True, exist_ok=True)
    _store(folder / "evaluation.csv", table(rows).encode())
    _store(folder / "evaluation.md", markdown(rows).encode())
    picture = io.BytesIO()
    draw(rows).savefig(picture, format="png", dpi=150)
    _store(folder / "evaluation.png", picture.getvalue())


def table(rows: Sequence[Row]) -> str:
    """CSV text: a line per song and system; empty where nothing is known."""
    columns = [*MEASURES, *FEATURES]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["song", "system", "seen", *columns, "failure"])
    for row in rows:
        values = [f"{row.values[name]:.6g}" if name in row.values else "" for name in columns]
        writer.writerow([row.song, row.system, str(row.seen).lower(), *values, row.failure])
    return text.getvalue()


def markdown(rows: Sequence[Row]) -> str:
    """Markdown text: means over songs per system, nearest first, their meaning, and what failed."""
    systems = _ranked(rows)
    songs = len({row.song for row in rows})
    lines = [
        "# Evaluation",
        "",
        f"{len(systems)} systems on {songs} songs: mean over songs (standard deviation). "
        "Smaller is better; the system whose mixes are nearest to the human ones comes first.",
        "",
        *_means(rows, systems, "measure", tuple(MEASURES)),
        "",
        *(f"- **{name}**: {meaning}." for name, meaning in MEASURES.items()),
        "",
        "## Objective features",
        "",
        "Of the mixes at -23 LUFS; nearer to those of the human mix (`target`) is better.",
        "",
        *_means(rows, systems, "feature", FEATURES),
        *_warnings(rows, systems),
    ]
    return "\n".join(lines) + "\n"


def draw(rows: Sequence[Row]) -> Figure:
    """One panel per drawn measure: a dot per song, a bar at the mean, the nearest system on top."""
    systems = _ranked(rows)
    figure = Figure(figsize=(10, 1.6 + 0.42 * len(systems)), layout="constrained")
    axes = figure.subplots(1, len(DRAWN), sharey=True)
    for panel, (name, label) in zip(axes, DRAWN.items(), strict=True):
        _panel(panel, [_values(rows, system, name) for system in systems], label)
    axes[0].set_yticks(range(len(systems)), systems)
    axes[0].set_ylim(len(systems) - 0.5, -0.5)
    songs = len({row.song for row in rows})
    figure.suptitle(f"Beside the human mix: {songs} songs, a dot each; the line is the mean")
    return figure


def _means(
    rows: Sequence[Row], systems: list[str], title: str, names: Sequence[str]
) -> Iterator[str]:
    """Lines of a table: a line per measure, a column per system."""
    yield f"| {title} | " + " | ".join(systems) + " |"
    yield "|---|" + "---:|" * len(systems)
    for name in names:
        cells = [_cell(_values(rows, system, name)) for system in systems]
        yield f"| {name} | " + " | ".join(cells) + " |"


def _ranked(rows: Sequence[Row]) -> list[str]:
    """Systems by their mean distance to the human mixes; those without one come last."""
    systems = dict.fromkeys(row.system for row in rows)
    distances = {system: _values(rows, system, "distance") for system in systems}
    return sorted(systems, key=lambda system: mean(distances[system] or [inf]))


def _panel(axes: Axes, values: list[list[float]], label: str) -> None:
    for place, row in enumerate(values):
        axes.plot(row, [place] * len(row), "o", color=FAINT, markersize=5, alpha=0.8)
        if row:
            ends = [place - 0.3, place + 0.3]
            axes.plot([mean(row)] * 2, ends, color=ACCENT, linewidth=2.5)
    axes.set_xlabel(label)
    # A little room, so that dots at zero are whole.
    axes.set_xlim(left=-0.03 * max((value for row in values for value in row), default=1.0))
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _values(rows: Sequence[Row], system: str, name: str) -> list[float]:
    return [r.values[name] for r in rows if r.system == system and name in r.values]


def _cell(values: list[float]) -> str:
    if not values:
        return "–"
    spread = f" ({_plain(stdev(values), 2)})" if len(values) > 1 else ""
    return f"{_plain(mean(values), 3)}{spread}"


def _plain(value: float, digits: int) -> str:
    """Significant digits without a power of ten; what is below a millionth is rounding."""
    if abs(value) < 1e-6:
        return "0"
    decimals = max(0, digits - 1 - floor(log10(abs(value))))
    return f"{value:.{decimals}f}"


def _warnings(rows: Sequence[Row], systems: list[str]) -> list[str]:
    lines = []
    for system in systems:
        seen = sum(row.seen for row in rows if row.system == system)
        if seen:
            lines.append(f"- `{system}` has learnt from {seen} of these songs.")
        failed = sum(bool(row.failure) for row in rows if row.system == system)
        if failed:
            lines.append(
                f"- The means of `{system}` leave out {failed} songs that it could not mix."
            )
    lines += [f"- `{r.system}` could not mix {r.song}: {r.failure}" for r in rows if r.failure]
    return ["", "## Mind", "", *lines] if lines else []


def _store(path: Path, data: bytes) -> None:
    with whole(path) as partial:
        partial.write_bytes(data)

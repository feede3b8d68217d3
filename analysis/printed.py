"""The report for print: the answer and the method on the first pages, then a figure a page."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from matplotlib import image as images
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from analysis.analyse import Outcome
from analysis.answer import short_answer
from analysis.paper import methods_paragraph, results_sentences

A4_INCHES = (8.27, 11.69)
CHARACTERS = 92
LINES = 58


class Drawn(Protocol):
    """A figure that lies on disk, as a report holds it."""

    @property
    def title(self) -> str:
        """Its heading."""

    @property
    def caption(self) -> str:
        """What it shows."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """Its files; one is a PNG."""


def write_pdf(outcome: Outcome, figures: Mapping[str, Sequence[Drawn]], path: Path) -> Path:
    """Write the report as A4 pages; same results, same bytes."""
    partial = path.with_name(path.name + ".part")
    with PdfPages(partial, metadata={"CreationDate": None, "Title": outcome.ratings.study}) as pdf:
        lines = _lines(outcome)
        for start in range(0, len(lines), LINES):
            pdf.savefig(_text_page(lines[start : start + LINES]))
        for drawn in (figure for group in figures.values() for figure in group):
            pdf.savefig(_figure_page(drawn))
    partial.replace(path)
    return path


def _lines(outcome: Outcome) -> list[str]:
    """All text of the report, wrapped to the page; headings are in capitals."""
    parts = [outcome.ratings.study.upper(), "", *short_answer(outcome), "", "METHOD"]
    parts += [methods_paragraph(outcome), "", "RESULTS"]
    for entry in outcome.attributes:
        parts += [*results_sentences(entry, outcome.plan.alpha), ""]
    for exclusion in outcome.screening.exclusions:
        parts.append(f"Excluded: {exclusion.participant} ({exclusion.rule}): {exclusion.reason}")
    parts += ["NOTES", *outcome.notes]
    return [line for part in parts for line in (textwrap.wrap(part, CHARACTERS) or [""])]


def _text_page(lines: Sequence[str]) -> Figure:
    page = Figure(figsize=A4_INCHES)
    text = "\n".join(lines)
    page.text(0.08, 0.95, text, va="top", fontsize=9, linespacing=1.45, parse_math=False)
    return page


def _figure_page(drawn: Drawn) -> Figure:
    page = Figure(figsize=A4_INCHES)
    image = images.imread(next(path for path in drawn.paths if path.suffix == ".png"))
    ax = page.add_axes((0.08, 0.3, 0.84, 0.64))
    ax.imshow(image)
    ax.set_axis_off()
    ax.set_anchor("N")
    caption = "\n".join(textwrap.wrap(f"{drawn.title}. {drawn.caption}", CHARACTERS))
    page.text(0.08, 0.27, caption, va="top", fontsize=9, linespacing=1.45, parse_math=False)
    return page

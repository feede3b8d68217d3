"""A4 pages of headings, paragraphs, tables and pictures, one under the other, as PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from matplotlib import image as images
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import TextToPath

A4_INCHES = (8.27, 11.69)
MARGIN_INCHES = 0.75
WIDTH_INCHES = A4_INCHES[0] - 2 * MARGIN_INCHES
POINTS = 72.0
TEXT_PT, TABLE_PT, SMALLEST_PT = 9.5, 8.0, 5.0
LEADING = 1.42
CELL_GAP_PT = 10.0
MUTED, LINE = "#59626c", "#9aa1a9"


class Sheets:
    """Writes down a page and begins another where it is full; a context manager.

    Args:
        path: the PDF; it holds no date, so that the same content makes the same bytes.
        title: of the document.
    """

    def __init__(self, path: Path, title: str) -> None:
        self._pdf: Any = PdfPages(path, metadata={"CreationDate": None, "Title": title})
        self._page: Figure | None = None
        self._y = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.turn()
        self._pdf.close()

    def turn(self) -> None:
        """Go on with a new page."""
        if self._page is not None:
            self._pdf.savefig(self._page)
        self._page, self._y = None, MARGIN_INCHES

    def heading(self, text: str, level: int = 1) -> None:
        """A heading that stays with at least some lines of what follows."""
        size = {0: 17.0, 1: 13.0}.get(level, 10.5)
        self._need(size * 1.6 / POINTS + 0.9)
        self._y += 0.0 if self._y <= MARGIN_INCHES else size * 0.9 / POINTS
        for line in wrapped(text, size, WIDTH_INCHES, bold=True):
            self._write(0.0, line, size, bold=True)
            self._y += size * 1.3 / POINTS
        self._y += 0.05

    def paragraph(
        self, text: str, *, muted: bool = False, size: float = TEXT_PT, after: float = 0.06
    ) -> None:
        """Text over the whole width, with this many inches after it."""
        for line in wrapped(text, size, WIDTH_INCHES):
            self._need(size * LEADING / POINTS)
            self._write(0.0, line, size, colour=MUTED if muted else "black")
            self._y += size * LEADING / POINTS
        self._y += after

    def table(
        self,
        caption: str,
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        texts: Sequence[int] = (),
        bold: Sequence[int] = (),
    ) -> None:
        """A table; its head is repeated on every page.

        Args:
            caption: above it.
            head: names of the columns.
            rows: cells as text.
            texts: columns to set to the left, beside the first; the others are numbers.
            bold: rows to print bold.
        """
        layout = _Columns.of(head, rows, {0, *texts})
        step = layout.size_pt * 1.5 / POINTS
        self._need(0.5 + 3 * step)
        self.paragraph(caption, muted=True, size=TABLE_PT)
        self._head(head, layout)
        for index, row in enumerate(rows):
            if self._y + step > A4_INCHES[1] - MARGIN_INCHES:
                self.turn()
                self._head(head, layout)
            self._row(row, layout, bold=index in bold)
        self._y += 0.14

    def picture(self, png: Path, caption: str) -> None:
        """A picture as wide as the text at most, with its caption below."""
        pixels = images.imread(png)
        height, width = pixels.shape[:2]
        shown = min(WIDTH_INCHES, width / 200)
        tall = shown * height / width
        lines = wrapped(caption, TABLE_PT, WIDTH_INCHES)
        self._need(tall + 0.15 + len(lines) * TABLE_PT * LEADING / POINTS)
        left = (A4_INCHES[0] - shown) / 2 / A4_INCHES[0]
        bottom = 1 - (self._y + tall) / A4_INCHES[1]
        ax = self._sheet().add_axes((left, bottom, shown / A4_INCHES[0], tall / A4_INCHES[1]))
        ax.imshow(pixels, interpolation="none")
        ax.set_axis_off()
        self._y += tall + 0.08
        self.paragraph(caption, muted=True, size=TABLE_PT)
        self._y += 0.12

    def _head(self, cells: Sequence[str], layout: _Columns) -> None:
        """The names of the columns with a rule below."""
        self._row(cells, layout, bold=True)
        y = 1 - (self._y - 0.03) / A4_INCHES[1]
        ends = [x / A4_INCHES[0] for x in (MARGIN_INCHES, MARGIN_INCHES + layout.width_inches)]
        self._sheet().add_artist(Line2D(ends, [y, y], color=LINE, linewidth=0.6))
        self._y += 0.03

    def _row(self, cells: Sequence[str], layout: _Columns, *, bold: bool) -> None:
        for cell, at, right in zip(cells, layout.places_inches, layout.rights, strict=True):
            self._write(at, cell, layout.size_pt, bold=bold, right=right)
        self._y += layout.size_pt * 1.5 / POINTS

    def _write(
        self,
        x: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        right: bool = False,
        colour: str = "black",
    ) -> None:
        self._sheet().text(
            (MARGIN_INCHES + x) / A4_INCHES[0],
            1 - self._y / A4_INCHES[1],
            text,
            fontsize=size,
            fontweight="bold" if bold else "normal",
            ha="right" if right else "left",
            va="top",
            color=colour,
            parse_math=False,
        )

    def _sheet(self) -> Figure:
        if self._page is None:
            self._page, self._y = Figure(figsize=A4_INCHES), max(self._y, MARGIN_INCHES)
        return self._page

    def _need(self, inches: float) -> None:
        """Begin a new page where this much is not left."""
        if self._page is None:
            self._y = MARGIN_INCHES
        elif self._y + inches > A4_INCHES[1] - MARGIN_INCHES:
            self.turn()


@lru_cache(maxsize=20_000)
def width_pt(text: str, size_pt: float, *, bold: bool = False) -> float:
    """How wide a text is in the font of the figures, in points."""
    font = FontProperties(size=size_pt, weight="bold" if bold else "normal")
    width, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def wrapped(text: str, size_pt: float, width_inches: float, *, bold: bool = False) -> list[str]:
    """A text as lines that fit; words longer than a line stand alone."""
    room, space = width_inches * POINTS, width_pt("n", size_pt, bold=bold) * 0.5
    lines: list[str] = []
    used = room
    for word in text.split():
        width = width_pt(word, size_pt, bold=bold)
        if lines and used + space + width <= room:
            lines[-1] += f" {word}"
            used += space + width
        else:
            lines.append(word)
            used = width
    return lines or [""]


@dataclass(frozen=True)
class _Columns:
    """Where the cells of a table go.

    Attributes:
        size_pt: of the letters: smaller than usual where the table is wide.
        places_inches: edge that the cells of each column are set to.
        rights: whether that is their right edge.
        width_inches: of the whole table.
    """

    size_pt: float
    places_inches: tuple[float, ...]
    rights: tuple[bool, ...]
    width_inches: float

    @classmethod
    def of(cls, head: Sequence[str], rows: Sequence[Sequence[str]], texts: set[int]) -> Self:
        size = TABLE_PT
        while True:
            widths = [
                max(width_pt(cell, size, bold=True) for cell in column) / POINTS
                for column in zip(head, *rows, strict=True)
            ]
            total = sum(widths) + CELL_GAP_PT / POINTS * (len(widths) - 1)
            if total <= WIDTH_INCHES or size <= SMALLEST_PT:
                break
            size -= 0.25
        left, places = 0.0, []
        for column, width in enumerate(widths):
            places.append(left if column in texts else left + width)
            left += width + CELL_GAP_PT / POINTS
        rights = tuple(column not in texts for column in range(len(widths)))
        return cls(size, tuple(places), rights, total)

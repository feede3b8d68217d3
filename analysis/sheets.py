"""A4 pages of headings, paragraphs, tables and pictures, one under the other, as PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from matplotlib import image as images
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.plots.text import POINTS, Line, Lines, ascent_pt, width_pt

A4_INCHES = (8.27, 11.69)
MARGIN_INCHES = 0.75
WIDTH_INCHES = A4_INCHES[0] - 2 * MARGIN_INCHES
TEXT_PT, TABLE_PT, SMALLEST_PT = 9.5, 8.0, 5.0
LEADING = 1.42
CELL_GAP_PT = 10.0
COLUMN_INCHES, GUTTER_INCHES = 3.7, 0.25
"""Pictures up to this width stand two abreast, with this between them."""
MUTED, LINE = "#59626c", "#9aa1a9"


@dataclass(frozen=True)
class Picture:
    """A PNG, how wide it is meant to be, and its caption."""

    png: Path
    width_inches: float
    caption: str


@dataclass(frozen=True, eq=False)
class _Shown:
    """A picture as it fits its room: pixels, size and the lines of its caption."""

    pixels: Any
    wide_inches: float
    tall_inches: float
    lines: tuple[str, ...]

    @classmethod
    def of(cls, picture: Picture, room_inches: float) -> Self:
        pixels = images.imread(picture.png)
        height, width = pixels.shape[:2]
        wide = min(room_inches, picture.width_inches)
        lines = wrapped(picture.caption, TABLE_PT, room_inches)
        return cls(pixels, wide, wide * height / width, tuple(lines))

    @property
    def height_inches(self) -> float:
        """With the caption and the gap after it."""
        return self.tall_inches + 0.08 + len(self.lines) * TABLE_PT * LEADING / POINTS + 0.18


class _Page(Figure):
    """An empty page and the lines on it."""

    def __init__(self) -> None:
        super().__init__(figsize=A4_INCHES)
        self.written = Lines()
        self.add_artist(self.written)


class Sheets:
    """Writes down a page and begins another where it is full; a context manager.

    Args:
        path: the PDF; it holds no date, so that the same content makes the same bytes.
        title: of the document.
    """

    def __init__(self, path: Path, title: str) -> None:
        self._pdf: Any = PdfPages(path, metadata={"CreationDate": None, "Title": title})
        self._page: _Page | None = None
        self._y = 0.0
        self._number = 0

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
            self._number += 1
            self._number_page(self._page)
            self._pdf.savefig(self._page)
        self._page, self._y = None, MARGIN_INCHES

    def _number_page(self, page: _Page) -> None:
        """The number of the page, in the middle below."""
        text = str(self._number)
        left_pt = (A4_INCHES[0] * POINTS - width_pt(text, TABLE_PT)) / 2
        page.written.lines.append(Line(left_pt, MARGIN_INCHES * POINTS / 2, text, TABLE_PT))

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

    def pictures(self, pictures: Sequence[Picture]) -> None:
        """Pictures with their captions below, two abreast where both fit a column."""
        waiting: list[Picture] = []
        for picture in pictures:
            if waiting and picture.width_inches > COLUMN_INCHES:
                self._abreast(waiting)
                waiting = []
            waiting.append(picture)
            if len(waiting) == 2 or picture.width_inches > COLUMN_INCHES:
                self._abreast(waiting)
                waiting = []
        if waiting:
            self._abreast(waiting)

    def _abreast(self, pictures: Sequence[Picture]) -> None:
        """One picture in the middle, or two side by side, each over its caption."""
        room = WIDTH_INCHES if len(pictures) == 1 else (WIDTH_INCHES - GUTTER_INCHES) / 2
        shown = [_Shown.of(picture, room) for picture in pictures]
        self._need(max(each.height_inches for each in shown))
        for place, each in enumerate(shown):
            left = place * (room + GUTTER_INCHES)
            self._draw(each, left + (room - each.wide_inches) / 2)
            down = self._y + each.tall_inches + 0.08
            for line in each.lines:
                self._write(left, line, TABLE_PT, colour=MUTED, at=down)
                down += TABLE_PT * LEADING / POINTS
        self._y += max(each.height_inches for each in shown)

    def _draw(self, shown: _Shown, left: float) -> None:
        """The pixels, with their top at the present height."""
        box = (
            (MARGIN_INCHES + left) / A4_INCHES[0],
            1 - (self._y + shown.tall_inches) / A4_INCHES[1],
            shown.wide_inches / A4_INCHES[0],
            shown.tall_inches / A4_INCHES[1],
        )
        ax = self._sheet().add_axes(box)
        ax.imshow(shown.pixels, interpolation="none")
        ax.set_axis_off()

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
        at: float | None = None,
    ) -> None:
        sheet = self._sheet()
        top = A4_INCHES[1] - (self._y if at is None else at)
        left_pt = (MARGIN_INCHES + x) * POINTS - right * width_pt(text, size, bold=bold)
        baseline_pt = top * POINTS - ascent_pt(size)
        sheet.written.lines.append(Line(left_pt, baseline_pt, text, size, bold, colour))

    def _sheet(self) -> _Page:
        if self._page is None:
            self._page, self._y = _Page(), max(self._y, MARGIN_INCHES)
        return self._page

    def _need(self, inches: float) -> None:
        """Begin a new page where this much is not left."""
        if self._page is None:
            self._y = MARGIN_INCHES
        elif self._y + inches > A4_INCHES[1] - MARGIN_INCHES:
            self.turn()


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

"""Texts in the font of the figures: how wide they are, and many lines at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from analysis.plots import fonts

POINTS = 72.0


@lru_cache(maxsize=20_000)
def width_pt(text: str, size_pt: float, *, bold: bool = False) -> float:
    """How wide a text is in the font of the figures, in points."""
    width, _, _ = _measured(text, size_pt, bold)
    return width


@lru_cache
def ascent_pt(size_pt: float) -> float:
    """How far a line reaches above its baseline, in points."""
    _, height, descent = _measured("lp", size_pt, False)
    return height - descent


def _measured(text: str, size_pt: float, bold: bool) -> tuple[float, float, float]:
    found = TextToPath().get_text_width_height_descent(text, _font(size_pt, bold), ismath=False)
    width, height, descent = map(float, found)
    return width, height, descent


@lru_cache
def _font(size_pt: float, bold: bool) -> FontProperties:
    return FontProperties(family=fonts.family(), size=size_pt, weight="bold" if bold else "normal")


def widest_inches(texts: Sequence[str], size_pt: float) -> float:
    """The width of the longest of some texts, in inches."""
    return max((width_pt(text, size_pt) for text in texts), default=0.0) / POINTS


@dataclass(frozen=True)
class Line:
    """A line of text.

    Attributes:
        x_pt, baseline_pt: its left end, from the left and from the bottom of the page.
        text: as it is; nothing in it is mathematics.
        size_pt, bold, colour: of the letters.
    """

    x_pt: float
    baseline_pt: float
    text: str
    size_pt: float
    bold: bool = False
    colour: str = "black"


class Lines(Artist):
    """Lines of text on a page of a PDF: hundreds of `Text` artists would take most of its time."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []

    def draw(self, renderer: RendererBase) -> None:
        """Draw all lines, in the points that a PDF is measured in."""
        pen = renderer.new_gc()
        for line in self.lines:
            pen.set_foreground(line.colour)
            font = _font(line.size_pt, line.bold)
            renderer.draw_text(pen, line.x_pt, line.baseline_pt, line.text, font, 0.0)
        pen.restore()

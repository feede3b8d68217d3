"""How wide texts are in the font of the figures, so that layouts can be computed beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

POINTS = 72.0


@lru_cache(maxsize=20_000)
def width_pt(text: str, size_pt: float, *, bold: bool = False) -> float:
    """How wide a text is in the font of the figures, in points."""
    font = FontProperties(size=size_pt, weight="bold" if bold else "normal")
    width, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def widest_inches(texts: Sequence[str], size_pt: float) -> float:
    """The width of the longest of some texts, in inches."""
    return max((width_pt(text, size_pt) for text in texts), default=0.0) / POINTS

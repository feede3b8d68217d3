"""The font of all figures: DejaVu Sans with the letters that names and statistics are written in.

Of DejaVu's 6,000 glyphs and their rules of substitution a figure needs fifty, and to pick them took
a third of the time of writing it. Letters that are not here are taken from DejaVu Sans itself.
`python -m analysis.plots.fonts` makes the files anew from those that matplotlib brings.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from matplotlib import font_manager

LEAN = "DejaVu Sans Lean"
FILES = ("DejaVuSansLean.ttf", "DejaVuSansLean-Bold.ttf")


@cache
def family() -> list[str]:
    """Names of the fonts to set figures in, in the order in which letters are looked for."""
    for name in FILES:
        font_manager.fontManager.addfont(Path(__file__).parent / name)
    return [LEAN, "DejaVu Sans"]

"""The font of all figures: DejaVu Sans with the letters that names and statistics are written in.

Of DejaVu's 6,000 glyphs and their rules of substitution a figure needs fifty, and to pick them took
a third of the time of writing it. Letters that are not here are taken from DejaVu Sans itself, and
those of other scripts from the fonts of this machine.
`python -m analysis.plots.fonts` makes the files anew from those that matplotlib brings.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from matplotlib import font_manager

LEAN = "DejaVu Sans Lean"
FILES = ("DejaVuSansLean.ttf", "DejaVuSansLean-Bold.ttf")


OTHERS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "Noto Sans SC",
    "Noto Sans JP",
    "Noto Sans KR",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Microsoft YaHei",
    "Yu Gothic",
    "Malgun Gothic",
    "Hiragino Sans",
    "Arial Unicode MS",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Noto Sans Symbols",
)
"""Fonts of scripts that DejaVu Sans lacks; those that are installed are used."""


@cache
def family() -> list[str]:
    """Names of the fonts to set figures in, in the order in which letters are looked for."""
    for name in FILES:
        font_manager.fontManager.addfont(Path(__file__).parent / name)
    installed = set(font_manager.get_font_names())
    return [LEAN, "DejaVu Sans", *(name for name in OTHERS if name in installed)]


def missing(texts: Iterable[str]) -> str:
    """The signs in some texts that none of the fonts has, each once."""
    faces = [font_manager.get_font(font_manager.findfont(name)) for name in family()]
    signs = sorted(set().union(*texts))
    return "".join(
        sign for sign in signs if not any(face.get_char_index(ord(sign)) for face in faces)
    )

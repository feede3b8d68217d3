"""Make the lean fonts from the DejaVu fonts that matplotlib brings."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import matplotlib as mpl
from fontTools import subset

from analysis.plots.fonts import FILES

SOURCES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
LETTERS = (
    range(0x20, 0x250),  # Latin
    range(0x2B0, 0x530),  # accents, Greek, Cyrillic
    range(0x1E00, 0x2000),  # more Latin and Greek
    range(0x2000, 0x2150),  # punctuation, raised digits, currencies, letter-like signs
    range(0x2190, 0x2300),  # arrows, mathematics
    range(0x25A0, 0x2600),  # shapes
)
UNUSED = ("GSUB", "GPOS", "GDEF", "MATH", "FFTM", "gasp")
"""Tables of rules for other scripts and for typesetting of formulas."""


def make(source: Path, target: Path) -> None:
    """Write the lean font; its licence asks for a name of its own."""
    options = subset.Options(
        drop_tables=[*subset.Options().drop_tables, *UNUSED],
        glyph_names=True,
        legacy_kern=True,
        notdef_outline=True,
        name_IDs=["*"],
        recalc_timestamp=False,
    )
    with subset.load_font(str(source), options) as font:
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=chain(*LETTERS))
        subsetter.subset(font)
        for record in font["name"].names:
            name = str(record)
            if record.nameID in (1, 3, 4, 16):
                name = name.replace("DejaVu Sans", "DejaVu Sans Lean")
            elif record.nameID == 6:
                name = name.replace("DejaVuSans", "DejaVuSansLean")
            record.string = name
        subset.save_font(font, str(target), options)


if __name__ == "__main__":
    for source, target in zip(SOURCES, FILES, strict=True):
        folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
        make(folder / source, Path(__file__).parent / target)

"""The lean font looks as DejaVu Sans does, and what it lacks is taken from there."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pytest
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont
from matplotlib import ft2font

from analysis.analyse import analyse
from analysis.plots import fonts, style
from analysis.plots.fonts.__main__ import SOURCES, make
from analysis.plots.text import width_pt
from analysis.ratings import from_table
from analysis.report import without_letters, write_report

PAIRS = list(zip(SOURCES, fonts.FILES, strict=True))
DEJAVU = Path(mpl.get_data_path()) / "fonts" / "ttf"
SHIPPED = Path(fonts.__file__).parent
HEBREW = "שלום"
UNASSIGNED = "\u0378"


def outline(font: TTFont, sign: int) -> tuple[int, object]:
    """Advance and outline of a sign; offsets of parts may be written in other ways."""
    glyphs, name = font.getGlyphSet(), font.getBestCmap()[sign]
    pen = DecomposingRecordingPen(glyphs)
    glyphs[name].draw(pen)
    return glyphs[name].width, pen.value


def table(system: str) -> list[dict[str, object]]:
    return [
        {"participant": f"p{who}", "passage": "A", "system": name, "score": 10 * who + place}
        for who in range(6)
        for place, name in enumerate(("mono", system))
    ]


@pytest.mark.parametrize(("source", "lean"), PAIRS)
def test_every_letter_is_dejavus(source: str, lean: str) -> None:
    with TTFont(SHIPPED / lean) as ours, TTFont(DEJAVU / source) as theirs:
        signs = list(ours.getBestCmap())
        assert {ord(sign) for sign in "Aé−×²χβΔΣжŁ≤≠→…“"} <= set(signs)
        assert len(signs) > 1500
        for sign in signs:
            assert outline(ours, sign) == outline(theirs, sign), chr(sign)


@pytest.mark.parametrize(("source", "lean"), PAIRS)
def test_letters_stand_as_close(source: str, lean: str) -> None:
    widths = []
    for path in (DEJAVU / source, SHIPPED / lean):
        font = ft2font.FT2Font(path)
        font.set_size(100, 72)
        font.set_text("AVATAR To We 1.17")
        widths.append(font.get_width_height())
    assert widths[0] == widths[1]


def test_the_files_can_be_made_anew(tmp_path: Path) -> None:
    made = tmp_path / "made.ttf"
    make(DEJAVU / SOURCES[1], made)
    with TTFont(made) as ours, TTFont(SHIPPED / fonts.FILES[1]) as shipped:
        assert ours.getBestCmap() == shipped.getBestCmap()
        assert ours["name"].getDebugName(4) == shipped["name"].getDebugName(4)
        assert "Lean" in ours["name"].getDebugName(4)


@pytest.mark.slow
def test_signs_that_no_font_has_are_named_once(tmp_path: Path) -> None:
    assert fonts.missing(["Größe ×", HEBREW, "χ² ≤ 5"]) == ""
    assert fonts.missing([f"a{UNASSIGNED}", f"{UNASSIGNED}\x07"]) == f"\x07{UNASSIGNED}"
    # Were matplotlib still to warn of each sign, it would be an error here.
    outcome = analyse(from_table(table(f"dmc{UNASSIGNED}")))
    write_report(outcome, tmp_path)
    said = without_letters(outcome)
    assert said is not None
    assert said.startswith("No font on this machine has U+0378: boxes stand for it")
    assert without_letters(analyse(from_table(table("dmc")))) is None


def test_other_letters_come_from_dejavu_itself(tmp_path: Path) -> None:
    with TTFont(SHIPPED / fonts.FILES[0]) as lean:
        assert ord(HEBREW[0]) not in lean.getBestCmap()
    assert width_pt(HEBREW, 10.0) == pytest.approx(
        sum(width_pt(letter, 10.0) for letter in HEBREW), rel=0.05
    )
    with style.context():
        axes = style.new_axes()
        axes.set_title(HEBREW)
        # A letter that no font has would be a warning, and warnings are errors here.
        style.save(axes, tmp_path, "hebrew", simulated=False)

"""Text and tables on A4: lines fit, tables go on over the page, same content, same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.plots.text import POINTS, width_pt
from analysis.sheets import Sheets, wrapped

WORDS = st.lists(st.text("abcdefg.,$_^", min_size=1, max_size=12), max_size=60)


@given(WORDS, st.floats(1.0, 7.0))
def test_lines_fit_and_no_word_is_lost(words: list[str], width_inches: float) -> None:
    lines = wrapped(" ".join(words), 9.5, width_inches)
    assert " ".join(lines).split() == words
    for line in lines:
        assert " " not in line or width_pt(line, 9.5) <= 1.02 * width_inches * POINTS


def pages(path: Path) -> int:
    return path.read_bytes().count(b"/Type /Page ") + path.read_bytes().count(b"/Type /Page\n")


def write(path: Path, rows: int) -> Path:
    with Sheets(path, "Test") as sheets:
        sheets.heading("A $tudy_of 5^2", 0)
        sheets.paragraph("Words. " * 40)
        table = [(f"A − B{row}", "12", "long text " * 3) for row in range(rows)]
        sheets.table("What was found.", ("Pair", "n", "Remark"), table, texts=(2,), bold=(1,))
    return path


@pytest.mark.parametrize(("rows", "sheets"), [(3, 1), (80, 2), (160, 3)])
def test_a_long_table_goes_on(tmp_path: Path, rows: int, sheets: int) -> None:
    assert pages(write(tmp_path / "a.pdf", rows)) == sheets


def test_same_content_same_bytes(tmp_path: Path) -> None:
    one, other = write(tmp_path / "a.pdf", 5), write(tmp_path / "b.pdf", 5)
    assert one.read_bytes() == other.read_bytes()

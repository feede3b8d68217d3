"""Files as spreadsheets and people make them: read as they are meant, or refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.cli import make_analyse_command
from analysis.delimited import read_delimited
from analysis.ratings import Ratings, from_table
from analysis.readers import read_ratings
from app import with_clear_errors

HEAD = ("participant", "passage", "system", "score")
ROWS = [(f"P{p}", f"S{a}", s, f"{10 * p + a + 0.5}") for p in "12" for a in "12" for s in "AB"
        for p, a in [(int(p), int(a))]]  # fmt: skip


def text(separator: str = ",", *, rows: list[tuple[str, ...]] | None = None) -> str:
    lines = [HEAD, *(ROWS if rows is None else rows)]
    return "".join(separator.join(line) + "\n" for line in lines)


def commas(row: tuple[str, ...]) -> tuple[str, ...]:
    return (*row[:3], row[3].replace(".", ","))


def read(folder: Path, data: str | bytes, name: str = "ratings.csv") -> Ratings:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_ratings(path)


@pytest.mark.parametrize(
    "data",
    [
        text(","),
        text(";"),
        text("\t"),
        text("|"),
        text(" "),
        "\ufeff" + text(),
        text("\t").encode("utf-16"),
        text().replace("\n", "\r\n"),
        text().replace("\n", "\r"),
        "\n\n" + text().replace("\n", "\n\n"),
        text(" , "),
        text().replace("participant", "Participant").replace("score", "SCORE"),
        text(rows=[tuple(f'"{cell}"' for cell in row) for row in ROWS]),
        text(";", rows=[commas(row) for row in ROWS]),
        text(rows=[(*row[:3], f'"{commas(row)[3]}"') for row in ROWS]),
    ],
    ids=[
        "comma", "semicolon", "tab", "bar", "spaces", "byte-order mark", "UTF-16", "CR LF", "CR",
        "empty lines", "padded", "capitals", "quoted", "decimal commas", "quoted decimal commas",
    ],
)  # fmt: skip
def test_one_table_however_it_is_written(tmp_path: Path, data: str | bytes) -> None:
    found, plain = (
        read(tmp_path, data),
        from_table([dict(zip(HEAD, row, strict=True)) for row in ROWS]),
    )
    np.testing.assert_array_equal(found.cells, plain.cells)
    assert (found.participant.levels, found.systems) == (("P1", "P2"), ("A", "B"))
    # Nothing is said but what was understood of the scores.
    assert set(found.notes) <= {"Scores are written with decimal commas."}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"\n  \n\n", "the file is empty"),
        (text(rows=[]), "the table holds no ratings"),
        (text() + "P9,S1,A,5,6\n", "line 10 has 5 fields parted by ','"),
        (text() + "P9,S1\n", "line 10 has 2 fields"),
        (text(rows=[commas(row) for row in ROWS]), "part the columns by semicolons"),
        (text() + 'P9,"S1,A,5\n', "line 10: a quotation mark is amiss"),
        (text().encode() + b"J\xfcrgen,S1,A,5\n", "line 10 is not in UTF-8"),
        (b"PK\x03\x04" + bytes(60), "save the sheet as CSV"),
        (text().encode() + b"P9,S1,A,\x00\n", "line 10 is no text"),
        (text().replace("system", "score"), "two columns called 'score'"),
        (text().split("\n", 1)[1], "no column for participant; it has P1, S1, A, 11.5"),
        ("participant,passage,A,B\nP1,S1,4,5\n", "each with --wide"),
        (text() + "\n\nP9,S1,A,good\n", "line 12: score 'good' is no number"),
        (text() + 'P9,"S\n1",A,5\nP9,S2,A,good\n', "line 12: score 'good' is no number"),
        (text() + "P9,S1,A,45%\n", "line 10: score '45%' is no number"),
        (text(";") + "P9;S1;A;4,5\n", "line 10: score '4,5' is no number"),
        (text() + text().split("\n", 1)[1], "passage S1, the same as line 2 (a repeated trial"),
        (text() + "P1,S1,A,99\n", "for system A in passage S1, after line 2"),
    ],
    ids=[
        "empty", "blank", "no rows", "a field too many", "a field too few", "bare decimal commas",
        "open quote", "Latin-1", "workbook", "zero byte", "column twice", "no head", "wide",
        "text after empty lines", "text after a cell of two lines", "percent", "both decimal signs",
        "rows twice", "scores twice",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_one_line(
    tmp_path: Path, data: str | bytes, said: str
) -> None:
    path = tmp_path / "ratings.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    command = with_clear_errors(make_analyse_command())
    done = CliRunner().invoke(command, [str(path), "-o", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert said in done.output
    assert "ratings.csv" in done.output
    assert len(done.output.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_minus_signs_of_typographers_are_minus_signs(tmp_path: Path) -> None:
    found = read(tmp_path, text(rows=[(*row[:3], f"−{row[3]}") for row in ROWS]))
    assert found.score.max() == -11.5


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=6).filter(
    lambda cell: cell.strip() == cell
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(CELLS, CELLS, st.just("x")), min_size=1, max_size=5),
    st.sampled_from([",", ";", "\t", "|"]),
)
def test_quoted_cells_come_back_whatever_they_hold(
    rows: list[tuple[str, ...]], separator: str
) -> None:
    def quoted(row: tuple[str, ...]) -> str:
        return separator.join('"' + cell.replace('"', '""') + '"' for cell in row)

    frame, lines = read_delimited("\n".join(map(quoted, [("a", "b", "c"), *rows])))
    assert [tuple(row) for row in frame.itertuples(index=False)] == rows
    assert list(np.diff(lines)) == [1 + sum(c.count("\n") for c in row) for row in rows[:-1]]

"""Every format of the ratings is read back by the analysis as it was; no cell is a formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from analysis.ratings import Ratings, from_table
from analysis.readers import read_frame, read_ratings, without_apostrophes
from listening.db import Database
from listening.export import TidyRating, tidy_ratings
from listening.formats import FORMATS, WEBMUSHRA_COLUMNS, neutral, ratings_csv, to_csv
from listening.simulate import simulate
from listening.studies import find_study

RUNS_AS_FORMULA = tuple("=+-@\t\r\n")
TWO_ATTRIBUTES = [
    {"key": "clarity", "question": "How clear is it?"},
    {"key": "width", "question": "How wide is it?"},
]
FACTORS = ("participant", "passage", "system", "role", "attribute")


def key(ratings: Ratings, at: int, factors: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(getattr(ratings, name).names()[at]) for name in factors)


def scores(ratings: Ratings, factors: Sequence[str] = FACTORS) -> dict[tuple[str, ...], float]:
    found = {key(ratings, at, factors): float(ratings.score[at]) for at in range(len(ratings))}
    assert len(found) == len(ratings)
    return found


@pytest.fixture
def rated(add_study: Callable[..., str], database: Database) -> list[TidyRating]:
    """Four simulated participants of a study with two attributes and an anchor."""
    add_study(interface="ape", attributes=TWO_ATTRIBUTES)
    with database.write() as session:
        simulate(session, find_study(session, "test"), 4)
    with database.read() as session:
        return tidy_ratings(session, find_study(session, "test"), simulated=True)


@pytest.mark.parametrize("kind", list(FORMATS))
def test_the_analysis_reads_every_format_as_it_was(
    app: Flask, rated: list[TidyRating], tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"ratings{FORMATS[kind].suffix}"
    done = app.test_cli_runner().invoke(
        args=["study", "export", "test", "--simulated", "--format", kind, "-o", str(path)]
    )
    assert done.exit_code == 0, done.output
    back = read_ratings(path, scale=(0, 100))
    expected = from_table([asdict(row) for row in rated])
    assert back.simulated
    if kind == "webmushra":
        # Its name for the hidden reference, which is the only one with that role here.
        expected = from_table(
            [
                asdict(replace(row, system="reference") if row.role == "reference" else row)
                for row in rated
            ]
        )
    else:
        assert np.array_equal(np.sort(back.listened_ms), np.sort(expected.listened_ms))
    assert scores(back) == scores(expected)
    assert len(back) == 4 * 3 * 4 * 2


def test_the_end_of_the_name_says_the_format(
    app: Flask, rated: list[TidyRating], tmp_path: Path
) -> None:
    run = app.test_cli_runner().invoke
    for name in ("out.json", "out.parquet", "out.txt"):
        run(args=["study", "export", "test", "--simulated", "-o", str(tmp_path / name)])
    assert json.loads((tmp_path / "out.json").read_text())[0] == asdict(rated[0])
    table = pd.read_parquet(tmp_path / "out.parquet")
    assert table.to_dict("records") == [asdict(row) for row in rated]
    assert (tmp_path / "out.txt").read_text() == ratings_csv(rated)
    sheet = run(args=["study", "export", "test", "--simulated", "-o", str(tmp_path / "out.xlsx")])
    assert sheet.exit_code == 1
    assert "a spreadsheet opens .csv, too" in sheet.output
    assert not (tmp_path / "out.xlsx").exists()
    refused = run(args=["study", "export", "test", "--answers", "--format", "json"])
    assert refused.exit_code == 1
    assert "answers are written as CSV" in refused.output


def test_the_layout_is_that_of_webmushra(app: Flask, rated: list[TidyRating]) -> None:
    done = app.test_cli_runner().invoke(
        args=["study", "export", "test", "--simulated", "--format", "webmushra"]
    )
    rows = list(csv.DictReader(io.StringIO(done.output)))
    assert tuple(rows[0]) == WEBMUSHRA_COLUMNS
    assert {row["rating_stimulus"] for row in rows} == {"reference", "mono", "random", "anchor35"}
    assert all(int(row["rating_time"]) >= 0 for row in rows)


@pytest.mark.parametrize("start", RUNS_AS_FORMULA)
def test_a_formula_becomes_text(start: str) -> None:
    assert neutral(f"{start}SUM(A1)") == f"'{start}SUM(A1)"


@pytest.mark.parametrize("value", [-1.5, -3, "-3", "+2.5", "-1e-05", "", "C1", "Käse"])
def test_numbers_stay_numbers_and_harmless_texts_as_they_are(value: object) -> None:
    assert neutral(value) == value


TEXTS = st.text(st.sampled_from("=+-@'\t\n ,;\"aé1."), max_size=6)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
def test_no_cell_is_a_formula_and_every_text_comes_back(rows: list[tuple[str, str]]) -> None:
    written = to_csv(("first", "second", "third"), [(*row, -1.0) for row in rows])
    cells = [row[:2] for row in list(csv.reader(io.StringIO(written, newline="")))[1:]]
    for cell in (cell for row in cells for cell in row):
        assert not cell.startswith(RUNS_AS_FORMULA) or float(cell) < np.inf
    assert [neutral(text) for row in rows for text in row] == [c for row in cells for c in row]
    # What the analysis takes away is what was put there.
    again = pd.Series([cell for row in cells for cell in row], dtype=str)
    bare = without_apostrophes(again)
    assert list(bare) == [text for row in rows for text in row]


def test_a_file_of_dangerous_names_is_read_back(rated: list[TidyRating], tmp_path: Path) -> None:
    names = ("=1+1", "-x", "'=1", "@SUM(A1)", "+a,b", "plain")
    rows = [replace(rated[0], passage=name, score=float(at)) for at, name in enumerate(names)]
    path = tmp_path / "ratings.csv"
    path.write_text(ratings_csv(rows), encoding="utf-8")
    assert list(read_frame(path)[0]["passage"]) == list(names)
    assert list(read_frame(path)[0]["score"]) == ["0.0", "1.0", "2.0", "3.0", "4.0", "5.0"]

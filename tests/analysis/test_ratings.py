"""The tidy table: what is read, what is refused, and how a message names the place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.ratings import Factor, Ratings, from_table, guess_scale, natural, to_frame
from analysis.readers import read_ratings

ROW = {"participant": "P1", "passage": "S1", "system": "A", "score": 50}


def table(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Two good rows, then one row per change."""
    good = [ROW, {**ROW, "system": "B", "score": 60}]
    return good + [{**ROW, "participant": "P2", **change} for change in changes]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": "good"}, "row 3: score 'good' is no number"),
        ({"score": float("inf")}, "row 3: score inf is no number"),
        ({"participant": " "}, "row 3: participant is empty"),
        ({"participant": "P1"}, "row 3: a second score of participant P1 for system A"),
        ({"role": "boss"}, "row 3: role 'boss' is none of system, reference"),
        ({"plays": "many"}, "row 3: plays 'many' is no number"),
    ],
)
def test_a_wrong_row_is_named_with_the_reason(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="row 3") as caught:
        from_table(table(change))
    assert message in str(caught.value)


def test_many_wrong_rows_are_counted() -> None:
    rows = table(*({"participant": f"P{n}", "score": "x"} for n in range(2, 10)))
    with pytest.raises(ValueError, match="and 3 more"):
        from_table(rows)


def test_a_score_outside_a_stated_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="score 50 is outside the scale 0 to 10"):
        from_table(table(), scale=(0, 10))


@pytest.mark.parametrize("scale", [(100, 0), (5, 5), (0, float("nan")), (float("nan"),) * 2])
def test_a_scale_goes_from_the_lowest_to_the_highest(scale: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="write the lowest score, then the highest"):
        from_table(table(), scale=scale)


def test_real_and_simulated_ratings_never_mix() -> None:
    with pytest.raises(ValueError, match="mixes 1 simulated with 2 real"):
        from_table(table({"simulated": True}))


@pytest.mark.parametrize("flag", [True, "true", 1, "1", "yes"])
def test_simulated_ratings_are_known_as_such(flag: Any) -> None:
    assert from_table([{**row, "simulated": flag} for row in table()]).simulated


@pytest.mark.parametrize("score", [None, float("nan"), "", "NA", " "])
def test_a_missing_score_is_left_out_and_told(score: Any) -> None:
    ratings = from_table(table({"score": score}))
    assert len(ratings) == 2
    assert "1 of 3 ratings have no score and were left out (row 3)" in ratings.notes[0]
    assert "Nothing is left of participant P2" in ratings.notes[0]


def test_missing_columns_are_named_with_what_there_is() -> None:
    with pytest.raises(
        ValueError, match="no column for score; it has participant, passage, system"
    ):
        from_table([{"participant": "P1", "passage": "S1", "system": "A"}])
    with pytest.raises(ValueError, match="no column 'mix' to read system from"):
        from_table(table(), {"system": "mix"})


def test_names_of_other_tools_are_understood_and_told() -> None:
    rows = [{"subject": "1", "item": "S1", "mixer": "A", "rating": 3}]
    ratings = from_table(rows)
    assert ratings.systems == ("A",)
    assert "Column “mixer” was read as system." in ratings.notes


def test_a_named_column_wins_over_one_of_our_names() -> None:
    rows = [{**row, "mixer": f"{row['system']}2"} for row in table()]
    assert from_table(rows, {"system": "mixer"}).systems == ("A2", "B2")


def test_two_studies_are_not_one() -> None:
    with pytest.raises(ValueError, match="holds 2 studies"):
        from_table([{**row, "study": f"study {row['system']}"} for row in table()])


def test_the_order_of_rows_changes_nothing(rng: np.random.Generator) -> None:
    rows = table({"system": "S10"}, {"system": "S2"})
    shuffled = [rows[index] for index in rng.permutation(len(rows))]
    one, other = from_table(rows), from_table(shuffled)
    assert one.systems == other.systems == ("A", "B", "S2", "S10")
    np.testing.assert_array_equal(one.cells, other.cells)


def test_cells_average_repeated_trials_and_hold_nan_where_nothing_is() -> None:
    rows = [{**row, "page": "1"} for row in table()] + [{**ROW, "page": "2", "score": 70}]
    cells = from_table([*rows, {**ROW, "participant": "P2", "page": "1"}]).cells
    np.testing.assert_array_equal(cells, [[[60.0, 60.0]], [[50.0, np.nan]]])


def test_attributes_are_not_averaged() -> None:
    ratings = from_table(table({"attribute": "clarity"}))
    with pytest.raises(ValueError, match="2 attributes"):
        _ = ratings.cells
    assert len(ratings.only(attribute="clarity")) == 1
    with pytest.raises(ValueError, match="no rating has attribute 'warmth'"):
        ratings.only(attribute="warmth")


def test_anchors_are_no_part_of_comparisons() -> None:
    ratings = from_table(table({"system": "lp35", "role": "anchor"}, {"role": "reference"}))
    assert ratings.compared().systems == ("A", "B")


def test_the_tidy_table_survives_the_way_through(tmp_path: Path) -> None:
    ratings = from_table(table({"plays": 3}), study="demo")
    path = tmp_path / "ratings.csv"
    to_frame(ratings).to_csv(path, index=False)
    again = read_ratings(path)
    pd.testing.assert_frame_equal(to_frame(again), to_frame(ratings), check_dtype=False)


@pytest.mark.parametrize("kind", ["csv", "semicolon", "json", "parquet"])
def test_every_kind_of_file_reads_the_same(tmp_path: Path, kind: str) -> None:
    frame = pd.DataFrame(table({"system": "A"}))
    frame["participant"] = ["007", "007", "8"]
    path = tmp_path / f"ratings.{'csv' if kind == 'semicolon' else kind}"
    write = {
        "csv": lambda: frame.to_csv(path, index=False),
        "semicolon": lambda: frame.to_csv(path, index=False, sep=";"),
        "json": lambda: frame.to_json(path, orient="records"),
        "parquet": lambda: frame.to_parquet(path),
    }
    write[kind]()
    ratings = read_ratings(path)
    assert ratings.participant.levels == ("007", "8")
    assert ratings.score.tolist() == [50, 60, 50]


def test_a_file_that_is_no_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match=r"broken\.json"):
        read_ratings(path)
    with pytest.raises(ValueError, match=r"not from '\.xls'"):
        read_ratings(tmp_path / "old.xls")


def test_csv_rows_are_counted_as_editors_count_lines(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("participant,passage,system,score\nP1,S1,A,5\nP1,S1,B,x\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"ratings\.csv: line 3: score 'x' is no number"):
        read_ratings(path)


@pytest.mark.parametrize(
    ("scores", "scale"),
    [([0.1, 0.9], (0, 1)), ([1, 5], (1, 5)), ([0, 5], (0, 100)), ([-3, 3], (-3, 3))],
)
def test_the_scale_is_guessed(scores: list[float], scale: tuple[float, float]) -> None:
    assert guess_scale(np.array(scores, dtype=float)) == scale


def test_names_sort_as_people_do() -> None:
    assert sorted(["S10", "s2", "S1", "2b", "10a"], key=natural) == ["2b", "10a", "S1", "s2", "S10"]
    assert Factor.of(["b", "a"], order=["b"]).levels == ("b", "a")


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(ValueError, match="no ratings"):
        from_table([])
    with pytest.raises(ValueError, match="every score is empty"):
        from_table([{**ROW, "score": None}])


def test_ratings_are_a_value() -> None:
    ratings = from_table(table())
    with pytest.raises(AttributeError):
        ratings.study = "other"  # type: ignore[misc]
    assert isinstance(ratings, Ratings)


def test_what_is_odd_and_may_be_meant_is_noted() -> None:
    table = pd.DataFrame(
        {
            "participant": ["a", "a", "b", "b"],
            "passage": ["S", "S", "S", "S"],
            "system": ["Mono", "mono ", "Mono", "mono "],
            "score": [20.0, 30.0, 40.0, 150.0],
        }
    )
    ratings = from_table(table)
    assert ratings.scale == (20.0, 150.0)
    assert "No scale was stated, and no usual one holds all scores: 20 to 150" in ratings.notes[0]
    told = from_table(table, scale=(0, 200)).notes
    assert not any("No scale" in note for note in told)
    usual = table.assign(score=[20.0, 30.0, 40.0, 50.0])
    assert not any("No scale" in note for note in from_table(usual).notes)
    capitals = table.assign(system=["Mono", "mono", "Mono", "mono"])
    assert "'Mono' and 'mono' are each a system of their own." in from_table(capitals).notes

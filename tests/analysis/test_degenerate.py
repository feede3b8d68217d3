"""What no test can be made of, through the command: a stated result or one clear error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from analysis.analyse import analyse
from analysis.answer import short_answer
from analysis.cli import make_analyse_command
from analysis.design import refuse_too_large
from analysis.ratings import from_table
from analysis.report import report_html, results_json
from app import with_clear_errors


def table(
    participants: int = 6, passages: int = 3, systems: str = "ABC", **columns: Any
) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = [
        {
            "participant": f"P{p}",
            "passage": f"S{a}",
            "system": s,
            "score": int(rng.integers(0, 101)),
        }
        for p in range(participants)
        for a in range(passages)
        for s in systems
    ]
    return pd.DataFrame(rows).assign(**columns)


def with_score(score: Any, where: str) -> pd.DataFrame:
    """The usual table with this score in all rows that a query finds."""
    frame = table().astype({"score": object})
    frame.loc[frame.query(where).index, "score"] = score
    return frame


def choices(participants: int) -> pd.DataFrame:
    """Answers to A or B in three passages, each participant once undecided."""
    frame = table(participants, 3, "AB").assign(score=1.0)
    frame.loc[frame["system"] == "B", "score"] = 0.0
    frame.loc[frame["passage"] == "S0", "score"] = 0.5
    return frame


def command(frame: pd.DataFrame, folder: Path, *arguments: str) -> Any:
    frame.to_csv(folder / "ratings.csv", index=False)
    invoked = with_clear_errors(make_analyse_command())
    source = str(folder / "ratings.csv")
    return CliRunner().invoke(invoked, [source, "-o", str(folder / "out"), *arguments])


UNTESTED = pytest.mark.parametrize(
    ("frame", "said"),
    [
        (table(participants=1), "Only one participant (P0) took part"),
        (table(participants=1, passages=1), "Only one participant (P0) took part"),
        (table(systems="A"), "Only A was rated"),
        (table(score=50), "All 54 ratings are 50: no difference to test"),
        (table(role="anchor"), "Only anchors were rated (A, B, C)"),
        (with_score(None, "system != 'A'"), "Only A was rated"),
        (table(1, 1, "A"), "Only A was rated"),
    ],
    ids=[
        "one participant",
        "one page",
        "one system",
        "all equal",
        "anchors only",
        "all systems but one missing",
        "one rating",
    ],
)


@UNTESTED
def test_what_bears_no_test_is_described_and_the_reason_said(
    frame: pd.DataFrame, said: str
) -> None:
    outcome = analyse(from_table(frame))
    entry = outcome.attributes[0]
    assert entry.untested is not None
    assert said in entry.untested
    assert entry.summaries
    assert not entry.families
    assert said in "\n".join(short_answer(outcome))
    assert said in report_html(outcome, {entry.attribute: ()})
    assert json.loads(results_json(outcome))["attributes"][0]["untested"] == entry.untested


@pytest.mark.slow
@UNTESTED
def test_the_command_reports_what_bears_no_test(
    tmp_path: Path, frame: pd.DataFrame, said: str
) -> None:
    done = command(frame, tmp_path)
    assert done.exit_code == 0, done.output
    assert f"Nothing was tested. {said}" in done.stdout
    assert "Best to worst by median" in done.stdout
    data = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    entry = data["attributes"][0]
    assert said in entry["untested"]
    assert entry["descriptives"]
    assert not entry["pairwise"]
    assert said in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert said.replace("×", "") in (tmp_path / "out" / "paper.tex").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (table(passages=1), "Wilcoxon signed-rank tests"),
        (table(participants=2, passages=2, systems="AB"), "Wilcoxon signed-rank tests"),
        (table().query("system != 'C' or participant == 'P0'"), "The design is incomplete"),
        (choices(participants=6), "The model did not converge"),
    ],
    ids=["one passage", "two of everything", "one system rated by one", "unanimous choices"],
)
def test_what_bears_some_test_gets_it(tmp_path: Path, frame: pd.DataFrame, said: str) -> None:
    done = command(frame, tmp_path)
    assert done.exit_code == 0, done.output
    assert said in done.stdout


@pytest.mark.parametrize("missing", [None, "NaN", "n/a", ""], ids=repr)
def test_a_system_without_scores_is_named(missing: Any) -> None:
    notes = analyse(from_table(with_score(missing, "system == 'C'"))).notes
    assert "18 of 54 ratings have no score" in notes[0]
    assert "Nothing is left of system C." in notes[0]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (with_score("good", "participant == 'P1'"), "line 11: score 'good' is no number"),
        (with_score("inf", "participant == 'P0'"), "line 2: score 'inf' is no number"),
        (with_score(None, "score >= 0"), "every score is empty"),
        (table().iloc[:0], "the table holds no ratings"),
        (table().drop(columns="system"), "the table has no column for system"),
        (pd.concat([table(), table().iloc[3:4]]), "line 56: a second score of participant P0"),
        (table(score=-3).assign(role="villain"), "role 'villain' is none of"),
    ],
    ids=["text", "infinite", "nothing", "no rows", "no column", "twice", "role"],
)
def test_what_is_no_table_of_ratings_is_one_clear_error(
    tmp_path: Path, frame: pd.DataFrame, message: str
) -> None:
    done = command(frame, tmp_path)
    assert done.exit_code != 0
    assert message in done.output
    assert len(done.output.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_screening_that_leaves_one_says_so(tmp_path: Path) -> None:
    rules = "\n".join(
        f"    - {{rule: manual, participant: P{p}, reason: gone}}" for p in range(1, 6)
    )
    plan = tmp_path / "plan.yaml"
    plan.write_text(f"analysis:\n  screening:\n{rules}\n", encoding="utf-8")
    done = command(table(), tmp_path, "--plan", str(plan))
    assert done.exit_code == 0, done.output
    assert "Screening excluded 5 of them" in done.stdout
    assert "Only one participant (P0) took part" in done.stdout


@pytest.mark.slow
def test_one_attribute_without_a_difference_leaves_the_others_be(tmp_path: Path) -> None:
    frame = pd.concat([table(attribute="clarity"), table(attribute="punch", score=50)])
    done = command(frame, tmp_path)
    assert done.exit_code == 0, done.output
    assert "All 54 ratings are 50" in done.stdout
    assert "Wilcoxon signed-rank tests within participants" in done.stdout
    assert (tmp_path / "out" / "figures" / "clarity_attributes.png").is_file()


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (table(2, 1).assign(system=range(6)), None),
        (pd.concat([table(1, 1, "A")] * 70).assign(system=range(70)), "hold 70 systems (0, 1, 2"),
        (table(20_001, 1, "A"), "hold 20001 participants"),
        (
            table(8_000, 1, "A").assign(passage=range(8_000)),
            "8000 participants × 8000 passages × 1 systems are 64000000 cells, of which 8000",
        ),
    ],
    ids=["small", "systems", "participants", "cells"],
)
def test_a_table_that_is_too_large_asks_for_the_right_column(
    frame: pd.DataFrame, said: str | None
) -> None:
    ratings = from_table(frame)
    if said is None:
        refuse_too_large(ratings)
        return
    with pytest.raises(ValueError, match=r"is\s+the right column read as") as caught:
        analyse(ratings)
    assert said in str(caught.value)


def test_the_answer_is_printed_before_the_report_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: Any) -> None:
        raise OSError("no space left on the disk")

    monkeypatch.setattr("analysis.report.write_report", no_room)
    done = command(table(), tmp_path)
    assert done.exit_code == 1
    assert "Best to worst by median" in done.stdout
    assert "no space left" in done.stderr

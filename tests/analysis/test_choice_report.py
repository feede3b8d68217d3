"""`flask analyse` of paired comparisons: an ABX export of webMUSHRA, from file to report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from analysis.analyse import analyse
from analysis.cli import make_analyse_command
from analysis.plan import Plan
from analysis.ratings import from_table
from analysis.readers import read_ratings
from app import with_clear_errors

HEAD = "session_test_id,session_uuid,trial_id,choice_reference,choice_non_reference,choice_answer"


def abx(path: Path) -> Path:
    """Twelve listeners hear `rough` and do not hear `fine`; one answer is undecided."""
    rng = np.random.default_rng(1)
    lines = [HEAD]
    for p in range(12):
        for passage in range(5):
            for codec, share in (("rough", 0.9), ("fine", 0.5)):
                answer = "correct" if rng.random() < share else "incorrect"
                lines.append(f"t,u{p},song{passage},original,{codec},{answer}")
    lines.append("t,u0,song9,original,fine,undecided")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    folder = tmp_path_factory.mktemp("abx")
    command = with_clear_errors(make_analyse_command())
    source, out = str(abx(folder / "paired_comparison.csv")), str(folder / "out")
    return CliRunner().invoke(command, [source, "-o", out]), folder / "out"


def test_the_answer_says_what_was_told_apart(reported: tuple[Result, Path]) -> None:
    done, _ = reported
    assert done.exit_code == 0, done.output
    assert "original preferred to rough: chosen by" in done.stdout
    assert "rough is told from original" in done.stdout
    assert "fine is not shown to be told from original" in done.stdout
    assert "by median" not in done.stdout


def test_results_hold_every_number(reported: tuple[Result, Path]) -> None:
    data = json.loads((reported[1] / "results.json").read_text(encoding="utf-8"))
    entry = data["attributes"][0]
    assert [family["name"] for family in entry["pairwise"]] == ["bradley-terry"]
    choices = entry["choices"]
    wins = np.array(choices["chosen_over"])
    assert wins.sum() + np.array(choices["undecided"]).sum() // 2 == 121
    rough = next(r for r in choices["detection_binomial"] if r["systems"][0] == "rough")
    original, heard = (choices["systems"].index(name) for name in ("original", "rough"))
    assert rough["statistic"]["value"] == wins[original, heard]
    assert choices["bradley_terry"]["tie"] is not None


def test_the_report_shows_strengths_and_detection(reported: tuple[Result, Path]) -> None:
    html = (reported[1] / "report.html").read_text(encoding="utf-8")
    assert "How strongly each is preferred" in html
    assert "Told from the hidden reference?" in html
    names = {path.name for path in (reported[1] / "figures").glob("*.svg")}
    assert names == {"strengths.svg", "chosen.svg", "told_apart.svg"}


def test_a_declared_plan_for_scores_is_refused(tmp_path: Path) -> None:
    ratings = read_ratings(abx(tmp_path / "paired.csv"))
    with pytest.raises(ValueError, match="declare `primary: bradley-terry`"):
        analyse(ratings, Plan(declared_at="2026-01-01"))
    planned = analyse(ratings, Plan(primary="bradley-terry", declared_at="2026-01-01"))
    assert planned.attributes[0].primary.name == "bradley-terry"


def test_a_plan_for_choices_is_refused_for_scores() -> None:
    rows = [
        {"participant": f"P{p}", "passage": "S", "system": system, "score": 50 + 9 * p % 7 + lift}
        for p in range(6)
        for system, lift in (("A", 0), ("B", 10), ("C", 5))
    ]
    with pytest.raises(ValueError, match="these ratings are scores"):
        analyse(from_table(rows), Plan(primary="bradley-terry"))

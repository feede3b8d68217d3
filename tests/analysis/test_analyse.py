"""`flask analyse`, from a file to the report; and that the report holds what was computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from analysis.cli import StudyRatings, make_analyse_command
from app import with_clear_errors


def rows(simulated: bool = False) -> list[dict[str, Any]]:
    """Six participants who agree that C > B > A."""
    return [
        {
            "participant": f"P{p}",
            "passage": f"S{a}",
            "system": system,
            "score": 20 + 15 * index + 2 * p + (a * p) % 5,
            "simulated": simulated,
        }
        for p in range(6)
        for a in range(3)
        for index, system in enumerate("ABC")
    ]


def run(*arguments: str, study: list[dict[str, Any]] | None = None) -> Any:
    def read_study(slug: str, simulated: bool) -> StudyRatings:
        if slug != "demo" or study is None:
            raise ValueError(f"there is no study {slug!r}")
        chosen = [row for row in study if row["simulated"] == simulated]
        return StudyRatings(chosen, {"primary": "paired t"}, "2026-01-01T00:00:00+00:00")

    return CliRunner().invoke(with_clear_errors(make_analyse_command(read_study)), arguments)


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("report")
    pd.DataFrame(rows()).to_csv(folder / "ratings.csv", index=False)
    done = run(str(folder / "ratings.csv"), "-o", str(folder / "out"))
    assert done.exit_code == 0, done.output
    return done.stdout, folder / "out"


def test_the_short_answer_comes_first(reported: tuple[str, Path]) -> None:
    answer, _ = reported
    assert "6 participants, 3 passages, 3 systems, 54 ratings" in answer
    assert "Best to worst by median: C" in answer
    assert "SIMULATED" not in answer


def test_results_are_json_with_every_pair(reported: tuple[str, Path]) -> None:
    data = json.loads((reported[1] / "results.json").read_text(encoding="utf-8"))
    assert data["simulated"] is False
    pairs = {family["name"]: family["results"] for family in data["attributes"][0]["pairwise"]}
    assert [pair["systems"] for pair in pairs["wilcoxon"]] == [["A", "B"], ["A", "C"], ["B", "C"]]
    for pair in pairs["wilcoxon"]:
        # Six participants of one mind: 2 of 2⁶ sign patterns are as extreme.
        assert pair["pvalue"] == pytest.approx(2 / 64)
        assert pair["effect"]["value"] == -1
        assert pair["n"] == 6
        assert pair["correction"] == "Holm over 3 comparisons"


def test_the_report_is_one_file(reported: tuple[str, Path]) -> None:
    page = (reported[1] / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == page.count("<img ")
    assert "http://" not in page
    assert "https://" not in page
    assert not list(reported[1].rglob("*.part"))


def test_simulated_data_are_marked_everywhere(tmp_path: Path) -> None:
    done = run("demo", "-o", str(tmp_path), "--simulated", study=rows(simulated=True))
    assert done.exit_code == 0, done.output
    assert "SIMULATED DATA" in done.stdout
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["simulated"] is True
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "SIMULATED DATA" in page
    assert "The plan was declared at 2026-01-01" in page


def test_a_study_brings_its_plan(tmp_path: Path) -> None:
    done = run("demo", "-o", str(tmp_path), study=rows())
    assert done.exit_code == 0, done.output
    assert "Paired t-tests within participants" in done.stdout


def test_a_file_is_analysed_by_a_plan_from_yaml(tmp_path: Path) -> None:
    pd.DataFrame(rows()).to_csv(tmp_path / "ratings.csv", index=False)
    plan = tmp_path / "study.yaml"
    plan.write_text("analysis: {primary: sign, correction: hochberg}", encoding="utf-8")
    done = run(str(tmp_path / "ratings.csv"), "-o", str(tmp_path / "out"), "--plan", str(plan))
    assert done.exit_code == 0, done.output
    assert "Sign tests within participants, Hochberg" in done.stdout
    plan.write_text("analysis: {primary: magic}", encoding="utf-8")
    refused = run(str(tmp_path / "ratings.csv"), "-o", str(tmp_path / "out"), "--plan", str(plan))
    assert "primary 'magic' is none of wilcoxon" in refused.output


def test_the_same_ratings_give_the_same_bytes(tmp_path: Path, reported: tuple[str, Path]) -> None:
    again = run(str(reported[1].parent / "ratings.csv"), "-o", str(tmp_path))
    assert again.exit_code == 0
    for path in reported[1].rglob("*"):
        if path.is_file():
            assert (tmp_path / path.relative_to(reported[1])).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.csv"], "no file of ratings"),
        (["unknown"], "there is no study 'unknown'"),
        (["demo", "-c", "system"], "write OURS=THEIRS"),
    ],
)
def test_a_failure_is_one_clear_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = run(*arguments, "-o", str(tmp_path / "out"))
    assert done.exit_code != 0
    assert message in done.output
    assert "Traceback" not in done.output
    assert not (tmp_path / "out").exists()


def test_scores_of_a_study_keep_their_scale_and_a_folder_is_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").mkdir()
    low = [{**row, "score": row["score"] / 100} for row in rows()]
    done = run("demo", "-o", "demo", study=low)
    assert done.exit_code == 0, done.output
    data = json.loads((tmp_path / "demo" / "results.json").read_text(encoding="utf-8"))
    assert data["scale"] == [0, 100]

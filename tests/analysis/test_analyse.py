"""`flask analyse`, from a file to the report; and that the report holds what was computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from analysis.analyse import analyse
from analysis.answer import short_answer
from analysis.cli import ReadStudy, StudyRatings, make_analyse_command, read_source
from analysis.paper import paper_tex
from analysis.plan import Plan
from analysis.plots import style
from analysis.ratings import from_table
from analysis.report import report_html, results_json, write_report
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


def study_of(study: list[dict[str, Any]]) -> ReadStudy:
    """Reads the study "demo" of these rows, and knows no other."""

    def read_study(slug: str, simulated: bool) -> StudyRatings:
        if slug != "demo" or not study:
            raise ValueError(f"there is no study {slug!r}")
        chosen = [row for row in study if row["simulated"] == simulated]
        scales = {"score": (0.0, 100.0)}
        return StudyRatings(chosen, {"primary": "paired t"}, "2026-01-01T00:00:00+00:00", scales)

    return read_study


def run(*arguments: str, study: list[dict[str, Any]] | None = None) -> Any:
    command = make_analyse_command(study_of(study or []))
    return CliRunner().invoke(with_clear_errors(command), arguments)


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


def test_simulated_data_are_marked_in_every_text() -> None:
    ratings, plan = read_source("demo", study_of(rows(simulated=True)), simulated=True)
    outcome = analyse(ratings, plan)
    assert short_answer(outcome)[0].startswith("SIMULATED DATA")
    assert json.loads(results_json(outcome))["simulated"] is True
    assert paper_tex(outcome).startswith("% SIMULATED DATA")
    page = report_html(outcome, {"score": ()})
    assert "SIMULATED DATA" in page
    assert "The plan was declared at 2026-01-01" in page


def test_simulated_data_are_marked_in_figures(tmp_path: Path) -> None:
    (png, svg, pdf) = style.save(style.new_axes(), tmp_path, "empty", simulated=True)
    style.save(style.new_axes(), tmp_path / "real", "empty", simulated=False)
    assert png.read_bytes() != (tmp_path / "real" / "empty.png").read_bytes()
    assert pdf.read_bytes() != (tmp_path / "real" / "empty.pdf").read_bytes()
    assert svg.read_bytes() != (tmp_path / "real" / "empty.svg").read_bytes()


@pytest.mark.slow
def test_a_simulated_study_is_said_to_be_one(tmp_path: Path) -> None:
    done = run("demo", "-o", str(tmp_path), "--simulated", study=rows(simulated=True))
    assert done.exit_code == 0, done.output
    assert "SIMULATED DATA" in done.stdout


def test_a_study_brings_its_plan_and_its_scale() -> None:
    ratings, plan = read_source(
        "demo", study_of([{**row, "score": row["score"] / 100} for row in rows()])
    )
    assert (plan.primary, plan.declared_at) == ("paired t", "2026-01-01T00:00:00+00:00")
    assert ratings.scale == (0, 100)
    assert "Paired t-tests within participants" in short_answer(analyse(ratings, plan))[-1]


@pytest.mark.slow
def test_nothing_of_an_earlier_report_stays_beside_another(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_report(analyse(from_table(rows()), Plan()), out)
    before = {path.relative_to(out) for path in out.rglob("*.*")}
    (out / "figures" / "mine.png").write_bytes(b"mine")
    one = [row for row in rows() if row["participant"] == "P1"]
    write_report(analyse(from_table(one), Plan()), out)
    after = {path.relative_to(out) for path in out.rglob("*.*")}
    assert Path("figures/differences.png") in before - after
    assert after - before == {Path("figures/mine.png")}
    figures = {path.stem for path in after if path.suffix == ".svg"}
    assert set(json.loads((out / "results.json").read_text(encoding="utf-8"))["figures"]) == figures


def test_a_plan_from_a_file_is_checked(tmp_path: Path) -> None:
    pd.DataFrame(rows()).to_csv(tmp_path / "ratings.csv", index=False)
    plan = tmp_path / "study.yaml"
    plan.write_text("analysis: {primary: magic}", encoding="utf-8")
    refused = run(str(tmp_path / "ratings.csv"), "-o", str(tmp_path / "out"), "--plan", str(plan))
    assert "primary 'magic' is none of wilcoxon" in refused.output


@pytest.mark.slow
def test_a_file_is_analysed_by_a_plan_from_yaml(tmp_path: Path) -> None:
    pd.DataFrame(rows()).to_csv(tmp_path / "ratings.csv", index=False)
    plan = tmp_path / "study.yaml"
    plan.write_text("analysis: {primary: sign, correction: hochberg}", encoding="utf-8")
    done = run(str(tmp_path / "ratings.csv"), "-o", str(tmp_path / "out"), "--plan", str(plan))
    assert done.exit_code == 0, done.output
    assert "Sign tests within participants, Hochberg" in done.stdout


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_folder_of_the_name_of_a_study_is_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").mkdir()
    done = run("demo", "-o", "demo", study=rows())
    assert done.exit_code == 0, done.output
    assert (tmp_path / "demo" / "results.json").is_file()

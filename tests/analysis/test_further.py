"""Further tests, assessors' expertise, residuals and the texts for a paper."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from analysis import screening
from analysis.agreement import krippendorff_alpha
from analysis.analyse import analyse
from analysis.answer import ranked, short_answer
from analysis.expertise import expertise
from analysis.paper import (
    latex_pairs,
    latex_table,
    methods_paragraph,
    paper_tex,
    results_sentences,
    tex,
)
from analysis.plan import FURTHER_FAMILIES, Plan, plan_from
from analysis.ratings import from_table
from analysis.report import results_json, write_report


def rows(repeats: int = 2, seed: int = 1) -> list[dict[str, Any]]:
    """Five who hear three systems apart, and one who answers at random."""
    rng = np.random.default_rng(seed)
    return [
        {
            "participant": f"P{p}",
            "passage": f"S{a}",
            "page": f"{a}-{again}",
            "system": system,
            "role": "reference" if system == "ref" else "system",
            "score": float(rng.integers(0, 101) if p == 5 else level + 3 * a + rng.integers(0, 8)),
        }
        for p in range(6)
        for a in range(4)
        for again in range(repeats)
        for system, level in (("bad", 10), ("mid", 45), ("ref", 80))
    ]


@pytest.mark.parametrize("repeats", [1, 2])
def test_who_answers_at_random_is_no_expert(repeats: int) -> None:
    found = expertise(from_table(rows(repeats), scale=(0, 100)))
    assert [each.participant for each in found if not each.expert] == ["P5"]
    assert all(each.discrimination > 3 for each in found[:5])


def test_discrimination_is_the_root_of_f() -> None:
    from scipy import stats

    ratings = from_table(rows(), scale=(0, 100))
    mine = ratings.only(participant="P0")
    groups = [
        mine.only(passage=passage, system=system).score
        for passage in mine.passage.levels
        for system in mine.systems
    ]
    found = expertise(ratings)[0]
    assert found.discrimination**2 == pytest.approx(stats.f_oneway(*groups).statistic)


def test_rules_of_hearing_name_the_guesser() -> None:
    ratings = from_table(rows(), scale=(0, 100))
    for rule in (
        {"rule": "expertise"},
        {"rule": "better than chance", "alpha": 0.001},
        {"rule": "trap", "system": "bad", "above": 50},
    ):
        found = screening.screen(ratings, [rule])
        assert found.excluded == ("P5",), rule


def test_diff_grades_are_tested_as_scipy_does() -> None:
    from scipy import stats

    ratings = from_table(rows(1), scale=(0, 100))
    cells = ratings.only(participant="P5").cells[0]
    grades = cells[:, :2] - cells[:, 2:]
    wanted = stats.ttest_1samp(grades.reshape(-1), 0, alternative="less").pvalue
    found, _ = screening.better_than_chance(ratings, alpha=wanted * 0.99)
    assert "P5" in found
    found, _ = screening.better_than_chance(ratings, alpha=wanted * 1.01)
    assert "P5" not in found


def test_every_test_of_the_issue_is_in_the_results() -> None:
    plan = Plan(trend=("bad", "mid", "ref"), also=FURTHER_FAMILIES, equivalence_margin=5)
    outcome = analyse(from_table(rows(1), scale=(0, 100)), plan)
    data = json.loads(results_json(outcome))["attributes"][0]
    names = {result["name"] for result in data["omnibus"] + data["further_tests"]}
    wanted = {"friedman", "iman-davenport", "quade", "page", "kruskal-wallis"}
    wanted |= {"rm anova", "rm anova, Greenhouse–Geisser", "rm anova, Huynh–Feldt"}
    wanted |= {"rm anova, multivariate", "rm anova two-way, system × passage, Huynh–Feldt"}
    assert wanted <= names
    assert {family["name"] for family in data["pairwise"]} >= {*FURTHER_FAMILIES, "tost", "nemenyi"}
    anova = next(result for result in data["further_tests"] if result["name"] == "rm anova")
    assert "η²_G" in {detail["name"] for detail in anova["details"]}
    assert all(result["method"] for result in data["further_tests"])


def test_an_incomplete_table_brings_durbin_or_says_why_not() -> None:
    table = [row for index, row in enumerate(rows(1)) if index != 4]
    outcome = analyse(from_table(table, scale=(0, 100)))
    assert any("Durbin" in note for note in outcome.notes)
    balanced = [
        {"participant": f"P{p}", "passage": f"S{a}", "system": system, "score": 20 * s + p + a}
        for p in range(4)
        for a in range(4)
        for s, system in enumerate("ABC")
        if a == 0 or s != a - 1
    ]
    from analysis.battery import battery
    from analysis.blocks import participant_blocks

    ratings = from_table([row for row in balanced if row["passage"] != "S0"], scale=(0, 100))
    complete = from_table(balanced, scale=(0, 100))
    found = battery(ratings, participant_blocks(complete))
    assert "durbin" in {result.name for result in found.results}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"also": ["magic"]}, "also names magic"),
        ({"also": "dunn"}, "also 'dunn' must be a list"),
        ({"trend": 3}, "trend 3 must be a list"),
        ({"trend": ["A", "B"]}, "trend names A, B; it takes three systems or more"),
        ({"trend": ["A", "B", "A"]}, "each once"),
        ({"screening": {"rule": "trap"}}, "must be a list"),
        ({"screening": ["trap"]}, "screening has 'trap' where a rule, as {rule"),
        ({"bootstraps": 0}, "bootstraps 0 must be at least 1"),
        ({"bootstraps": 20.5}, "bootstraps has 20.5 where a whole number belongs"),
        ({"seed": "x"}, "seed has 'x' where a whole number belongs"),
        ({"seed": -1}, "seed -1 must be at least 0"),
        ({"alpha": True}, "alpha has True where a number belongs"),
        ({"alpha": float("nan")}, "alpha nan must be between"),
        ({"equivalence_margin": float("nan")}, "equivalence_margin nan must be more"),
        ({"attribute": 5}, "attribute has 5 where a name belongs"),
        ({"declared_at": "1999-01-01"}, "unknown declared_at"),
    ],
)
def test_a_wrong_plan_is_refused(data: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plan_from(data)


def test_texts_for_a_paper_hold_the_numbers() -> None:
    outcome = analyse(from_table(rows(), scale=(0, 100)))
    entry = outcome.attributes[0]
    method = methods_paragraph(outcome)
    assert method.startswith("6 participants rated 3 conditions in 4 passages")
    assert "exploratory" in method
    assert "N = 6) =" in results_sentences(entry, 0.05)[0]
    table = latex_table(entry)
    assert table.count(r" \\") == 4
    assert tex("50 % & a_b − 1") == r"50 \% \& a\_b $-$ 1"
    pairs = latex_pairs(entry, 0.05)
    assert pairs.count(r" \\") == 1 + len(entry.primary.results)
    # The order of the answer: the best system is the first of the first pairs.
    first_row = pairs.split(r"\midrule")[1].strip()
    assert first_row.startswith(tex(f"{ranked(entry)[0]} − {ranked(entry)[1]}"))
    assert "W+" not in pairs
    assert paper_tex(outcome).count(r"\begin{table}") == 2


def test_the_answer_says_which_systems_are_equal_where_a_margin_is_planned() -> None:
    table = from_table(rows(), scale=(0, 100))
    wide, narrow = (
        short_answer(analyse(table, plan_from({"equivalence_margin": margin})))
        for margin in (90, 0.001)
    )
    assert any(line.startswith("Shown to be equal within ±90 points: ") for line in wide)
    assert "No pair is shown to be equal within ±0.001 points." in narrow
    assert not any("equal within" in line for line in short_answer(analyse(table)))


def test_the_first_attribute_of_a_study_leads() -> None:
    both = [{**row, "attribute": name} for name in ("clarity", "preference") for row in rows()]
    scales = {"preference": (0.0, 100.0), "clarity": (0.0, 100.0)}
    outcome = analyse(from_table(both, scale=scales))
    assert [entry.attribute for entry in outcome.attributes] == ["preference", "clarity"]


@pytest.mark.slow
def test_a_report_has_every_figure(tmp_path: Any) -> None:
    paths = write_report(analyse(from_table(rows(), scale=(0, 100))), tmp_path)
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    stems = {path.stem for path in paths}
    assert {"assessors", "interaction", "residuals_normal", "residuals_fitted", "paper"} <= stems


@pytest.mark.parametrize("metric", ["interval", "ordinal", "nominal"])
@pytest.mark.parametrize("seed", range(4))
def test_krippendorffs_alpha_is_the_sum_over_all_pairs(metric: Any, seed: int) -> None:
    """Observed and expected disagreement written out pair by pair, with gaps and ties."""
    rng = np.random.default_rng(seed)
    cells = rng.integers(1, 6, (5, 7)).astype(float) + (seed == 3) * rng.normal(size=(5, 7))
    cells[rng.random(cells.shape) < 0.35] = np.nan
    table = [
        {"participant": f"P{p}", "passage": f"S{a}", "system": "A", "score": cells[p, a]}
        for p, a in np.argwhere(~np.isnan(cells))
    ]
    units = [column[~np.isnan(column)] for column in cells.T]
    units = [unit for unit in units if len(unit) > 1]
    pool = np.concatenate(units)
    numbers = {value: int((pool == value).sum()) for value in pool}

    def distance(x: float, y: float) -> float:
        if metric == "nominal":
            return float(x != y)
        if metric == "interval":
            return (x - y) ** 2
        low, high = min(x, y), max(x, y)
        between = sum(count for value, count in numbers.items() if low <= value <= high)
        return 0.0 if x == y else (between - (numbers[x] + numbers[y]) / 2) ** 2

    observed = sum(distance(x, y) / (len(unit) - 1) for unit in units for x in unit for y in unit)
    expected = sum(distance(x, y) for x in pool for y in pool) / (len(pool) - 1)
    found = krippendorff_alpha(from_table(table, scale=(-10, 10)), metric)
    assert found.value == pytest.approx(1 - observed / expected, rel=1e-9)

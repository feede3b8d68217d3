"""Designs in which nobody, or hardly anybody, rated all systems on one page."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis import incomplete, omnibus
from analysis.analyse import analyse
from analysis.answer import short_answer
from analysis.blocks import participant_blocks
from analysis.missing import missing_cells
from analysis.paper import methods_paragraph
from analysis.plan import Plan, plan_from
from analysis.ratings import Ratings, from_table
from analysis.report import report_html, write_report

PAIRS = tuple(combinations("ABCD", 2))


def rows(
    participants: int = 18,
    passages: int = 4,
    effects: tuple[float, ...] = (0.0, 10.0, 20.0, 40.0),
    *,
    seed: int = 1,
    taste_sd: float = 3.0,
    pages: tuple[tuple[str, ...], ...] = PAIRS,
) -> list[dict[str, Any]]:
    """Every page shows some of the systems only; which ones rotates over participants."""
    rng = np.random.default_rng(seed)
    taste = rng.normal(0, taste_sd, (participants, 4))
    return [
        {
            "participant": f"P{p}",
            "passage": f"S{a}",
            "system": system,
            "score": round(50 + effects[code] + taste[p, code] + rng.normal(0, 8)),
        }
        for p in range(participants)
        for a in range(passages)
        for system in pages[(p + a) % len(pages)]
        for code in ["ABCD".index(system)]
    ]


def ratings(**changes: Any) -> Ratings:
    return from_table(rows(**changes), scale=(-100, 200))


def test_the_mixed_model_decides_where_nobody_rated_all() -> None:
    outcome = analyse(ratings())
    entry = outcome.attributes[0]
    assert entry.primary.name == "mixed model"
    assert entry.omnibus[0].name == "mixed-model"
    assert {"skillings-mack by participant", "skillings-mack"} <= {
        result.name for result in entry.omnibus
    }
    answer = "\n".join(short_answer(outcome))
    assert "The design is incomplete: fewer than 2 of 18 participants" in answer
    assert "D above A by" in answer
    assert "The primary analysis is therefore the mixed model" in methods_paragraph(outcome)
    assert "Mixed-model contrasts" not in methods_paragraph(outcome)
    page = report_html(outcome, {"score": ()})
    assert "144 of 288 cells" in page
    assert "Skillings–Mack test" in page


def test_a_declared_plan_stands() -> None:
    plan = plan_from({"primary": "wilcoxon"}, "2026-01-01T00:00:00+00:00")
    outcome = analyse(ratings(), plan)
    entry = outcome.attributes[0]
    assert entry.primary.name == "wilcoxon"
    assert all(pair.n == 12 for pair in entry.primary.results)
    assert "The planned primary analysis stands" in " ".join(entry.design_notes)


@pytest.mark.slow
def test_an_incomplete_design_is_drawn_and_printed(tmp_path: Path) -> None:
    names = {path.stem for path in write_report(analyse(ratings()), tmp_path)}
    assert {"differences", "effects", "passages", "report"} <= names
    assert "critical_difference" not in names


def test_pairs_that_never_met_have_no_p_and_say_so() -> None:
    outcome = analyse(
        ratings(pages=(("A", "B"), ("B", "C"), ("C", "D"))),
        Plan(declared_at="2026-01-01T00:00:00+00:00"),
    )
    never = next(
        pair for pair in outcome.attributes[0].primary.results if pair.systems == ("A", "D")
    )
    assert never.n == 0
    assert np.isnan(never.pvalue)
    assert never.notes == ("No participant rated both systems in one passage.",)
    assert short_answer(outcome)


def test_one_system_a_participant_is_analysed_between_them() -> None:
    outcome = analyse(ratings(pages=(("A",), ("B",), ("C",), ("D",)), passages=1, participants=40))
    assert outcome.attributes[0].omnibus[0].name in ("mixed-model", "kruskal-wallis")
    assert short_answer(outcome)


def test_half_complete_is_enough_for_complete_blocks() -> None:
    table = [row for row in rows(pages=(("A", "B", "C", "D"),)) if row["participant"] != "P3"]
    whole = analyse(from_table(table, scale=(-100, 200)))
    assert whole.attributes[0].primary.name == "wilcoxon"
    assert not whole.attributes[0].notes


def test_skillings_mack_of_complete_blocks_is_friedman() -> None:
    complete = ratings(pages=(("A", "B", "C", "D"),), passages=1)
    (found,) = incomplete.skillings_mack(complete)
    friedman = omnibus.friedman(participant_blocks(complete))
    assert found.statistic.value == pytest.approx(friedman.statistic.value, rel=1e-9)
    assert found.unit == "participants"


def test_skillings_mack_of_balanced_blocks_is_durbin() -> None:
    balanced = ratings(participants=18, passages=1)
    (found,) = incomplete.skillings_mack(balanced)
    durbin = incomplete.durbin(balanced)
    assert found.statistic.value == pytest.approx(durbin.statistic.value, rel=1e-9)
    assert found.pvalue == pytest.approx(durbin.pvalue, rel=1e-9)


def test_skillings_mack_of_the_paper() -> None:
    """The assembly times of Skillings and Mack (1981), table 1: χ² = 15.493 on 3 degrees."""
    columns = {
        "A": (3.2, 3.1, 4.3, 3.5, 3.6, 4.5, None, 4.3, 3.5),
        "B": (4.1, 3.9, 3.5, 3.6, 4.2, 4.7, 4.2, 4.6, None),
        "C": (3.8, 3.4, 4.6, 3.9, 3.7, 3.7, 3.4, 4.4, 3.7),
        "D": (4.2, 4.0, 4.8, 4.0, 3.9, None, None, 4.9, 3.9),
    }
    table = [
        {"participant": f"P{p}", "passage": "S", "system": name, "score": value}
        for name, column in columns.items()
        for p, value in enumerate(column)
        if value is not None
    ]
    (found,) = incomplete.skillings_mack(from_table(table))
    assert found.statistic.value == pytest.approx(15.493, abs=5e-4)
    assert found.pvalue == pytest.approx(stats.chi2.sf(15.493, 3), rel=1e-3)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(-20, 20), st.sampled_from([0.5, 3.0]))
def test_order_shift_and_scale_change_no_p(seed: int, shift: int, factor: float) -> None:
    table = rows(seed=seed)
    moved = [{**row, "score": factor * row["score"] + shift} for row in table]
    moved = [moved[index] for index in np.random.default_rng(seed).permutation(len(moved))]
    one, other = (
        incomplete.skillings_mack(from_table(each, scale=(-1000, 1000))) for each in (table, moved)
    )
    for first, second in zip(one, other, strict=True):
        assert second.pvalue == pytest.approx(first.pvalue, rel=1e-9)


def test_systems_that_never_meet_are_refused() -> None:
    with pytest.raises(ValueError, match="C, D never met A"):
        incomplete.skillings_mack(ratings(pages=(("A", "B"), ("C", "D"))))


def test_missing_cells_are_counted_and_every_method_says_what_it_does() -> None:
    said = missing_cells(ratings())
    assert said[0].startswith(
        "144 of 288 cells (participant × passage × system) hold no rating; 72"
    )
    for method in ("Friedman", "Wilcoxon", "mixed", "Two-way", "Intraclass", "Krippendorff"):
        assert any(method.lower() in line.lower() for line in said[1:]) or method == "Wilcoxon"
    assert missing_cells(ratings(pages=(("A", "B", "C", "D"),))) == ()


@pytest.mark.slow
@pytest.mark.parametrize("taste_sd", [0.0, 12.0])
def test_by_participant_it_keeps_5_percent_and_by_page_it_does_not(taste_sd: float) -> None:
    runs, none = 500, (0.0, 0.0, 0.0, 0.0)
    found = [
        incomplete.skillings_mack(ratings(effects=none, seed=seed, taste_sd=taste_sd, passages=12))
        for seed in range(runs)
    ]
    by_participant, by_page = (
        sum(results[which].pvalue <= 0.05 for results in found) for which in (0, 1)
    )
    assert stats.binomtest(by_participant, runs, 0.05).pvalue > 1e-4
    if taste_sd:
        assert by_page / runs > 0.1

"""Invariances, and data that are degenerate: a clear error or a stated result, never a crash."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis import incomplete, omnibus, permutation, wilcoxon
from analysis.analyse import analyse
from analysis.answer import short_answer
from analysis.blocks import participant_blocks
from analysis.descriptive import five_numbers
from analysis.ratings import from_table
from analysis.report import results_json


def rows(
    participants: int, passages: int, seed: int = 1, systems: str = "ABC"
) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    return [
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


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_exact_wilcoxon_is_the_count_over_all_signs(differences: list[int]) -> None:
    column = np.array(differences, dtype=float)[:, None]
    ranks = wilcoxon.signed_ranks(column)
    found = wilcoxon.exact_p(ranks)[0]
    nonzero = [value for value in differences if value]
    if not nonzero:
        assert np.isnan(found)
        return
    midranks = stats.rankdata(np.abs(nonzero))
    centre = midranks.sum() / 2
    observed = abs(midranks[np.array(nonzero) > 0].sum() - centre)
    sums = [
        abs(midranks @ np.array(signs) - centre)
        for signs in itertools.product((0, 1), repeat=len(nonzero))
    ]
    assert found == pytest.approx(np.mean([value >= observed - 1e-9 for value in sums]))


@given(st.lists(st.integers(-30, 30), min_size=1, max_size=9))
def test_exact_sign_flips_are_the_count_over_all_signs(differences: list[int]) -> None:
    values = np.array(differences, dtype=float)
    sums = [abs(values @ np.array(s)) for s in itertools.product((-1, 1), repeat=len(values))]
    wanted = np.mean([value >= abs(values.sum()) - 1e-7 for value in sums])
    assert permutation.exact_sign_flip_p(values) == pytest.approx(wanted)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(-20, 20), st.sampled_from([0.5, 2.0, 3.0]))
def test_shift_scale_order_and_names_change_no_p(seed: int, shift: int, factor: float) -> None:
    table = rows(6, 3, seed)
    rng = np.random.default_rng(seed)
    changed = [
        {**row, "score": factor * row["score"] + shift, "participant": row["participant"] + "x"}
        for row in table
    ]
    changed = [changed[index] for index in rng.permutation(len(changed))]
    one, other = participant_blocks(from_table(table)), participant_blocks(from_table(changed))
    for test in (omnibus.friedman, omnibus.quade, omnibus.iman_davenport):
        assert test(other).pvalue == pytest.approx(test(one).pvalue, nan_ok=True)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30))
def test_five_numbers_are_numpys(values: list[float]) -> None:
    wanted = np.quantile(values, (0, 0.25, 0.5, 0.75, 1))
    np.testing.assert_allclose(five_numbers(np.array(values)), wanted, rtol=1e-12, atol=1e-9)


def test_durbin_of_complete_blocks_is_friedman() -> None:
    ratings = from_table(rows(8, 1))
    durbin, friedman = incomplete.durbin(ratings), omnibus.friedman(participant_blocks(ratings))
    assert durbin.statistic.value == pytest.approx(friedman.statistic.value)
    assert durbin.pvalue == pytest.approx(friedman.pvalue)


def test_durbin_takes_balanced_incomplete_blocks_only() -> None:
    pairs = [("A", "B"), ("A", "C"), ("B", "C")]
    table = [
        {"participant": f"P{n}", "passage": "S", "system": system, "score": "ABC".index(system)}
        for n in range(6)
        for system in pairs[n % 3]
    ]
    # By hand: rank sums 4, 6, 8 of 4 ranks each; A = 30, C = 27; 2 (116 − 4 · 27) / (30 − 27).
    assert incomplete.durbin(from_table(table)).statistic.value == pytest.approx(16 / 3)
    with pytest.raises(ValueError, match="use the mixed model"):
        incomplete.durbin(from_table(table[:-2]))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (rows(1, 4), "1 of 1 participants rated all 3 systems"),
        (rows(5, 2, systems="A"), "a comparison needs 2 or more systems"),
    ],
)
def test_what_has_no_complete_blocks_is_refused(table: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        participant_blocks(from_table(table))


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(rows(5, 1), id="one passage"),
        pytest.param(rows(2, 2, systems="AB"), id="two of everything"),
        pytest.param([{**row, "score": 50} for row in rows(5, 3)], id="all equal"),
        pytest.param(
            [{**row, "score": 10 * "ABC".index(row["system"])} for row in rows(5, 3)],
            id="no noise",
        ),
        pytest.param(rows(5, 3)[:-4], id="cells missing"),
        pytest.param(
            [
                {**row, "score": None if row["system"] == "C" else row["score"]}
                for row in rows(5, 3)
            ],
            id="one system without scores",
        ),
    ],
)
def test_degenerate_data_give_a_stated_result(table: list[dict[str, Any]]) -> None:
    outcome = analyse(from_table(table))
    assert json.loads(results_json(outcome))["attributes"]
    assert short_answer(outcome)


def test_missing_cells_are_told() -> None:
    outcome = analyse(from_table(rows(5, 3)[:-4]))
    assert any("lack a system" in note for note in outcome.notes)


@pytest.mark.slow
def test_the_null_is_rejected_at_its_rate_and_pooled_ratings_are_not() -> None:
    """200 crossed studies without an effect: within-participant tests at 5 %, pooling is not."""
    from analysis import pairwise

    rejected = {"friedman": 0, "wilcoxon": 0, "permutation": 0, "kruskal": 0}
    studies = 200
    for seed in range(studies):
        rng = np.random.default_rng(seed)
        taste = rng.normal(0, 8, (16, 3))
        score = 50 + taste[:, None] + rng.normal(0, 8, (16, 10, 3)) + rng.normal(0, 8, (16, 1, 1))
        ratings = from_table(
            [
                {"participant": p, "passage": a, "system": "ABC"[s], "score": score[p, a, s]}
                for p, a, s in np.ndindex(score.shape)
            ]
        )
        rejected["friedman"] += omnibus.friedman(participant_blocks(ratings)).significant()
        rejected["wilcoxon"] += pairwise.wilcoxon(ratings)[0].pvalue <= 0.05
        rejected["permutation"] += (
            permutation.sign_flip(ratings, permutations=500)[0].pvalue <= 0.05
        )
        rejected["kruskal"] += omnibus.kruskal_wallis(ratings).significant()
    error = 3 * np.sqrt(0.05 * 0.95 / studies)
    for name in ("friedman", "wilcoxon", "permutation"):
        assert rejected[name] / studies <= 0.05 + error, name
        assert rejected[name] / studies >= 0.01, name
    assert rejected["kruskal"] / studies > 0.15


@given(
    st.lists(st.integers(-60, 60), min_size=1, max_size=40),
    st.sampled_from([1.0, 1 / 7, 1e-3, 1e6]),
    st.floats(0, 1),
)
def test_walsh_averages_are_counted_as_they_are_listed(
    numbers: list[int], unit: float, share: float
) -> None:
    values = np.sort(np.array(numbers) * unit)
    listed = np.sort([(a + b) / 2 for a, b in itertools.combinations_with_replacement(values, 2)])
    place = round(share * (len(listed) - 1))
    found = wilcoxon._walsh_by_counting(values, place)
    assert found == pytest.approx(listed[place], rel=1e-12, abs=1e-15 * unit)

"""Error rates under the null and coverage, on crossed data; invariances that must hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import anova, descriptive, omnibus, pairwise, permutation
from analysis.blocks import participant_blocks
from analysis.ratings import Ratings, from_table

RUNS = 400


def crossed(
    seed: int,
    shift: float = 0.0,
    factor: float = 1.0,
    *,
    level_sd: float = 10.0,
    taste_sd: float = 6.0,
) -> list[dict[str, Any]]:
    """No system differs; participants have levels and tastes, passages are of no matter."""
    rng = np.random.default_rng(seed)
    taste = rng.normal(0, taste_sd, (12, 3))
    level = rng.normal(0, level_sd, (12, 1, 1))
    score = np.round(50 + level + taste[:, None] + rng.normal(0, 8, (12, 5, 3)))
    return [
        {
            "participant": f"P{p}",
            "passage": f"S{a}",
            "system": "ABC"[s],
            "score": shift + factor * score[p, a, s],
        }
        for p in range(12)
        for a in range(5)
        for s in range(3)
    ]


def study(seed: int) -> Ratings:
    return from_table(crossed(seed), scale=(-100, 200))


def rate(pvalue: Callable[[Ratings], float]) -> float:
    return float(np.mean([pvalue(study(seed)) <= 0.05 for seed in range(RUNS)]))


PRIMARY: dict[str, Callable[[Ratings], float]] = {
    "friedman": lambda r: omnibus.iman_davenport(participant_blocks(r)).pvalue,
    "quade": lambda r: omnibus.quade(participant_blocks(r)).pvalue,
    "anova": lambda r: anova.recommended(anova.one_way(participant_blocks(r))).pvalue,
    "wilcoxon": lambda r: pairwise.wilcoxon(r)[0].pvalue,
    "paired t": lambda r: pairwise.paired_t(r)[0].pvalue,
    "permutation": lambda r: permutation.sign_flip(r, permutations=200)[0].pvalue,
    "max-T": lambda r: min(
        pair.pvalue_final for pair in permutation.sign_flip(r, permutations=400)
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PRIMARY)
def test_5_percent_of_null_studies_are_called_different(name: str) -> None:
    error = np.sqrt(0.05 * 0.95 / RUNS)
    # Discrete tests (12 participants) stay below 5 %, never far above it.
    assert 0.05 - 3.5 * error < rate(PRIMARY[name]) < 0.05 + 3.5 * error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("level_sd", "taste_sd", "low", "high"),
    [(3.0, 12.0, 0.15, 1.0), (15.0, 0.0, 0.0, 0.02)],
    ids=["tastes differ: far too often", "levels differ: hardly ever"],
)
def test_kruskal_wallis_on_pooled_ratings_does_not_hold_5_percent(
    level_sd: float, taste_sd: float, low: float, high: float
) -> None:
    called = [
        omnibus.kruskal_wallis(
            from_table(crossed(seed, level_sd=level_sd, taste_sd=taste_sd), scale=(-100, 200))
        ).pvalue
        <= 0.05
        for seed in range(RUNS)
    ]
    assert low <= np.mean(called) <= high


@pytest.mark.slow
def test_intervals_cover_the_mean_95_times_in_100() -> None:
    hits = []
    for seed in range(RUNS):
        limits = descriptive.participant_intervals(study(seed))["A"]
        hits.append(limits.low <= 50 <= limits.high)
    assert np.mean(hits) == pytest.approx(0.95, abs=3.5 * np.sqrt(0.05 * 0.95 / RUNS))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(-50, 50), st.sampled_from([0.5, 2.0, 4.0]))
def test_order_shift_and_scale_change_no_p(seed: int, shift: int, factor: float) -> None:
    plain = study(seed)
    rows = crossed(seed, float(shift), factor)
    order = np.random.default_rng(seed).permutation(len(rows))
    moved = from_table([rows[index] for index in order], scale=(-1000, 1000))
    for test in PRIMARY.values():
        assert test(moved) == pytest.approx(test(plain), rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.permutations(["A", "B", "C"]))
def test_names_of_systems_change_no_omnibus_p(seed: int, names: list[str]) -> None:
    rename = dict(zip("ABC", names, strict=True))
    rows = [{**row, "system": rename[row["system"]]} for row in crossed(seed)]
    renamed = from_table(rows, scale=(-100, 200))
    for name in ("friedman", "quade", "anova"):
        assert PRIMARY[name](renamed) == pytest.approx(PRIMARY[name](study(seed)), rel=1e-9)

"""Rank methods against R, at the tolerances that the reference results state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from analysis import blocks, corrections, descriptive, omnibus, pairwise, wilcoxon
from analysis.bootstrap import draw_clusters, system_intervals
from analysis.results import Result


def by_pair(results: Sequence[Result], attribute: str = "pvalue") -> dict[str, float]:
    return {" - ".join(result.systems): getattr(result, attribute) for result in results}


def close(expected: Any, **tolerance: float) -> Any:
    """Equal up to the tolerance; a relative one has no absolute floor, p-values get tiny."""
    return pytest.approx(expected, **{"rel": 1e-9, "abs": 0.0, **tolerance})


@pytest.fixture(params=["participant_means", "cells"])
def case(request: pytest.FixtureRequest, oracle: Any) -> tuple[Any, Any, Any]:
    build = {"participant_means": blocks.participant_blocks, "cells": blocks.cell_blocks}
    return oracle, build[request.param](oracle.ratings), oracle.main[f"blocks_{request.param}"]


def test_friedman_and_its_relatives(case: tuple[Any, Any, Any]) -> None:
    _, table, expected = case
    wanted = expected["friedman"]
    friedman, iman = omnibus.friedman(table), omnibus.iman_davenport(table)
    quade = omnibus.quade(table)
    assert friedman.n == wanted["n_blocks"]
    assert friedman.statistic.value == close(wanted["chi2"])
    assert friedman.df == (wanted["df"],)
    assert friedman.pvalue == close(wanted["p"])
    assert friedman.effect is not None
    assert friedman.effect.value == close(wanted["kendall_W"])
    assert iman.statistic.value == close(wanted["iman_davenport_F"])
    assert list(iman.df) == wanted["iman_davenport_df"]
    assert iman.pvalue == close(wanted["iman_davenport_p"])
    assert quade.statistic.value == close(wanted["quade_F"])
    assert quade.pvalue == close(wanted["quade_p"])
    means = omnibus.block_ranks(table).mean(axis=0)
    assert dict(zip(table.systems, means, strict=True)) == close(wanted["mean_ranks"])


def test_wilcoxon_ranks_and_pvalues(case: tuple[Any, Any, Any]) -> None:
    oracle, table, expected = case
    differences = blocks.pair_differences(oracle.ratings)
    if table.unit != "participants":
        first, second = np.triu_indices(len(table.systems), k=1)
        differences = table.values[:, first] - table.values[:, second]
    ranks = wilcoxon.signed_ranks(differences)
    computed = {
        "W_plus": ranks.positive,
        "W_minus": ranks.negative,
        "n_nonzero": ranks.n,
        "n_zero": (differences == 0).sum(axis=0),
        "p_normal_nocc": wilcoxon.normal_p(ranks),
        "p_normal_cc": wilcoxon.normal_p(ranks, continuity=True),
        "rank_biserial": wilcoxon.rank_biserial(ranks),
        "p_normal_nocc_holm": corrections.holm(wilcoxon.normal_p(ranks)),
    }
    pratt = wilcoxon.normal_p(wilcoxon.signed_ranks(differences, "pratt"))
    pairs = blocks.pairs_of(table.systems)
    for column, pair in enumerate(pairs):
        wanted = expected["wilcoxon"]["pairs"][" - ".join(pair)]
        found = {name: float(values[column]) for name, values in computed.items()}
        assert found == close({name: wanted[name] for name in found})
        # coin takes 1 − Φ, so its smallest p-values carry an absolute error.
        assert pratt[column] == close(wanted["p_asymp_coin_pratt"], abs=1e-15)
        exact = float(wilcoxon.exact_p(ranks)[column])
        if wanted.get("p_exact_coin_wilcoxon_zero") is not None:
            assert exact == close(wanted["p_exact_coin_wilcoxon_zero"], rel=0, abs=1e-10)


def test_pairwise_wilcoxon_on_participants(oracle: Any) -> None:
    wanted = oracle.main["blocks_participant_means"]["wilcoxon"]["pairs"]
    results = pairwise.wilcoxon(oracle.ratings)
    assert by_pair(results) == close(
        {pair: entry["p_exact_coin_wilcoxon_zero"] for pair, entry in wanted.items()},
        rel=0,
        abs=1e-10,
    )
    assert by_pair(results, "pvalue_corrected") == close(
        {pair: entry["p_exact_coin_wilcoxon_zero_holm"] for pair, entry in wanted.items()},
        rel=0,
        abs=1e-10,
    )
    for result in results:
        entry = wanted[" - ".join(result.systems)]
        assert result.estimate is not None
        assert result.estimate.interval is not None
        if entry["n_zero"]:
            continue  # R leaves zeros out of the estimate, which moves it away from zero.
        # R searches the root of the normal statistic where there are ties: near, not equal.
        assert result.estimate.value == pytest.approx(entry["hodges_lehmann_pseudomedian"], abs=0.2)
        limits = (result.estimate.interval.low, result.estimate.interval.high)
        assert limits == pytest.approx(tuple(entry["hl_ci95"]), abs=0.6)


def test_paired_t_and_effect(oracle: Any) -> None:
    wanted = oracle.main["blocks_participant_means"]["wilcoxon"]["pairs"]
    results = pairwise.paired_t(oracle.ratings)
    assert by_pair(results) == close({pair: entry["t_p"] for pair, entry in wanted.items()})
    for result in results:
        entry = wanted[" - ".join(result.systems)]
        assert result.statistic.value == close(entry["t"])
        assert result.effect is not None
        assert result.effect.value == close(entry["cohen_dz"])
        assert result.estimate is not None
        assert result.estimate.value == close(entry["mean_diff"])


def test_sign_test(oracle: Any) -> None:
    assert by_pair(pairwise.sign_test(oracle.ratings)) == close(
        oracle.extras["sign_test_p"], rel=1e-9
    )


@pytest.mark.parametrize("name", ["holm", "hochberg", "bonferroni", "benjamini-hochberg"])
def test_corrections(oracle: Any, name: str) -> None:
    wanted = oracle.extras["paired_t"]
    key = {"benjamini-hochberg": "bh"}.get(name, name)
    results = pairwise.paired_t(oracle.ratings, correction=name)
    assert by_pair(results, "pvalue_corrected") == close(
        {pair: entry[key] for pair, entry in wanted.items()}
    )


def test_kruskal_wallis(oracle: Any) -> None:
    wanted = oracle.main["kruskal_all_ratings"]
    result = omnibus.kruskal_wallis(oracle.ratings)
    assert result.statistic.value == close(wanted["H"])
    assert result.pvalue == close(wanted["p"])
    assert result.effect is not None
    assert result.effect.value == close(wanted["eta2_H"])
    for part in omnibus.kruskal_wallis_per_passage(oracle.ratings):
        expected = oracle.main["kruskal_per_passage"][part.passage]
        assert (part.statistic.value, part.pvalue) == close((expected["H"], expected["p"]))


def test_descriptives(oracle: Any) -> None:
    names = {"n": "n", "mean": "mean", "sd": "sd", "median": "median", "q1": "q1", "q3": "q3"}
    names["iqr"] = "iqr"
    for summary in descriptive.summaries(oracle.ratings, bootstraps=200):
        wanted = oracle.main["descriptives"][summary.system]
        assert {name: getattr(summary, name) for name in names} == close(
            {name: wanted[name] for name in names}
        )
        single = summary.intervals["t of single ratings"]
        assert [single.low, single.high] == close(wanted["t_ci95"])
        people = summary.intervals["t"]
        assert [people.low, people.high] == close(
            oracle.main["participant_means_ci95"][summary.system]["ci"]
        )
        within = summary.intervals["within"]
        half = oracle.main["cousineau_morey_halfwidth95"][summary.system]
        assert (within.high - within.low) / 2 == close(half)


def test_skewness_of_participants_means(oracle: Any) -> None:
    means = descriptive.participant_means(oracle.ratings)
    found = {
        system: descriptive.shape_of(means[:, code])[0]
        for code, system in enumerate(oracle.ratings.systems)
    }
    assert found == close(oracle.extras["skew_participant_means"]["type2_G1"])


@pytest.mark.parametrize("statistic", ["mean", "median"])
def test_cluster_bootstrap(oracle: Any, statistic: Any) -> None:
    # Medians of integers jump by whole points: as many draws as R took, and a seed without a jump.
    wanted = oracle.extras["cluster_bootstrap_percentile95"][statistic]
    intervals = system_intervals(
        oracle.ratings, statistic, draw_clusters(oracle.ratings, 20_000, seed=0)
    )
    for system, interval in intervals.items():
        assert [interval.low, interval.high] == pytest.approx(wanted[system], abs=0.5)

"""Post-hoc tests, analysis of variance, permutation, equivalence, agreement: against R."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy import stats

from analysis import agreement, aligned, anova, blocks, effects, equivalence, permutation, posthoc
from analysis.results import Result


def by_pair(results: Sequence[Result], attribute: str = "pvalue") -> dict[str, float]:
    return {" - ".join(result.systems): getattr(result, attribute) for result in results}


def close(expected: Any, **tolerance: float) -> Any:
    return pytest.approx(expected, **{"rel": 1e-9, "abs": 0.0, **tolerance})


def mauchly_p(w: float, p: int, n: int, *, slip: int) -> float:
    """p of Mauchly's W (Anderson 2003, section 10.7.4), p contrasts and n participants.

    R (`stats::mauchly.test`, `car`) puts the number of cells where one of the p belongs, `slip`: so
    its own one-way and two-way analyses of the same data differ in the third digit.
    """
    df, f = n - 1, p * (p + 1) / 2 - 1
    rho = 1 - (2 * p**2 + p + 2) / (6 * p * df)
    second = (p + 2) * (p - 1) * (p - 2) * (2 * p**3 + 6 * p**2 + 3 * slip + 2)
    second /= 288 * (df * p * rho) ** 2
    tail = [stats.chi2.sf(-df * rho * np.log(w), f + extra) for extra in (0, 4)]
    return float(tail[0] + second * (tail[1] - tail[0]))


@pytest.mark.parametrize("unit", ["participant_means", "cells"])
def test_conover_and_nemenyi(oracle: Any, unit: str) -> None:
    build = {"participant_means": blocks.participant_blocks, "cells": blocks.cell_blocks}
    table = build[unit](oracle.ratings)
    wanted = oracle.main[f"blocks_{unit}"]["friedman"]
    conover = posthoc.conover_friedman(table)
    assert by_pair(conover) == close(wanted["conover_friedman_p"])
    assert by_pair(conover, "pvalue_corrected") == close(wanted["conover_friedman_p_holm"])
    assert by_pair(posthoc.nemenyi(table)) == close(wanted["nemenyi_p"], rel=0, abs=1e-7)
    for alpha in (0.05, 0.10):
        found = posthoc.critical_difference(len(table.values), len(table.systems), alpha)
        assert found == close(wanted[f"nemenyi_cd_{alpha:.2f}"], rel=1e-7)


def test_dunn_and_conover_iman(oracle: Any) -> None:
    wanted = oracle.main["kruskal_all_ratings"]
    dunn, conover = posthoc.dunn(oracle.ratings), posthoc.conover_iman(oracle.ratings)
    assert by_pair(dunn) == close(wanted["dunn_p"])
    assert by_pair(dunn, "pvalue_corrected") == close(wanted["dunn_p_holm"])
    # rstatix takes the second minus the first.
    z = {" - ".join(result.systems): -result.statistic.value for result in dunn}
    assert z == close(wanted["dunn_z_rstatix"])
    assert by_pair(conover) == close(wanted["conover_iman_p"])
    assert by_pair(conover, "pvalue_corrected") == close(wanted["conover_iman_p_holm"])


def test_one_way_analysis(oracle: Any) -> None:
    wanted, extras = oracle.main["rm_anova_participant_means"], oracle.extras
    results = anova.one_way(blocks.participant_blocks(oracle.ratings))
    plain, greenhouse, huynh, multivariate = results
    assert plain.statistic.value == close(wanted["univariate"]["F value"][1])
    assert plain.pvalue == close(wanted["univariate"]["Pr(>F)"][1])
    assert plain.detail("ε Greenhouse–Geisser") == close(extras["epsilon"]["GG"])
    assert plain.detail("ε Huynh–Feldt") == close(extras["epsilon"]["HF_raw"])
    assert plain.detail("η²_G") == close(wanted["ges"]["mixer"])
    assert plain.effect is not None
    assert plain.effect.value == close(wanted["pes"]["mixer"])
    for result, key in ((greenhouse, "anova_GG"), (huynh, "anova_HF")):
        assert list(result.df) == close([wanted[key]["num Df"][0], wanted[key]["den Df"][0]])
        assert result.pvalue == close(wanted[key]["Pr(>F)"][0])
    assert plain.detail("Mauchly's W") == close(wanted["mauchly"]["Test statistic"][0])
    w, k, n = plain.detail("Mauchly's W"), len(plain.systems), plain.n
    assert plain.detail("Mauchly's p") == close(mauchly_p(w, k - 1, n, slip=k - 1))
    assert close(wanted["mauchly"]["p-value"][0]) == mauchly_p(w, k - 1, n, slip=k)
    assert plain.detail("Mauchly's p") == close(wanted["mauchly"]["p-value"][0], rel=1e-2)
    assert multivariate.detail("T²") == close(extras["multivariate_rm"]["T2"])
    assert multivariate.statistic.value == close(extras["multivariate_rm"]["F"])
    assert list(multivariate.df) == extras["multivariate_rm"]["df"]
    assert multivariate.pvalue == close(extras["multivariate_rm"]["p"])
    chosen = {"univariate_HF": "rm anova, Huynh–Feldt", "multivariate": "rm anova, multivariate"}
    assert anova.recommended(results).name == chosen[extras["bs1534_algina_keselman_choice"]]


def test_two_way_analysis(oracle: Any) -> None:
    wanted = oracle.main["rm_anova_two_way"]
    results = {result.name: result for result in anova.two_way(oracle.ratings)}
    names = {"system": "mixer", "passage": "passage", "system × passage": "mixer:passage"}
    for index, (ours, theirs) in enumerate(names.items()):
        plain = results[f"rm anova two-way, {ours}"]
        assert wanted["none_ges"]["_row"][index] == theirs
        assert plain.statistic.value == close(wanted["none_ges"]["F"][index])
        assert plain.pvalue == close(wanted["none_ges"]["Pr(>F)"][index])
        assert plain.detail("η²_G") == close(wanted["none_ges"]["ges"][index])
        assert plain.effect is not None
        assert plain.effect.value == close(wanted["none_pes"]["pes"][index])
        adjusted = wanted["detail"]["pval_adjust"]
        if theirs not in adjusted["_row"]:
            continue  # R has no epsilon where participants are fewer than contrasts.
        row = adjusted["_row"].index(theirs)
        tests = wanted["detail"]["mauchly"]
        w, p = plain.detail("Mauchly's W"), int(plain.df[0])
        cells = len(oracle.ratings.systems) * len(oracle.ratings.passage.levels)
        assert w == close(tests["Test statistic"][tests["_row"].index(theirs)], rel=1e-6)
        assert close(tests["p-value"][tests["_row"].index(theirs)]) == mauchly_p(
            w, p, plain.n, slip=cells
        )
        assert plain.detail("ε Greenhouse–Geisser") == close(adjusted["GG eps"][row])
        assert plain.detail("ε Huynh–Feldt") == close(adjusted["HF eps"][row])
        greenhouse = results[f"rm anova two-way, {ours}, Greenhouse–Geisser"]
        huynh = results[f"rm anova two-way, {ours}, Huynh–Feldt"]
        assert greenhouse.pvalue == close(adjusted["Pr(>F[GG])"][row])
        assert huynh.pvalue == close(adjusted["Pr(>F[HF])"][row])


def test_aligned_rank_transform(oracle: Any) -> None:
    wanted = oracle.main["art_manual_lmer_satterthwaite"]
    names = ("mixer", "passage", "mixer:passage")
    pooled = aligned.aligned_rank_transform(oracle.ratings, "pooled")
    for result, name in zip(pooled, names, strict=True):
        assert result.detail("sum of squares") == close(wanted[name]["Sum Sq"][0], rel=1e-6)
        assert result.statistic.value == close(wanted[name]["F value"][0], rel=1e-4)
    own = aligned.aligned_rank_transform(oracle.ratings)
    assert all(result.df[1] < pooled[0].df[1] for result in own)


def test_exact_sign_flips(oracle: Any) -> None:
    results = permutation.sign_flip(oracle.ratings, permutations=2000)
    wanted = oracle.main["exact_signflip_p_participant_means"]
    assert by_pair(results) == close(wanted, rel=0, abs=1e-10)


def test_max_t_is_between_the_raw_and_the_bonferroni_p(oracle: Any) -> None:
    draws = 20_000
    for result in permutation.sign_flip(oracle.ratings, permutations=draws):
        slack = 4 * np.sqrt(max(result.pvalue, 1 / draws) / draws)
        assert result.pvalue_corrected is not None
        assert result.pvalue - slack <= result.pvalue_corrected
        assert result.pvalue_corrected <= 10 * result.pvalue + 10 * slack


def test_attachment_3_as_written(oracle: Any) -> None:
    draws = 4000
    results = permutation.attachment_3(oracle.ratings, paired=False, permutations=draws)
    wanted = oracle.extras["att3_median_permutation_two_sided_p"]
    for result in results:
        expected = wanted[" - ".join(result.systems)]
        for found, p in (
            (result.pvalue, expected["p_ge"]),
            (result.detail("p as written"), expected["p_gt_as_written"]),
        ):
            error = np.sqrt(p * (1 - p) * (1 / draws + 1 / expected["B"]))
            assert found == pytest.approx(p, abs=3.5 * error + 1.5 / draws)


def test_equivalence(oracle: Any) -> None:
    wanted = oracle.main["blocks_participant_means"]["wilcoxon"]["pairs"]
    for margin in (5, 10):
        assert by_pair(equivalence.tost(oracle.ratings, margin)) == close(
            {pair: entry[f"tost_p_delta{margin}"] for pair, entry in wanted.items()}, abs=1e-15
        )


def test_cliffs_delta(oracle: Any) -> None:
    found = effects.cliffs_delta(oracle.ratings)
    for pair, wanted in oracle.extras["cliff"].items():
        first, second = pair.split(" - ")
        assert found[first, second].value == close(wanted["cliff_delta"], abs=1e-12)


def test_agreement(oracle: Any) -> None:
    wanted = oracle.main["icc"]
    for index, result in enumerate(agreement.intraclass_correlations(oracle.ratings)):
        assert result.name == wanted["type"][index]
        assert result.effect is not None
        assert result.effect.interval is not None
        assert result.effect.value == close(wanted["ICC"][index])
        assert result.statistic.value == close(wanted["F"][index])
        assert result.pvalue == close(wanted["p"][index])
        limits = [result.effect.interval.low, result.effect.interval.high]
        assert limits == close([wanted["lower bound"][index], wanted["upper bound"][index]])
    found = agreement.kendall_w_of_stimuli(oracle.ratings).value
    assert found == close(oracle.main["kendall_W_stimuli"])

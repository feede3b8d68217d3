"""Pairwise comparisons of systems within participants: Wilcoxon, paired t, sign test."""

from __future__ import annotations

import numpy as np
from scipy import special

from analysis.blocks import pair_differences, pairs_of
from analysis.corrections import correct
from analysis.distributions import t_quantile, t_sf
from analysis.ratings import FloatArray, Ratings
from analysis.results import SHARE, Interval, Quantity, Result
from analysis.wilcoxon import (
    EXACT_UP_TO,
    exact_p,
    hodges_lehmann,
    normal_p,
    rank_biserial,
    rank_biserial_limits,
    signed_ranks,
)

PAIRING = (
    "Each participant's differences between two systems were formed within passages and averaged"
)


def wilcoxon(ratings: Ratings, correction: str = "holm", level: float = 0.95) -> tuple[Result, ...]:
    """Wilcoxon signed-rank tests of all pairs, on participants' mean differences.

    p is exact for the whole family, given ties, with zeros left out; or normal for the whole
    family where a pair has more than 200 differences. The effect is the rank-biserial correlation,
    the estimate the Hodges-Lehmann pseudomedian.

    Raises:
        ValueError: fewer than 2 systems, or an unknown correction.
    """
    differences = pair_differences(ratings)
    ranks = signed_ranks(differences)
    exact = int(ranks.n.max()) <= EXACT_UP_TO
    pvalues = exact_p(ranks) if exact else normal_p(ranks)
    effects = rank_biserial(ranks)
    low, high = rank_biserial_limits(effects, ranks.n, level)
    results = []
    for pair, systems in enumerate(pairs_of(ratings.systems)):
        column = differences[:, pair]
        n, zeros = int((~np.isnan(column)).sum()), int((column == 0).sum())
        middle, lower, upper = hodges_lehmann(column, level)
        results.append(
            Result(
                name="wilcoxon",
                systems=systems,
                statistic=Quantity("W+", float(ranks.positive[pair])),
                df=(),
                pvalue=float(pvalues[pair]),
                n=n,
                unit="participants",
                method=f"{PAIRING}; Wilcoxon signed-rank test, "
                + ("exact p given ties" if exact else "normal p with tie correction")
                + ", zero differences left out.",
                effect=Quantity(
                    "rank-biserial r",
                    float(effects[pair]),
                    Interval(float(low[pair]), float(high[pair]), level, "Fisher's z"),
                ),
                estimate=Quantity(
                    "Hodges–Lehmann difference",
                    middle,
                    Interval(lower, upper, level, "inverted signed-rank test"),
                ),
                notes=_pair_notes(n, zeros),
            )
        )
    return correct(results, correction)


def paired_t(ratings: Ratings, correction: str = "holm", level: float = 0.95) -> tuple[Result, ...]:
    """Paired t-tests of all pairs, on participants' mean differences; the effect is Cohen's d_z.

    Each pair has the variance of its own differences (unpooled, as BS.1534-3 wants contrasts).
    """
    differences = pair_differences(ratings)
    results = [
        _paired_t(systems, differences[:, pair], level)
        for pair, systems in enumerate(pairs_of(ratings.systems))
    ]
    return correct(results, correction)


def _paired_t(systems: tuple[str, str], column: FloatArray, level: float) -> Result:
    values = column[~np.isnan(column)]
    n, mean = len(values), float(np.mean(values)) if len(values) else np.nan
    spread = float(np.std(values, ddof=1)) if n > 1 else np.nan
    error = spread / np.sqrt(n) if n > 1 else np.nan
    statistic = mean / error if error > 0 else np.nan
    reach = float(t_quantile((1 + level) / 2, n - 1) * error) if n > 1 else np.nan
    return Result(
        name="paired t",
        systems=systems,
        statistic=Quantity("t", statistic),
        df=(float(n - 1),),
        pvalue=float(2 * t_sf(abs(statistic), n - 1)),
        n=n,
        unit="participants",
        method=f"{PAIRING}; paired t-test.",
        effect=Quantity(
            "Cohen's d_z",
            mean / spread if spread > 0 else np.nan,
            dz_interval(statistic, n, level),
        ),
        estimate=Quantity(
            "mean difference", mean, Interval(mean - reach, mean + reach, level, "t")
        ),
        notes=_pair_notes(n, int((values == 0).sum())),
    )


def dz_interval(statistic: float, n: int, level: float = 0.95) -> Interval | None:
    """Interval of Cohen's d_z by inverting the noncentral t (Cumming and Finch 2001)."""
    if n < 2 or not np.isfinite(statistic):
        return None
    tail = (1 - level) / 2
    low, high = (float(special.nctdtrinc(n - 1, share, statistic)) for share in (1 - tail, tail))
    return Interval(low / np.sqrt(n), high / np.sqrt(n), level, "noncentral t")


def sign_test(
    ratings: Ratings, correction: str = "holm", level: float = 0.95
) -> tuple[Result, ...]:
    """Exact sign tests of all pairs, on participants' mean differences; zeros are left out."""
    differences = pair_differences(ratings)
    results = []
    for pair, systems in enumerate(pairs_of(ratings.systems)):
        column = differences[:, pair]
        more, fewer = int((column > 0).sum()), int((column < 0).sum())
        n = int((~np.isnan(column)).sum())
        told = more + fewer
        # Symmetric at ½: twice the smaller tail, at most 1.
        pvalue = min(1.0, 2 * float(special.bdtr(min(more, fewer), told, 0.5))) if told else np.nan
        results.append(
            Result(
                name="sign",
                systems=systems,
                statistic=Quantity("S+", float(more)),
                df=(),
                pvalue=pvalue,
                n=n,
                unit="participants",
                method=f"{PAIRING}; exact sign test, zero differences left out.",
                effect=Quantity(
                    SHARE,
                    more / told if told else np.nan,
                    clopper_pearson(more, told, level),
                ),
                notes=_pair_notes(n, n - more - fewer),
            )
        )
    return correct(results, correction)


def clopper_pearson(successes: int, trials: int, level: float = 0.95) -> Interval | None:
    """Exact interval of a proportion (Clopper and Pearson 1934); None without trials."""
    if not trials:
        return None
    tail, failures = (1 - level) / 2, trials - successes
    low = special.betaincinv(successes, failures + 1, tail) if successes else 0.0
    high = special.betaincinv(successes + 1, failures, 1 - tail) if failures else 1.0
    return Interval(float(low), float(high), level, "Clopper–Pearson")


def _pair_notes(n: int, zeros: int) -> tuple[str, ...]:
    if n == 0:
        return ("No participant rated both systems in one passage.",)
    if zeros == n:
        return ("All differences are zero: nothing to test.",)
    return (f"{zeros} of {n} differences are zero.",) if zeros else ()

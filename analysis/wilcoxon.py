"""Wilcoxon's signed-rank test, exact with ties and zeros, for many pairs of systems at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special, stats

from analysis.ratings import FloatArray, IntArray

EXACT_UP_TO = 200
"""Differences up to which p is exact; above, the normal p differs by less than 1e-3 of itself."""

Zeros = Literal["drop", "pratt"]


@dataclass(frozen=True, eq=False)
class SignedRanks:
    """Signed ranks of several columns of differences.

    Attributes:
        doubled: twice the midrank of each |difference|, an integer; 0 where it has no part; shape
            (differences, columns).
        positive: sum of the ranks of positive differences, shape (columns,); W+ in the papers.
        negative: the same for negative differences.
        n: differences that have a part, shape (columns,).
    """

    doubled: IntArray
    positive: FloatArray
    negative: FloatArray
    n: IntArray


def signed_ranks(differences: FloatArray, zeros: Zeros = "drop") -> SignedRanks:
    """Rank the absolute differences of each column, ties by midranks.

    Args:
        differences: shape (participants, columns), already rounded; NaN has no part.
        zeros: "drop" leaves zeros out before ranking (Wilcoxon); "pratt" ranks them, then leaves
            their ranks out (Pratt, JASA 54, 1959).
    """
    taking_part = ~np.isnan(differences) & (differences != 0)
    ranked = ~np.isnan(differences) if zeros == "pratt" else taking_part
    # What is not ranked goes to the end, where it disturbs no rank.
    magnitude = np.where(ranked, np.abs(differences), np.inf)
    doubled = np.rint(2 * stats.rankdata(magnitude, axis=0)).astype(np.int64)
    doubled[~taking_part] = 0
    positive = np.where(differences > 0, doubled, 0).sum(axis=0) / 2
    negative = np.where(differences < 0, doubled, 0).sum(axis=0) / 2
    return SignedRanks(doubled, positive, negative, taking_part.sum(axis=0))


def exact_p(ranks: SignedRanks) -> FloatArray:
    """Two-sided exact p of each column, given its ranks with all their ties; shape (columns,).

    Under the null each rank is positive with probability ½, so W+ is a sum of independent terms;
    its distribution is built rank by rank (dynamic programming on doubled midranks, after
    Streitberg and Röhmel, Statist. Softw. Newsl. 12, 1986). p is NaN without any difference.
    """
    doubled_positive = np.rint(2 * ranks.positive).astype(np.int64)
    pvalues = np.full(len(doubled_positive), np.nan)
    for column, observed in enumerate(doubled_positive):
        terms = ranks.doubled[:, column]
        terms = terms[terms > 0]
        if len(terms):
            pvalues[column] = _two_sided(terms, int(observed))
    return pvalues


def normal_p(ranks: SignedRanks, *, continuity: bool = False) -> FloatArray:
    """Two-sided normal p of each column; the variance Σ rank² / 4 is exact with ties and zeros."""
    deviation = np.abs(ranks.positive - ranks.negative) / 2 - (0.5 if continuity else 0.0)
    spread = np.sqrt((ranks.doubled.astype(np.float64) ** 2).sum(axis=0) / 16)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.maximum(deviation, 0.0) / spread
    return np.asarray(np.minimum(2 * special.ndtr(-z), 1.0), dtype=np.float64)


def rank_biserial(ranks: SignedRanks) -> FloatArray:
    """(W+ − W−) / (W+ + W−) of each column (Kerby 2014); NaN without any difference."""
    total = ranks.positive + ranks.negative
    effect = np.full(len(total), np.nan)
    np.divide(ranks.positive - ranks.negative, total, out=effect, where=total > 0)
    return effect


def rank_biserial_limits(
    effect: FloatArray, n: IntArray, level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Interval of the rank-biserial correlation by Fisher's z with the rank sum's null variance.

    The method of R's `effectsize::rank_biserial`. At ±1 Fisher's z is infinite, so the effect is
    moved to the midpoint between it and the next value that n differences allow.
    """
    count = np.maximum(n, 1).astype(np.float64)
    total = count * (count + 1) / 2
    bounded = np.clip(effect, -1 + 1 / total, 1 - 1 / total)
    error = np.sqrt(count * (count + 1) * (2 * count + 1) / 6) / total
    reach = stats.norm.ppf((1 + level) / 2) * error
    low = np.where(effect <= -1, -1.0, np.tanh(np.arctanh(bounded) - reach))
    high = np.where(effect >= 1, 1.0, np.tanh(np.arctanh(bounded) + reach))
    return low, high


def hodges_lehmann(differences: FloatArray, level: float = 0.95) -> tuple[float, float, float]:
    """Pseudomedian of one column of differences and its signed-rank interval.

    The median of all Walsh averages (d_i + d_j) / 2, i ≤ j, and the order statistics of these that
    the signed-rank test at 1 − level does not reject (Hollander and Wolfe, 1999, section 3.3). The
    interval is infinite where n is too small for the level.
    """
    values = differences[~np.isnan(differences)]
    if not len(values):
        return np.nan, np.nan, np.nan
    first, second = np.triu_indices(len(values))
    walsh = np.sort((values[first] + values[second]) / 2)
    cut = _critical_rank_sum(len(values), 1 - level)
    if cut < 1:
        return float(np.median(walsh)), -np.inf, np.inf
    return float(np.median(walsh)), float(walsh[cut - 1]), float(walsh[-cut])


def _critical_rank_sum(n: int, alpha: float) -> int:
    """The largest c with P(W+ ≤ c − 1) ≤ alpha / 2, for untied ranks 1 … n; 0 if there is none."""
    if n <= EXACT_UP_TO:
        cumulated = np.cumsum(_null_distribution(np.arange(1, n + 1)))
        return int(np.searchsorted(cumulated, alpha / 2, side="right"))
    mean, spread = n * (n + 1) / 4, np.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    return int(np.floor(mean - stats.norm.ppf(1 - alpha / 2) * spread))


def _two_sided(terms: IntArray, observed: int) -> float:
    """P(|W − mean| ≥ |observed − mean|) for W a sum of terms, each there with probability ½."""
    divisor = int(np.gcd.reduce(terms))
    terms, observed = terms // divisor, observed // divisor
    total = int(terms.sum())
    smaller = min(observed, total - observed)
    tail = float(_null_distribution(terms)[: smaller + 1].sum())
    return min(1.0, 2 * tail)


def _null_distribution(terms: IntArray) -> FloatArray:
    """Probabilities of 0 … Σ terms for a sum of terms, each there with probability ½."""
    probability = np.zeros(int(terms.sum()) + 1)
    probability[0] = 1.0
    reached = 0
    for term in np.sort(terms):
        reached += int(term)
        moved = probability[: reached - term + 1] / 2
        probability[: reached + 1] /= 2
        probability[term : reached + 1] += moved
    return probability

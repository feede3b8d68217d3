"""Wilcoxon's signed-rank test, exact with ties and zeros, for many pairs of systems at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from analysis.distributions import midranks, normal_quantile
from analysis.ratings import FloatArray, IntArray

EXACT_UP_TO = 200
"""Differences up to which p is exact; above, the normal p differs by less than 1e-3 of itself."""

LISTED_UP_TO = 500
"""Differences up to which all their Walsh averages are listed, half their number squared."""

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
    doubled = np.rint(2 * midranks(magnitude, axis=0)).astype(np.int64)
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
    reach = normal_quantile((1 + level) / 2) * error
    low = np.where(effect <= -1, -1.0, np.tanh(np.arctanh(bounded) - reach))
    high = np.where(effect >= 1, 1.0, np.tanh(np.arctanh(bounded) + reach))
    return low, high


def hodges_lehmann(differences: FloatArray, level: float = 0.95) -> tuple[float, float, float]:
    """Pseudomedian of one column of differences and its signed-rank interval.

    The median of all Walsh averages (d_i + d_j) / 2, i ≤ j, and the order statistics of these that
    the signed-rank test at 1 − level does not reject (Hollander and Wolfe, 1999, section 3.3). The
    interval is infinite where n is too small for the level.
    """
    values = np.sort(differences[~np.isnan(differences)])
    if not len(values):
        return np.nan, np.nan, np.nan
    count = len(values) * (len(values) + 1) // 2
    cut = _critical_rank_sum(len(values), 1 - level)
    places = [(count - 1) // 2, count // 2, *([cut - 1, count - cut] if cut >= 1 else [])]
    found = _walsh_averages(values, places)
    limits = (found[2], found[3]) if cut >= 1 else (-np.inf, np.inf)
    return float((found[0] + found[1]) / 2), *limits


def _walsh_averages(values: FloatArray, places: Sequence[int]) -> list[float]:
    """The Walsh averages at these places, from 0, in ascending order; `values` ascend."""
    if len(values) <= LISTED_UP_TO:
        first, second = np.triu_indices(len(values))
        walsh = (values[first] + values[second]) / 2
        return [float(average) for average in np.partition(walsh, places)[list(places)]]
    return [_walsh_by_counting(values, place) for place in places]


def _walsh_by_counting(values: FloatArray, place: int) -> float:
    """One of them without listing all: bisection on how many are at most t, n log n a step."""
    numbers = np.arange(len(values))

    def partners(t: float) -> IntArray:
        """How many j ≤ i have (d_i + d_j) / 2 ≤ t, for each i."""
        return np.minimum(np.searchsorted(values, 2 * t - values, side="right"), numbers + 1)

    low, high = float(values[0]), float(values[-1])
    while np.nextafter(low, high) < (middle := low + (high - low) / 2) < high:
        if partners(middle).sum() > place:
            high = middle
        else:
            low = middle
    # `high` is now off by rounding at most: the largest average up to it is the one.
    last = partners(high + 4 * np.spacing(abs(high)))
    some = last > 0
    return float(((values + values[np.maximum(last - 1, 0)]) / 2)[some].max())


def _critical_rank_sum(n: int, alpha: float) -> int:
    """The largest c with P(W+ ≤ c − 1) ≤ alpha / 2, for untied ranks 1 … n; 0 if there is none."""
    if n <= EXACT_UP_TO:
        cumulated = np.cumsum(_null_distribution(np.arange(1, n + 1)))
        return int(np.searchsorted(cumulated, alpha / 2, side="right"))
    mean, spread = n * (n + 1) / 4, np.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    return int(np.floor(mean - normal_quantile(1 - alpha / 2) * spread))


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

"""Pairwise rank tests after an omnibus test: Conover, Nemenyi, Dunn.

Conover-Friedman and Nemenyi compare rank sums within blocks. Dunn and Conover-Iman follow
Kruskal-Wallis on all ratings and share its fault: they take ratings as independent.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import special

from analysis.blocks import Blocks, pairs_of
from analysis.corrections import correct
from analysis.distributions import midranks, t_sf
from analysis.omnibus import block_ranks
from analysis.ratings import FloatArray, Ratings
from analysis.results import Quantity, Result, corrected
from analysis.studentized_range import studentized_range_quantile, studentized_range_sf

INDEPENDENCE = "Ratings of one participant are not independent; this test takes them so."


def conover_friedman(blocks: Blocks, correction: str = "holm") -> tuple[Result, ...]:
    """Conover's t on rank sums within blocks, tie-corrected (Conover 1999, p. 371).

    t = (R_i − R_j) / √(2 (n A − Σ R²) / ((n − 1)(k − 1))), df = (n − 1)(k − 1), A = Σ r².
    """
    ranks = block_ranks(blocks)
    n, k = ranks.shape
    sums = ranks.sum(axis=0)
    df = (n - 1) * (k - 1)
    spread = max(0.0, 2 * (n * float((ranks**2).sum()) - float((sums**2).sum())) / df)
    t = _differences(sums) / np.sqrt(spread) if spread > 1e-9 else np.full(k * (k - 1) // 2, np.nan)
    return correct(
        _family(
            "conover-friedman",
            blocks.systems,
            ("t", t),
            2 * t_sf(np.abs(t), df),
            df=(float(df),),
            n=n,
            unit=blocks.unit,
            method="Conover's test on rank sums after Friedman.",
            effect=("difference of mean ranks", _differences(sums / n)),
        ),
        correction,
    )


def nemenyi(blocks: Blocks) -> tuple[Result, ...]:
    """Nemenyi's test of mean ranks: P(Q ≥ √2 z) for the range of k means; corrects by itself."""
    ranks = block_ranks(blocks)
    n, k = ranks.shape
    means = ranks.mean(axis=0)
    q = np.abs(_differences(means)) / np.sqrt(k * (k + 1) / (6 * n)) * np.sqrt(2)
    pvalues = studentized_range_sf(q, k, np.inf)
    results = _family(
        "nemenyi",
        blocks.systems,
        ("q", q),
        pvalues,
        df=(),
        n=n,
        unit=blocks.unit,
        method="Nemenyi's test on mean ranks after Friedman.",
        effect=("difference of mean ranks", _differences(means)),
    )
    return corrected(results, pvalues.tolist(), "studentized range over all pairs")


def critical_difference(n: int, k: int, alpha: float = 0.05) -> float:
    """Nemenyi's critical difference of mean ranks: q / √2 · √(k (k + 1) / 6n) (Demšar 2006)."""
    q = float(studentized_range_quantile(1 - alpha, k, np.inf))
    return float(q / np.sqrt(2) * np.sqrt(k * (k + 1) / (6 * n)))


def dunn(ratings: Ratings, correction: str = "holm") -> tuple[Result, ...]:
    """Dunn's z after Kruskal-Wallis, tie-corrected (Technometrics 6, 1964)."""
    ranks, sizes, variance = _pooled_ranks(ratings)
    z = _differences(ranks) / np.sqrt(variance * _inverse_sizes(sizes))
    return correct(
        _family(
            "dunn",
            ratings.systems,
            ("z", z),
            2 * special.ndtr(-np.abs(z)),
            df=(),
            n=len(ratings),
            unit="ratings",
            method="Dunn's test after Kruskal–Wallis, on single ratings.",
            effect=("difference of mean ranks", _differences(ranks)),
            notes=(INDEPENDENCE,),
        ),
        correction,
    )


def conover_iman(ratings: Ratings, correction: str = "holm") -> tuple[Result, ...]:
    """Conover and Iman's t after Kruskal-Wallis: pooled tie-corrected variance, df = n − k."""
    ranks, sizes, variance = _pooled_ranks(ratings)
    n, k = len(ratings), len(ratings.systems)
    between = float(((ranks - (n + 1) / 2) ** 2 * sizes).sum())
    h = between / variance if variance > 0 else np.nan
    left = variance * (n - 1 - h) / (n - k) if n > k else np.nan
    t = _differences(ranks) / np.sqrt(left * _inverse_sizes(sizes))
    return correct(
        _family(
            "conover-iman",
            ratings.systems,
            ("t", t),
            2 * t_sf(np.abs(t), n - k),
            df=(float(n - k),),
            n=n,
            unit="ratings",
            method="Conover and Iman's test after Kruskal–Wallis, on single ratings.",
            effect=("difference of mean ranks", _differences(ranks)),
            notes=(INDEPENDENCE,),
        ),
        correction,
    )


def _pooled_ranks(ratings: Ratings) -> tuple[FloatArray, FloatArray, float]:
    """Mean rank and number of ratings of each system, and the variance of the ranks."""
    ranks = midranks(ratings.score)
    k = len(ratings.systems)
    sizes = np.bincount(ratings.system.codes, minlength=k).astype(np.float64)
    sums = np.bincount(ratings.system.codes, weights=ranks, minlength=k)
    return sums / sizes, sizes, float(ranks.var(ddof=1)) if len(ranks) > 1 else np.nan


def _differences(values: FloatArray) -> FloatArray:
    first, second = np.triu_indices(len(values), k=1)
    return np.asarray(values[first] - values[second])


def _inverse_sizes(sizes: FloatArray) -> FloatArray:
    first, second = np.triu_indices(len(sizes), k=1)
    return np.asarray(1 / sizes[first] + 1 / sizes[second])


def _family(
    name: str,
    systems: tuple[str, ...],
    statistic: tuple[str, FloatArray],
    pvalues: FloatArray,
    *,
    df: tuple[float, ...],
    n: int,
    unit: str,
    method: str,
    effect: tuple[str, FloatArray],
    notes: Sequence[str] = (),
) -> list[Result]:
    """One result per pair from arrays over the pairs."""
    return [
        Result(
            name=name,
            systems=pair,
            statistic=Quantity(statistic[0], float(statistic[1][index])),
            df=df,
            pvalue=float(pvalues[index]),
            n=n,
            unit=unit,
            method=method,
            effect=Quantity(effect[0], float(effect[1][index])),
            notes=tuple(notes),
        )
        for index, pair in enumerate(pairs_of(systems))
    ]

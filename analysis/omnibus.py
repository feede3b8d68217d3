"""Omnibus rank tests: do the systems differ at all?

Friedman and its relatives compare within blocks; Kruskal-Wallis treats all ratings as independent
and is here because papers use it.
"""

from __future__ import annotations

import numpy as np

from analysis.blocks import Blocks
from analysis.distributions import chi2_sf, f_sf, midranks, normal_sf
from analysis.ratings import FloatArray, Ratings
from analysis.results import Interval, Quantity, Result

BOOTSTRAPS = 2000


def friedman(blocks: Blocks, level: float = 0.95, seed: int = 1) -> Result:
    """Friedman's test with tie correction; the effect is Kendall's W.

    χ² = (k − 1) Σ_j (R_j − n(k + 1)/2)² / Σ_ij (r_ij − (k + 1)/2)², which holds with ties
    (Conover, Practical Nonparametric Statistics, 1999, section 5.8). W's interval is the
    percentile interval of blocks drawn anew.
    """
    ranks = block_ranks(blocks)
    n, k = ranks.shape
    statistic = _friedman_statistic(ranks)
    return Result(
        name="friedman",
        systems=blocks.systems,
        statistic=Quantity("χ²", statistic),
        df=(float(k - 1),),
        pvalue=float(chi2_sf(statistic, k - 1)),
        n=n,
        unit=blocks.unit,
        method=f"Friedman test on {_of(blocks)}, ties by midranks.",
        effect=Quantity(
            "Kendall's W", statistic / (n * (k - 1)), kendall_interval(ranks, level, seed)
        ),
        details=tuple(
            Quantity(f"mean rank of {system}", float(rank))
            for system, rank in zip(blocks.systems, ranks.mean(axis=0), strict=True)
        ),
        notes=(*blocks.notes, *_nothing_differs(statistic)),
    )


def iman_davenport(blocks: Blocks) -> Result:
    """Iman and Davenport's F (Commun. Statist. A9, 1980): Friedman's χ² with a better null."""
    ranks = block_ranks(blocks)
    n, k = ranks.shape
    chi2 = _friedman_statistic(ranks)
    left = n * (k - 1) - chi2
    statistic = (n - 1) * chi2 / left if left > 1e-9 else np.inf if chi2 > 0 else np.nan
    df = (float(k - 1), float((k - 1) * (n - 1)))
    return Result(
        name="iman-davenport",
        systems=blocks.systems,
        statistic=Quantity("F", statistic),
        df=df,
        pvalue=float(f_sf(statistic, *df)),
        n=n,
        unit=blocks.unit,
        method=f"Friedman test on {_of(blocks)} with Iman and Davenport's F.",
        effect=Quantity("Kendall's W", chi2 / (n * (k - 1))),
        notes=(*blocks.notes, *_nothing_differs(chi2)),
    )


def quade(blocks: Blocks) -> Result:
    """Quade's test (JASA 74, 1979): Friedman's with blocks weighted by the rank of their range."""
    ranks = block_ranks(blocks)
    n, k = ranks.shape
    # The difference of two values rounded to 9 decimals is off by up to 1e-9: ties need 8 or fewer.
    weights = midranks(np.round(np.ptp(blocks.values, axis=1), 7))
    scores = weights[:, None] * (ranks - (k + 1) / 2)
    total, between = float((scores**2).sum()), float((scores.sum(axis=0) ** 2).sum() / n)
    statistic = (
        (n - 1) * between / (total - between)
        if total - between > 1e-9
        else np.inf
        if between > 0
        else np.nan
    )
    df = (float(k - 1), float((k - 1) * (n - 1)))
    return Result(
        name="quade",
        systems=blocks.systems,
        statistic=Quantity("F", statistic),
        df=df,
        pvalue=float(f_sf(statistic, *df)),
        n=n,
        unit=blocks.unit,
        method=f"Quade test on {_of(blocks)}.",
        notes=(*blocks.notes, *_nothing_differs(total)),
    )


def page_trend(blocks: Blocks, order: tuple[str, ...]) -> Result:
    """Page's test (JASA 58, 1963) of a trend stated beforehand: systems from worst to best.

    L = Σ_j j R_j; one-sided normal p. With ties the variance is that of the observed midranks.

    Raises:
        ValueError: `order` does not name each system once.
    """
    if sorted(order) != sorted(blocks.systems):
        raise ValueError(
            f"the order {' < '.join(order)} must name each of {', '.join(blocks.systems)} once"
        )
    ranks = block_ranks(blocks)[:, [blocks.systems.index(system) for system in order]]
    n, k = ranks.shape
    weights = np.arange(1, k + 1)
    statistic = float(weights @ ranks.sum(axis=0))
    mean = n * k * (k + 1) ** 2 / 4
    spread_of_ranks = ((ranks - (k + 1) / 2) ** 2).sum()
    variance = spread_of_ranks * k * (k + 1) / 12
    z = (statistic - mean) / np.sqrt(variance) if variance > 0 else np.nan
    return Result(
        name="page",
        systems=order,
        statistic=Quantity("L", statistic),
        df=(),
        pvalue=float(normal_sf(z)),
        n=n,
        unit=blocks.unit,
        method=f"Page's trend test on {_of(blocks)}, one-sided, order stated beforehand.",
        effect=Quantity("z", float(z)),
        notes=blocks.notes,
    )


def kruskal_wallis(ratings: Ratings) -> Result:
    """Kruskal-Wallis H over all ratings, as published; the effect is eta squared of H.

    Ratings of one participant are not independent, so p is optimistic. Never the primary analysis.
    """
    return _kruskal(ratings)


def kruskal_wallis_per_passage(ratings: Ratings) -> tuple[Result, ...]:
    """Kruskal-Wallis H of every passage by itself."""
    return tuple(
        _kruskal(ratings.only(passage=passage), passage) for passage in ratings.passage.levels
    )


def _kruskal(ratings: Ratings, passage: str | None = None) -> Result:
    ranks = midranks(ratings.score)
    codes, n, k = ratings.system.codes, len(ratings), len(ratings.systems)
    sizes = np.bincount(codes, minlength=k)
    sums = np.bincount(codes, weights=ranks, minlength=k)
    variance = ((ranks - (n + 1) / 2) ** 2).sum() / (n - 1) if n > 1 else 0.0
    between = ((sums / sizes - (n + 1) / 2) ** 2 * sizes).sum()
    statistic = float(between / variance) if variance > 0 else np.nan
    return Result(
        name="kruskal-wallis",
        systems=ratings.systems,
        statistic=Quantity("H", statistic),
        df=(float(k - 1),),
        pvalue=float(chi2_sf(statistic, k - 1)),
        n=n,
        unit="ratings",
        method="Kruskal–Wallis test on single ratings, as if they were independent.",
        effect=Quantity("η²_H", (statistic - k + 1) / (n - k) if n > k else np.nan),
        passage=passage,
        notes=(
            "As published, for comparison only: ratings of one participant are not independent, "
            "so p is too small or too large.",
        ),
    )


def block_ranks(blocks: Blocks) -> FloatArray:
    """Ranks within blocks, ties by midranks, shape (blocks, systems)."""
    return np.asarray(midranks(blocks.values, axis=1), dtype=np.float64)


def kendall_interval(ranks: FloatArray, level: float, seed: int) -> Interval | None:
    """Percentile interval of Kendall's W from blocks drawn anew with replacement."""
    n, k = ranks.shape
    if n < 3:
        return None
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(n, np.full(n, 1 / n), size=BOOTSTRAPS).astype(np.float64)
    centred = ranks - (k + 1) / 2
    between = ((counts @ centred) ** 2).sum(axis=1)
    total = counts @ (centred**2).sum(axis=1)
    values = np.divide(between, n * total, out=np.full(BOOTSTRAPS, np.nan), where=total > 0)
    if np.isnan(values).any():
        return None
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level, f"percentile bootstrap, B = {BOOTSTRAPS}")


def _friedman_statistic(ranks: FloatArray) -> float:
    k = ranks.shape[1]
    centred = ranks - (k + 1) / 2
    total = float((centred**2).sum())
    return (k - 1) * float((centred.sum(axis=0) ** 2).sum()) / total if total > 0 else np.nan


def _nothing_differs(statistic: float) -> tuple[str, ...]:
    if np.isnan(statistic) or statistic == 0:
        return ("No block tells the systems apart.",)
    return ()


def _of(blocks: Blocks) -> str:
    return (
        f"means over passages of {len(blocks.values)} participants"
        if (blocks.unit == "participants")
        else f"{len(blocks.values)} {blocks.unit}"
    )

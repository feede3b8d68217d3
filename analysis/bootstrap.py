"""Cluster bootstrap of means and medians: participants (and passages) are drawn, not ratings."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import special

from analysis.ratings import FloatArray, Ratings
from analysis.results import Interval

Statistic = Literal["mean", "median"]
CHUNK_VALUES = 4_000_000


def system_intervals(
    ratings: Ratings,
    statistic: Statistic,
    *,
    bootstraps: int = 2000,
    seed: int = 1,
    level: float = 0.95,
    passages_too: bool = False,
    bca: bool = False,
) -> dict[str, Interval]:
    """Bootstrap intervals of each system's mean or median over all its ratings.

    Participants are drawn with replacement, each with all its ratings; with `passages_too` passages
    are drawn as well, independently, and a rating counts as often as both of its clusters were
    drawn (Owen, Ann. Appl. Stat. 1, 2007). BCa corrects bias and skew with a jackknife over
    participants (Efron, JASA 82, 1987).
    """
    rng = np.random.default_rng(seed)
    people, pieces = len(ratings.participant.levels), len(ratings.passage.levels)
    drawn = rng.multinomial(people, np.full(people, 1 / people), size=bootstraps)
    drawn_pieces = (
        rng.multinomial(pieces, np.full(pieces, 1 / pieces), size=bootstraps)
        if passages_too
        else np.ones((bootstraps, pieces), dtype=np.int64)
    )
    left_out = 1 - np.eye(people, dtype=np.int64)
    intervals = {}
    for code, system in enumerate(ratings.systems):
        rows = np.flatnonzero(ratings.system.codes == code)
        rows = rows[np.argsort(ratings.score[rows], kind="stable")]
        score, who = ratings.score[rows], ratings.participant.codes[rows]
        what = ratings.passage.codes[rows]
        values = _weighted(score, statistic, drawn, who, drawn_pieces, what)
        tails = np.array([(1 - level) / 2, (1 + level) / 2])
        if bca:
            ones = np.ones((people, pieces), dtype=np.int64)
            jackknife = _weighted(score, statistic, left_out, who, ones, what)
            observed = float(np.mean(score) if statistic == "mean" else np.median(score))
            tails = bca_tails(values, jackknife, observed, level)
        low, high = np.nanquantile(values, tails)
        intervals[system] = Interval(
            float(low), float(high), level, _describe(bootstraps, passages_too, bca)
        )
    return intervals


def bca_tails(
    values: FloatArray, jackknife: FloatArray, observed: float, level: float
) -> FloatArray:
    """The quantiles of the bootstrap values that are BCa's limits (Efron 1987, eq. 2.3)."""
    share = np.nanmean(values < observed) + np.nanmean(values == observed) / 2
    bias = special.ndtri(np.clip(share, 1e-6, 1 - 1e-6))
    deviation = np.nanmean(jackknife) - jackknife
    spread = np.nansum(deviation**2) ** 1.5
    acceleration = np.nansum(deviation**3) / (6 * spread) if spread > 0 else 0.0
    z = special.ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
    return np.asarray(special.ndtr(bias + (bias + z) / (1 - acceleration * (bias + z))))


def _weighted(
    score: FloatArray,
    statistic: Statistic,
    people: np.ndarray,
    who: np.ndarray,
    pieces: np.ndarray,
    what: np.ndarray,
) -> FloatArray:
    """The statistic of sorted scores under each draw of clusters, shape (draws,); NaN if empty."""
    step = max(1, CHUNK_VALUES // max(1, len(score)))
    parts = []
    for start in range(0, len(people), step):
        draw = slice(start, start + step)
        weights = people[draw][:, who] * pieces[draw][:, what]
        parts.append(_mean(score, weights) if statistic == "mean" else _median(score, weights))
    return np.concatenate(parts)


def _mean(score: FloatArray, weights: np.ndarray) -> FloatArray:
    total = weights.sum(axis=1)
    means = np.full(len(total), np.nan)
    np.divide(weights @ score, total, out=means, where=total > 0)
    return means


def _median(score: FloatArray, weights: np.ndarray) -> FloatArray:
    """Median of sorted scores repeated by integer weights: the middle, or the mean of both."""
    cumulated = np.cumsum(weights, axis=1, dtype=np.int64)
    total = cumulated[:, -1]
    lower = (cumulated < ((total + 1) // 2)[:, None]).sum(axis=1)
    upper = (cumulated < (total // 2 + 1)[:, None]).sum(axis=1)
    last = len(score) - 1
    middle = (score[np.minimum(lower, last)] + score[np.minimum(upper, last)]) / 2
    return np.where(total > 0, middle, np.nan)


def _describe(bootstraps: int, passages_too: bool, bca: bool) -> str:
    clusters = "participants and passages" if passages_too else "participants"
    return f"{'BCa' if bca else 'percentile'} bootstrap of {clusters}, B = {bootstraps}"

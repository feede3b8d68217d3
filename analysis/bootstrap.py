"""Cluster bootstrap of means and medians: participants (and passages) are drawn, not ratings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from analysis.ratings import FloatArray, IntArray, Ratings
from analysis.results import Interval

Statistic = Literal["mean", "median"]
CHUNK_VALUES = 4_000_000
MATRIX_GAIN = 20
"""How many times as fast a product of matrices is as picking rows one by one, about."""


@dataclass(frozen=True, eq=False)
class Draws:
    """How often each cluster was drawn.

    Attributes:
        participants: shape (draws, participants).
        passages: shape (draws, passages).
    """

    participants: IntArray
    passages: IntArray


def draw_clusters(ratings: Ratings, bootstraps: int = 2000, seed: int = 1) -> Draws:
    """Draw participants, and independently passages, with replacement."""
    rng = np.random.default_rng(seed)
    sizes = [len(factor.levels) for factor in (ratings.participant, ratings.passage)]
    return Draws(*(rng.multinomial(n, np.full(n, 1 / n), size=bootstraps) for n in sizes))


def system_intervals(
    ratings: Ratings,
    statistic: Statistic,
    draws: Draws,
    *,
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
    drawn, drawn_pieces = draws.participants, draws.passages if passages_too else None
    bootstraps, people = drawn.shape
    intervals = {}
    for code, system in enumerate(ratings.systems):
        rows = np.flatnonzero(ratings.system.codes == code)
        rows = rows[np.argsort(ratings.score[rows], kind="stable")]
        score, who = ratings.score[rows], ratings.participant.codes[rows]
        what = ratings.passage.codes[rows]
        values = _resampled(score, statistic, drawn, who, drawn_pieces, what)
        tails = np.array([(1 - level) / 2, (1 + level) / 2])
        if bca:
            jackknife = _jackknife(score, statistic, people, who, what)
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


def _jackknife(
    score: FloatArray, statistic: Statistic, people: int, who: IntArray, what: IntArray
) -> FloatArray:
    """The statistic without each participant in turn, shape (participants,)."""
    step = max(1, CHUNK_VALUES // people)
    parts = []
    for start in range(0, people, step):
        out = np.arange(start, min(start + step, people))
        kept = np.ones((len(out), people), dtype=np.int64)
        kept[np.arange(len(out)), out] = 0
        parts.append(_resampled(score, statistic, kept, who, None, what))
    return np.concatenate(parts)


def _resampled(
    score: FloatArray,
    statistic: Statistic,
    people: IntArray,
    who: IntArray,
    pieces: IntArray | None,
    what: IntArray,
) -> FloatArray:
    """The statistic under each draw of clusters, shape (draws,); NaN where nothing was drawn.

    Args:
        score: shape (rows,), ascending.
        statistic: of the rows, each as often as its clusters were drawn.
        people: how often each participant was drawn, shape (draws, participants).
        who: participant of each row.
        pieces: how often each passage was drawn, shape (draws, passages); None for once each.
        what: passage of each row.
    """
    if statistic == "mean":
        return _means(score, people, who, pieces, what)
    values, codes = np.unique(score, return_inverse=True)
    if pieces is None and people.shape[1] * len(values) < MATRIX_GAIN * len(score):
        # Rows of equal score are counted together, by one product of matrices.
        counts = np.zeros((people.shape[1], len(values)))
        np.add.at(counts, (who, codes), 1)
        return _medians(values, np.rint(people.astype(np.float64) @ counts))
    step = max(1, CHUNK_VALUES // max(1, len(score)))
    parts = []
    for start in range(0, len(people), step):
        weights = people[start : start + step][:, who]
        if pieces is not None:
            weights = weights * pieces[start : start + step][:, what]
        parts.append(_medians(score, weights))
    return np.concatenate(parts)


def _means(
    score: FloatArray, people: IntArray, who: IntArray, pieces: IntArray | None, what: IntArray
) -> FloatArray:
    """Means by sums and counts per participant and passage."""
    shape = (people.shape[1], int(what.max()) + 1 if pieces is None else pieces.shape[1])
    sums, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, (who, what), score)
    np.add.at(counts, (who, what), 1)
    drawn = people.astype(np.float64)
    if pieces is None:
        total, size = drawn @ sums.sum(axis=1), drawn @ counts.sum(axis=1)
    else:
        total = ((drawn @ sums) * pieces).sum(axis=1)
        size = ((drawn @ counts) * pieces).sum(axis=1)
    means = np.full(len(people), np.nan)
    np.divide(total, size, out=means, where=size > 0)
    return means


def _medians(values: FloatArray, weights: FloatArray | IntArray) -> FloatArray:
    """Median of ascending values repeated by whole weights: the middle, or the mean of both."""
    cumulated = np.cumsum(weights, axis=1)
    total = cumulated[:, -1]
    lower = (cumulated < ((total + 1) // 2)[:, None]).sum(axis=1)
    upper = (cumulated < (total // 2 + 1)[:, None]).sum(axis=1)
    last = len(values) - 1
    middle = (values[np.minimum(lower, last)] + values[np.minimum(upper, last)]) / 2
    return np.where(total > 0, middle, np.nan)


def _describe(bootstraps: int, passages_too: bool, bca: bool) -> str:
    clusters = "participants and passages" if passages_too else "participants"
    return f"{'BCa' if bca else 'percentile'} bootstrap of {clusters}, B = {bootstraps}"

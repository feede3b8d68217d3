"""Effect sizes by themselves: Cliff's delta and A12 of single ratings."""

from __future__ import annotations

import numpy as np

from analysis.blocks import pairs_of
from analysis.ratings import FloatArray, IntArray, Ratings
from analysis.results import Interval, Quantity


def cliffs_delta(
    ratings: Ratings, *, bootstraps: int = 2000, seed: int = 1, level: float = 0.95
) -> dict[tuple[str, str], Quantity]:
    """Cliff's δ of every pair: P(first > second) − P(first < second) over all pairs of ratings.

    Intervals are percentile bootstraps that draw participants, because their ratings hang together.
    A12 of Vargha and Delaney is (δ + 1) / 2.
    """
    rng = np.random.default_rng(seed)
    people = len(ratings.participant.levels)
    drawn = rng.multinomial(people, np.full(people, 1 / people), size=bootstraps)
    values, codes = np.unique(ratings.score, return_inverse=True)
    counts = np.zeros((people, len(ratings.systems), len(values)))
    np.add.at(counts, (ratings.participant.codes, ratings.system.codes, codes), 1)
    found = {}
    for first, second in pairs_of(ratings.systems):
        one, other = (counts[:, ratings.systems.index(name)] for name in (first, second))
        observed = _delta(one.sum(axis=0)[None], other.sum(axis=0)[None])[0]
        resampled = _delta(drawn @ one, drawn @ other)
        low, high = np.nanquantile(resampled, [(1 - level) / 2, (1 + level) / 2])
        interval = Interval(
            float(low),
            float(high),
            level,
            f"percentile bootstrap of participants, B = {bootstraps}",
        )
        found[first, second] = Quantity("Cliff's δ", float(observed), interval)
    return found


def _delta(one: FloatArray | IntArray, other: FloatArray | IntArray) -> FloatArray:
    """δ from how often each value (ascending) occurs in both samples, shape (draws, values)."""
    below = np.cumsum(other, axis=1) - other
    above = other.sum(axis=1, keepdims=True) - other - below
    pairs = one.sum(axis=1) * other.sum(axis=1)
    delta = np.full(len(one), np.nan)
    np.divide((one * (below - above)).sum(axis=1), pairs, out=delta, where=pairs > 0)
    return delta

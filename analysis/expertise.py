"""How well each assessor hears: reliability and discrimination, after eGauge (BS.2300).

The quantities are built from each assessor's own analysis of variance of items by replicates, in
the manner of Lorho, Le Ray and Zacharov (AES 38th conference, 2010). BS.2300's wording was not at
hand; the definitions are stated here in full.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.ratings import FloatArray, IntArray, Ratings


@dataclass(frozen=True)
class Expertise:
    """What one assessor's repeated ratings show.

    Attributes:
        participant: who.
        reliability: the panel's spread of item means over this assessor's spread of replicates.
        discrimination: F of items over replicates, as a root: spread between the items of this
            assessor over the spread within them.
        reliability_floor, discrimination_floor: 95th percentile of the same quantities when the
            assessor's scores are shuffled: what somebody reaches who hears nothing.
    """

    participant: str
    reliability: float
    discrimination: float
    reliability_floor: float
    discrimination_floor: float

    @property
    def expert(self) -> bool:
        """Whether both quantities are above what chance reaches."""
        return (
            self.reliability > self.reliability_floor
            and self.discrimination > self.discrimination_floor
        )


def expertise(ratings: Ratings, *, permutations: int = 500, seed: int = 1) -> tuple[Expertise, ...]:
    """Reliability and discrimination of everybody who rated items more than once.

    Items are passage × system where trials were repeated. Where none were, the systems are the
    items and the passages stand for replicates: then differences between passages count as noise,
    and the quantities only rank the assessors.

    Raises:
        ValueError: nobody rated any item twice.
    """
    items = _items(ratings)
    people = ratings.participant.codes
    usable = [
        code for code in range(len(ratings.participant.levels)) if _repeated(items, people, code)
    ]
    if not usable:
        raise ValueError("nobody rated anything twice, so reliability is not known")
    panel = _panel_spread(ratings.score, items)
    rng = np.random.default_rng(seed)
    found = []
    for code in usable:
        mine = people == code
        score, own = ratings.score[mine], items[mine]
        draws = rng.permuted(np.tile(score, (permutations, 1)), axis=1)
        between, within = _spreads(np.vstack([score, draws]), own)
        # Reliability and discrimination, observed and of each shuffle.
        both = np.array([_ratio(np.full(within.shape, panel), within), _ratio(between, within)])
        floors = np.quantile(both[:, 1:], 0.95, axis=1)
        found.append(Expertise(ratings.participant.levels[code], *both[:, 0], *floors))
    return tuple(found)


def _items(ratings: Ratings) -> IntArray:
    """The item that each row rates, shape (rows,)."""
    stimuli = ratings.passage.codes * len(ratings.systems) + ratings.system.codes
    size = int(stimuli.max()) + 1
    repeats = np.bincount(ratings.participant.codes * size + stimuli)
    return stimuli if repeats.max() > 1 else ratings.system.codes


def _repeated(items: IntArray, people: IntArray, code: int) -> bool:
    counts = np.bincount(items[people == code])
    return bool((counts > 0).sum() > 1 and (counts > 1).any())


def _panel_spread(score: FloatArray, items: IntArray) -> float:
    """Standard deviation of the items' means over all assessors."""
    counts = np.bincount(items)
    means = np.bincount(items, score)[counts > 0] / counts[counts > 0]
    return float(means.std(ddof=1))


def _spreads(scores: FloatArray, items: IntArray) -> tuple[FloatArray, FloatArray]:
    """Roots of the mean squares between and within items; scores have shape (draws, rows)."""
    _, codes, counts = np.unique(items, return_inverse=True, return_counts=True)
    member = (codes[:, None] == np.arange(len(counts))).astype(np.float64)
    means = scores @ member / counts
    grand = scores.mean(axis=1, keepdims=True)
    between = (counts * (means - grand) ** 2).sum(axis=1) / (len(counts) - 1)
    within = ((scores - means[:, codes]) ** 2).sum(axis=1) / (len(codes) - len(counts))
    return np.sqrt(between), np.sqrt(within)


def _ratio(over: FloatArray, under: FloatArray) -> FloatArray:
    """A quotient that is 0 where nothing differs at all, and large where only `under` is 0."""
    return np.asarray(over / np.maximum(under, 1e-9))

"""How large differences are: Cliff's delta, and all effect sizes of an attribute side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from analysis.blocks import pairs_of
from analysis.ratings import FloatArray, IntArray, Ratings
from analysis.results import Interval, Quantity, Result

OVERALL = ("Kendall's W", "η²_p", "η²_G")
"""Effects of all systems together that stand in the table, where they have an interval."""


@dataclass(frozen=True)
class PairEffects:
    """The sizes of one pair's difference, first minus second."""

    systems: tuple[str, str]
    sizes: tuple[Quantity, ...]

    @property
    def label(self) -> str:
        """The pair as "A − B"."""
        return f"{self.systems[0]} − {self.systems[1]}"


@dataclass(frozen=True)
class Effects:
    """Effect sizes of one attribute, free of the scale.

    Attributes:
        pairs: of each pair, the same sizes in the same order.
        overall: of all systems together.
    """

    pairs: tuple[PairEffects, ...]
    overall: tuple[Quantity, ...]


def all_effects(
    ratings: Ratings,
    families: Sequence[Sequence[Result]],
    tests: Sequence[Result],
    level: float = 0.95,
) -> Effects:
    """The effect sizes that the tests brought, and Cliff's δ.

    Args:
        ratings: of one attribute, without anchors.
        families: pairwise results whose effects are to stand side by side, over the same pairs.
        tests: of all systems; their `OVERALL` effects that have an interval are taken, each once.
        level: coverage of the intervals.
    """
    deltas = cliffs_delta(ratings, level=level)
    pairs = []
    for index, pair in enumerate(pairs_of(ratings.systems)):
        found = [family[index].effect for family in families]
        pairs.append(PairEffects(pair, (*(size for size in found if size), deltas[pair])))
    overall: dict[str, Quantity] = {}
    for test in tests:
        for size in (test.effect, *test.details):
            if size is not None and size.interval is not None and size.name in OVERALL:
                overall.setdefault(size.name, size)
    return Effects(tuple(pairs), tuple(overall.values()))


def cliffs_delta(ratings: Ratings, level: float = 0.95) -> dict[tuple[str, str], Quantity]:
    """Cliff's δ of every pair: P(first > second) − P(first < second) over all pairs of ratings.

    The variance is that of placement values summed over each participant, whose ratings hang
    together (Obuchowski, Biometrics 53, 1997); the interval is t on Fisher's z. There is none where
    all ratings of one are above the other's. A12 of Vargha and Delaney is (δ + 1) / 2.
    """
    order = np.argsort(ratings.score, kind="stable")
    score, who = ratings.score[order], ratings.participant.codes[order]
    system = ratings.system.codes[order]
    people = len(ratings.participant.levels)
    rows = [np.flatnonzero(system == code) for code in range(len(ratings.systems))]
    found = {}
    for first, second in pairs_of(ratings.systems):
        one, other = (rows[ratings.systems.index(name)] for name in (first, second))
        over, under = _placements(score[one], score[other]), _placements(score[other], score[one])
        delta = float(over.mean())
        own = _sums(over - delta, who[one], people) - _sums(under + delta, who[other], people)
        interval = _interval(delta, own[np.isin(np.arange(people), who)], level)
        found[first, second] = Quantity("Cliff's δ", delta, interval)
    return found


def _placements(values: FloatArray, among: FloatArray) -> FloatArray:
    """Share of the others below each value less the share above it; both ascending."""
    below = np.searchsorted(among, values, side="left")
    above = len(among) - np.searchsorted(among, values, side="right")
    return np.asarray((below - above) / len(among), dtype=np.float64)


def _sums(values: FloatArray, who: IntArray, people: int) -> FloatArray:
    """Each participant's share in the mean of the values."""
    return np.asarray(np.bincount(who, values, minlength=people) / len(values))


def _interval(delta: float, influence: FloatArray, level: float) -> Interval | None:
    people = len(influence)
    if people < 2 or abs(delta) >= 1:
        return None
    error = np.sqrt((influence**2).sum() * people / (people - 1))
    reach = special.stdtrit(people - 1, (1 + level) / 2) * error / (1 - delta**2)
    low, high = np.tanh(np.arctanh(delta) + np.array([-reach, reach]))
    return Interval(float(low), float(high), level, "clustered placements, Fisher's z")

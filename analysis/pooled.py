"""How wrong it is to pool ratings: Kruskal-Wallis on studies like this one without a difference.

The mixed model of a study says how much participants, passages and their tastes vary. Studies with
these variances and equal systems are simulated, and the test of pooled ratings is applied to them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.apa import bare, limits_text
from analysis.distributions import chi2_sf
from analysis.models import MixedModel
from analysis.pairwise import clopper_pearson
from analysis.ratings import FloatArray, IntArray, Ratings
from analysis.results import Quantity, Result

VALUES = 250_000
"""How many ratings are simulated in all."""
FEWEST, MOST = 20, 200


def with_false_positives(
    pooled: Result, ratings: Ratings, model: MixedModel, alpha: float = 0.05, seed: int = 1
) -> Result:
    """The Kruskal-Wallis result with how often it is wrong where no system differs.

    Args:
        pooled: of all ratings.
        ratings: the same, of one attribute, without anchors.
        model: fitted to them, with variances of participants, passages and interactions.
        alpha: level of significance.
        seed: of the simulation.
    """
    studies = int(np.clip(VALUES // len(ratings), FEWEST, MOST))
    rng = np.random.default_rng(seed)
    called = int((null_pvalues(ratings, model, studies, rng) <= alpha).sum())
    interval = clopper_pearson(called, studies)
    share = Quantity("false positives in simulated studies", called / studies, interval)
    note = (
        f"In {studies} simulated studies like this one in which no system differs, this test "
        f"called {called} different at {bare(alpha)}: a share of {bare(share.value)}, 95% CI "
        f"{limits_text(interval, unit_bound=True)}, where {bare(alpha)} was promised."
    )
    return replace(pooled, details=(*pooled.details, share), notes=(*pooled.notes, note))


def null_pvalues(
    ratings: Ratings, model: MixedModel, studies: int, rng: np.random.Generator
) -> FloatArray:
    """p of Kruskal-Wallis on pooled ratings of simulated studies without a difference."""
    sizes = np.bincount(ratings.system.codes, minlength=len(ratings.systems))
    member = (ratings.system.codes[:, None] == np.arange(len(sizes))).astype(np.float64)
    codes = [(part.sd, _levels(ratings, part.term)) for part in model.components if part.sd > 0]
    n, statistics = len(ratings), []
    for _ in range(studies):
        score = np.zeros(n)
        for sd, code in codes:
            score += sd * rng.normal(size=int(code.max()) + 1)[code]
        ranks = np.empty(n)
        ranks[np.argsort(score)] = np.arange(1, n + 1)
        sums = ranks @ member
        statistics.append(12 / (n * (n + 1)) * float((sums**2 / sizes).sum()) - 3 * (n + 1))
    return chi2_sf(np.array(statistics), len(sizes) - 1)


def _levels(ratings: Ratings, term: str) -> IntArray:
    """The level of a random term that each rating belongs to; each its own for the residual."""
    if term == "residual":
        return np.arange(len(ratings))
    code = np.zeros(len(ratings), np.int64)
    for name in term.split(":"):
        factor = getattr(ratings, name)
        code = code * len(factor.levels) + factor.codes
    return code

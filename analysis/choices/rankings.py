"""The rankings' part of a report: Plackett-Luce where trials are orders, or where a plan asks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.choices.comparisons import trials
from analysis.choices.plackett_luce import fit_plackett_luce
from analysis.choices.preference import preference_contrasts, preference_test
from analysis.plan import Plan
from analysis.ratings import Ratings
from analysis.results import Result


@dataclass(frozen=True)
class RankingBased:
    """What the orders within trials say about one attribute.

    Attributes:
        tests: of all systems; none where the ratings are no rankings and nobody asked.
        contrasts: of each pair, corrected as the plan says.
        notes: why there is no model although one was asked for.
    """

    tests: tuple[Result, ...] = ()
    contrasts: tuple[Result, ...] = ()
    notes: tuple[str, ...] = ()


def rankings_of(ratings: Ratings, plan: Plan) -> RankingBased:
    """The Plackett-Luce model, where the ratings are rankings or the plan asks for it."""
    asked = plan.asks_for("plackett-luce")
    if not asked and not are_rankings(ratings):
        return RankingBased()
    try:
        model = fit_plackett_luce(ratings)
    except ValueError as error:
        return RankingBased(notes=(f"No Plackett–Luce model: {error}.",))
    contrasts = preference_contrasts(model, plan.correction, plan.level)
    return RankingBased((preference_test(model),), contrasts, model.notes)


def are_rankings(ratings: Ratings) -> bool:
    """Whether every trial orders three systems or more at equal steps over the whole scale.

    That is how rankings are stored: 100 for the first and 0 for the last of a trial.
    """
    trial = trials(ratings)
    order = np.lexsort((ratings.score, trial))
    size = np.bincount(trial)
    if size.min() < 3:
        return False
    place = np.arange(len(order)) - np.repeat(np.cumsum(size) - size, size)
    low, high = ratings.scale
    expected = low + (high - low) * place / np.repeat(size - 1, size)
    # Stored with one decimal.
    return bool(np.all(np.abs(ratings.score[order] - expected) <= 0.051))

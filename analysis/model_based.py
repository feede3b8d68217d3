"""The models' part of a report: crossed mixed model always, ordinal model for category scales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.contrasts import Estimate, marginal_means, pairwise_contrasts, system_test
from analysis.models import MixedModel, fit_mixed_model
from analysis.ordinal import (
    MOST_CATEGORIES,
    OrdinalModel,
    fit_ordinal_model,
    ordinal_contrasts,
    ordinal_system_test,
)
from analysis.ratings import Ratings
from analysis.results import Result


@dataclass(frozen=True, eq=False)
class ModelBased:
    """What models say about one attribute.

    Attributes:
        mixed: the crossed linear mixed model; None where the data do not bear one.
        means: its estimated marginal means.
        contrasts: its pairwise differences, corrected as the plan says.
        ordinal: the cumulative link mixed model, for scales of few categories only.
        ordinal_contrasts: its pairwise log odds ratios.
        tests: of all systems at once, the linear model's with either kind of degrees of freedom.
        notes: why something is missing.
    """

    mixed: MixedModel | None = None
    means: tuple[Estimate, ...] = ()
    contrasts: tuple[Result, ...] = ()
    ordinal: OrdinalModel | None = None
    ordinal_contrasts: tuple[Result, ...] = ()
    tests: tuple[Result, ...] = ()
    notes: tuple[str, ...] = ()


def model_based(
    ratings: Ratings, correction: str = "holm", level: float = 0.95, *, ordinal_too: bool = False
) -> ModelBased:
    """Fit the models that suit the ratings; what cannot be fitted is said in the notes.

    Args:
        ratings: of one attribute, without anchors.
        correction: over all pairs.
        level: coverage of the intervals.
        ordinal_too: the ordinal model for fine scales as well, cut into five bands.
    """
    try:
        mixed = fit_mixed_model(ratings)
    except ValueError as error:
        return ModelBased(notes=(f"No mixed model was fitted: {error}.",))
    tests: tuple[Result, ...] = (system_test(mixed), system_test(mixed, "kenward-roger"))
    ordinal = None
    if ordinal_too or len(np.unique(ratings.score)) <= MOST_CATEGORIES:
        ordinal = fit_ordinal_model(ratings)
        tests = (*tests, ordinal_system_test(ordinal))
    return ModelBased(
        mixed=mixed,
        means=marginal_means(mixed, level),
        contrasts=pairwise_contrasts(mixed, correction, level),
        ordinal=ordinal,
        ordinal_contrasts=ordinal_contrasts(ordinal, correction, level) if ordinal else (),
        tests=tests,
    )

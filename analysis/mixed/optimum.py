"""The variance ratios that maximise the likelihood, found by projected Newton steps.

Fisher scoring far from the optimum (it lands there at once where the data are balanced and no
variance is zero), Newton near it; a ratio that would turn negative is held at zero as long as the
deviance rises from there (Bertsekas 1982, projected Newton methods). Two starts, far apart, must
agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.mixed.likelihood import (
    Moments,
    Problem,
    Projection,
    expected_hessian,
    moments,
    observed_hessian,
    project,
    slopes,
)
from analysis.mixed.structure import Floats

_MOST_STEPS = 100
_MOST_HALVINGS = 40
_CLOSE = 1e-15
"""A step that promises less than this much deviance ends the search: ratios are exact to 1e-7."""
_NOISE = 1e-9
"""Deviances closer than this differ by rounding."""
_CONVERGED = 1e-6
"""A step that promises less than this much deviance is of no interest to anyone."""
_AGREE = 1e-6
"""Deviances of two starts closer than this are the same optimum."""


@dataclass(frozen=True, eq=False)
class Optimum:
    """Where the deviance is least.

    Attributes:
        ratios: `(terms,)`, variance over residual variance.
        at, parts: the likelihood's pieces there.
        steps: taken from the better start.
        remaining: deviance that another Newton step would still gain.
        converged: `remaining` is small, and both starts came to this deviance.
    """

    ratios: Floats
    at: Projection
    parts: Moments
    steps: int
    remaining: float
    converged: bool


def minimise(problem: Problem, starts: Sequence[Floats] = ()) -> Optimum:
    """Minimise the deviance from several starts and keep the best.

    Args:
        problem: the likelihood.
        starts: ratios to start from, `(terms,)` each; by default two, far apart. Where the ratios
            are known, as in a simulation, one start there will do.
    """
    starts = starts or [np.full(problem.terms, start) for start in (1.0, 0.0)]
    ends = [_descend(problem, start) for start in starts]
    best = min(ends, key=lambda end: end.at.deviance)
    agree = max(end.at.deviance for end in ends) - best.at.deviance < _AGREE
    return Optimum(
        best.ratios, best.at, best.parts, best.steps, best.remaining, best.converged and agree
    )


def _descend(problem: Problem, ratios: Floats) -> Optimum:
    at = project(problem, ratios)
    steps, stuck = 0, False
    while True:
        parts = moments(problem, at)
        step, remaining = _step(problem, ratios, at, parts)
        if remaining < _CLOSE or stuck or steps == _MOST_STEPS:
            return Optimum(ratios, at, parts, steps, remaining, remaining < _CONVERGED)
        moved = _search(problem, ratios, step, at)
        stuck = moved is None
        if moved is not None:
            ratios, at = moved
        steps += 1


def _step(problem: Problem, ratios: Floats, at: Projection, parts: Moments) -> tuple[Floats, float]:
    """The next step over the ratios that are free to move, and what it promises to gain."""
    gradient = slopes(problem, at, parts)
    free = np.flatnonzero((ratios > 0.0) | (gradient < 0.0))
    step = np.zeros_like(ratios)
    if free.size == 0:
        return step, 0.0
    inside = np.ix_(free, free)
    expected = np.linalg.pinv(expected_hessian(problem, parts)[inside], hermitian=True)
    promised = float(gradient[free] @ expected @ gradient[free]) / 2.0
    observed = observed_hessian(problem, at, parts)[inside]
    if promised < 1.0 and np.linalg.eigvalsh(observed)[0] > 0.0:
        step[free] = -np.linalg.solve(observed, gradient[free])
    else:
        step[free] = -expected @ gradient[free]
    return step, promised


def _search(
    problem: Problem, ratios: Floats, step: Floats, at: Projection
) -> tuple[Floats, Projection] | None:
    """Halve the step, clipped at zero, until the deviance falls; None where it never does."""
    for halving in range(_MOST_HALVINGS):
        trial = np.maximum(ratios + step * 0.5**halving, 0.0)
        there = project(problem, trial)
        if there.deviance < at.deviance + _NOISE:
            return trial, there
    return None

"""Which random terms the data can tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.codes import Integers
from analysis.mixed.freedom import with_residual
from analysis.mixed.likelihood import moments, pose, project
from analysis.mixed.structure import Term, arrange

_NOTHING = 1e-8
"""Squared effect on the covariance below which a term is none; that of one real level is 0.25."""
_OWN_SHARE = 1e-6
"""A term must have at least this share of its effect on the covariance for itself."""


def identified(
    terms: Sequence[Term], factors: Mapping[str, Integers], fixed: Integers
) -> tuple[tuple[Term, ...], tuple[str, ...]]:
    """Leave out the terms whose variance the data say nothing about.

    The expected information about the variances is the Gram matrix of the G_i = Z_i Z_i' seen
    through P. A term is left out where its G_i is a combination of the error's and those of the
    terms before it, such as participant × system with one passage (the error), or nothing at all,
    such as a passage that is the only one (the mean).

    Returns:
        The terms that stay, in their order, and a sentence for each that does not.
    """
    kept: tuple[Term, ...] = ()
    notes = []
    varied = [term for term in terms if term.levels > 1]
    gram, order = _gram(varied, factors, fixed)
    length = np.sqrt(np.where(np.diag(gram) > _NOTHING, np.diag(gram), np.inf))
    reduced = gram / np.outer(length, length)
    chosen = [order["residual"]]
    for term in terms:
        index = order.get(term.name)
        if index is not None and _own_share(reduced, chosen, index) > _OWN_SHARE:
            chosen.append(index)
            kept = (*kept, term)
            continue
        notes.append(
            f"The random term {term.name} was left out: in these data it cannot be told from "
            + ("the mean." if term.levels == 1 else "the error, the systems or other terms.")
        )
    return kept, tuple(notes)


def _gram(
    terms: Sequence[Term], factors: Mapping[str, Integers], fixed: Integers
) -> tuple[np.ndarray, dict[str, int]]:
    structure = arrange(terms, factors)
    problem = pose(structure, fixed, np.zeros(len(fixed)), reml=True)
    ones = np.ones(problem.terms)
    parts = moments(problem, project(problem, ones))
    gram = with_residual(parts.norms, parts.traces, float(problem.freedom), ones)
    names = [*structure.terms, "residual"]
    return gram, {name: index for index, name in enumerate(names)}


def _own_share(gram: np.ndarray, chosen: Sequence[int], index: int) -> float:
    """What is left of one unit vector after projection on the chosen ones, squared."""
    if gram[index, index] < 0.5:
        return 0.0
    among = gram[np.ix_(chosen, chosen)]
    along = gram[chosen, index]
    return float(gram[index, index] - along @ np.linalg.lstsq(among, along, rcond=None)[0])

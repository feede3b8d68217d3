"""The Bradley-Terry model of paired comparisons, with ties, listeners and passages.

    P(A chosen) : P(neither) : P(B chosen) = exp(η/2) : ν : exp(−η/2)      (Davidson 1970)
    η = strength A − strength B + the listener's liking of A − of B + the same of the passage

Without ties ν = 0, which is Bradley and Terry's (1952). The likings are random: a listener's
answers hang together, so the number of answers is not the number of independent ones. Fitted by
Laplace's approximation.
"""

from __future__ import annotations

import numpy as np

from analysis.choices.comparisons import Comparisons
from analysis.choices.preference import PreferenceModel, centred
from analysis.codes import Integers
from analysis.mixed.families import Davidson
from analysis.mixed.laplace import Model, fit, maximum, optimism
from analysis.mixed.structure import Floats, Structure, Term, arrange
from analysis.mixed.threads import one_blas_thread

GROUPS = ("participant", "passage")
_NO_VARIANCE = 1e-3
"""A standard deviation below this, as log odds, is reported as zero."""


def fit_bradley_terry(
    comparisons: Comparisons, groups: tuple[str, ...] = GROUPS
) -> PreferenceModel:
    """Fit the model, and the same with equal strengths.

    Args:
        comparisons: of two or more systems that chains of comparisons connect.
        groups: whose likings are random, out of `GROUPS`; those that these data cannot tell (one
            passage only, one answer per participant) are left out, and the notes say so.

    Raises:
        ValueError: fewer than two systems, nobody ever chose, or two sets of systems were never
            compared with each other.
    """
    _refuse_unconnected(comparisons)
    rows, k = np.arange(len(comparisons)), len(comparisons.systems)
    design = np.zeros((len(comparisons), k))
    design[rows, comparisons.first] = 1.0
    design[rows, comparisons.second] = -1.0
    structure, notes = _likings(comparisons, groups)
    family, start = Davidson(comparisons.outcome), _start(comparisons)
    with one_blas_thread():
        null, there = maximum(Model(family, design[:, :0], structure), start)
        full = fit(Model(family, design[:, 1:], structure), there)
    cut = start.size
    inner = slice(cut, cut + k - 1)
    strengths, covariance, wald = centred(full.coefficients, full.covariance[inner, inner])
    spread = dict(zip(structure.terms, full.sds.tolist(), strict=True))
    varied = {name: sd for name, sd in spread.items() if sd >= _NO_VARIANCE}
    levels = {group: np.unique(getattr(comparisons, group).codes).size for group in groups}
    return PreferenceModel(
        name="bradley-terry",
        systems=comparisons.systems,
        strengths=strengths,
        covariance=covariance,
        tie=float(full.own[0]) if cut else None,
        sds=spread,
        log_likelihood=full.log_likelihood,
        null_log_likelihood=null,
        wald=wald,
        trials=len(comparisons),
        participants=len(np.unique(comparisons.participant.codes)),
        converged=full.converged,
        describes=_describe(comparisons, spread),
        notes=(
            *notes,
            *_warnings(comparisons, spread, full.converged),
            *optimism(varied, levels),
        ),
    )


def _start(comparisons: Comparisons) -> Floats:
    """log ν where all are equal: P(neither) = ν / (2 + ν); nothing to fit without ties."""
    if comparisons.ties == 0:
        return np.zeros(0)
    share = comparisons.ties / len(comparisons)
    return np.array([np.log(2.0 * share / (1.0 - share))])


def _likings(
    comparisons: Comparisons, groups: tuple[str, ...]
) -> tuple[Structure, tuple[str, ...]]:
    """A random effect per listener (or passage) and system; a comparison touches two of them."""
    k = len(comparisons.systems)
    terms: list[Term] = []
    blocks: dict[str, Integers] = {"participant": comparisons.participant.codes}
    notes = []
    signs = np.tile([1.0, -1.0], (len(comparisons), 1))
    for group in groups:
        codes: Integers = getattr(comparisons, group).codes
        levels = np.unique(codes).size
        if levels < 2 or levels == len(comparisons):
            reason = f"there is one {group} only" if levels < 2 else f"each {group} answered once"
            notes.append(f"No random liking per {group}: {reason}.")
            continue
        touched = np.stack([codes * k + comparisons.first, codes * k + comparisons.second], axis=1)
        compact = np.unique(touched, return_inverse=True)[1].reshape(touched.shape)
        # One factor, not two: a comparison has one listener but no single system.
        name = f"{group}:system"
        blocks[name] = codes
        terms.append(Term((name,), compact.astype(np.int64), signs))
    return arrange(terms, blocks), tuple(notes)


def _refuse_unconnected(comparisons: Comparisons) -> None:
    k = len(comparisons.systems)
    if k < 2:
        raise ValueError("a comparison needs two systems, and there is only one")
    if not np.any(comparisons.outcome):
        raise ValueError("every answer was undecided: nothing says which system is preferred")
    reached = {int(comparisons.first[0])}
    links = set(zip(comparisons.first.tolist(), comparisons.second.tolist(), strict=True))
    while grown := {end for link in links if set(link) & reached for end in link} - reached:
        reached |= grown
    if len(reached) < k:
        apart = ", ".join(comparisons.systems[code] for code in range(k) if code not in reached)
        raise ValueError(
            f"{apart} never met the other systems in a comparison, not even through others; "
            "analyse them apart"
        )


def _warnings(comparisons: Comparisons, sds: dict[str, float], converged: bool) -> list[str]:
    notes = []
    if none := [name for name, sd in sds.items() if sd < _NO_VARIANCE]:
        notes.append(f"The fit is singular: {', '.join(none)} show no variance of their own.")
    if not converged:
        wins = comparisons.wins()
        always = [
            name
            for name, won, lost in zip(
                comparisons.systems, wins.sum(axis=1), wins.sum(axis=0), strict=True
            )
            if (won == 0) != (lost == 0)
        ]
        why = f"{', '.join(always)} always won or always lost" if always else "too few answers"
        notes.append(f"The model did not converge ({why}). Do not rely on its intervals.")
    return notes


def _describe(comparisons: Comparisons, sds: dict[str, float]) -> str:
    terms = " and ".join(name.replace(":", " × ") for name in sds)
    return (
        f"Bradley-Terry model {'with ties (Davidson) ' if comparisons.ties else ''}of "
        f"{len(comparisons)} comparisons with "
        f"{f'random effects of {terms}' if terms else 'no random effects'}"
        f"{', by Laplace’s approximation' if terms else ''}"
    )

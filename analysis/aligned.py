"""The aligned rank transform: factorial tests on ranks (Wobbrock et al., CHI 2011)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from analysis.anova import Effect, interaction, orthonormal
from analysis.distributions import f_sf, midranks
from analysis.ratings import FloatArray, Ratings
from analysis.results import Quantity, Result

ErrorTerm = Literal["own", "pooled"]


def aligned_rank_transform(ratings: Ratings, error: ErrorTerm = "own") -> tuple[Result, ...]:
    """Tests of system, passage and their interaction on aligned ranks.

    For each effect, everything but it is taken out of the scores, what is left is ranked, and the
    F of that effect alone is read off a repeated-measures analysis of the ranks. With `error`
    "own" each effect is tested against its interaction with participants; with "pooled" against
    all of them together, as a model with participant intercepts alone does, which is optimistic.

    Raises:
        ValueError: fewer than 2 participants rated every system in every passage, or there is one
            passage.
    """
    cells = ratings.cells
    cells = cells[~np.isnan(cells).any(axis=(1, 2))]
    n, a, _ = cells.shape
    if n < 2 or a < 2:
        raise ValueError(
            f"the aligned rank transform needs 2 or more complete participants and passages; "
            f"there are {n} and {a}"
        )
    mean = cells.mean(axis=0)
    system = np.broadcast_to(mean.mean(axis=0) - mean.mean(), mean.shape)
    passage = np.broadcast_to((mean.mean(axis=1) - mean.mean())[:, None], mean.shape)
    both = mean - mean.mean() - system - passage
    lost = len(ratings.participant.levels) - n
    notes = (f"{lost} participants lack a cell and were left out.",) if lost else ()
    return tuple(
        _test(name, cells - mean + aligned, ratings.systems, error, notes)
        for name, aligned in (
            ("system", system),
            ("passage", passage),
            ("system × passage", both),
        )
    )


def _test(
    name: str,
    aligned: FloatArray,
    systems: tuple[str, ...],
    error: ErrorTerm,
    notes: tuple[str, ...],
) -> Result:
    """F of one effect on the ranks of scores aligned for it, shape (participants, a, s)."""
    n, a, s = aligned.shape
    # Alignment must not break ties: values that differ in digit 16 are one value.
    ranks = midranks(np.round(aligned, 9)).reshape(aligned.shape)
    effects = {
        "system": Effect("system", ranks.mean(axis=1) @ orthonormal(s), float(a)),
        "passage": Effect("passage", ranks.mean(axis=2) @ orthonormal(a), float(s)),
        "system × passage": interaction(ranks),
    }
    effect = effects[name]
    p = effect.contrasts.shape[1]
    strata = effects.values() if error == "pooled" else [effect]
    ss_error = sum(entry.ss_error for entry in strata)
    df = float(sum(entry.contrasts.shape[1] for entry in strata) * (n - 1))
    f = effect.ss / p / (ss_error / df) if ss_error > 0 else np.nan
    return Result(
        name=f"aligned rank transform, {name}",
        systems=systems,
        statistic=Quantity("F", f),
        df=(float(p), df),
        pvalue=float(f_sf(f, p, df)),
        n=n,
        unit="participants",
        method=f"Aligned rank transform, effect of {name}, "
        + ("its own error term." if error == "own" else "pooled error term."),
        effect=Quantity("η²_p", effect.ss / (effect.ss + ss_error) if ss_error > 0 else np.nan),
        details=(Quantity("sum of squares", effect.ss),),
        notes=notes,
    )

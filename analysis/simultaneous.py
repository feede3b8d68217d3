"""P-values and intervals of a family of contrasts, adjusted together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.corrections import CORRECTIONS
from analysis.distributions import t_quantile, t_sf
from analysis.mixed.structure import Floats
from analysis.studentized_range import studentized_range_quantile, studentized_range_sf

ADJUSTMENTS = ("tukey", *CORRECTIONS, "none")
FAMILY_WISE = ("holm", "hochberg", "bonferroni")


@dataclass(frozen=True, eq=False)
class Adjusted:
    """What a family of two-sided t tests comes to.

    Attributes:
        pvalues: `(contrasts,)`, each on its own.
        corrected: `(contrasts,)`; the same as `pvalues` for "none".
        reach: `(contrasts,)`, half widths of the intervals in standard errors.
        correction: for people, as "Tukey over 10 comparisons"; None for "none".
        intervals: what the intervals are, for people.
    """

    pvalues: Floats
    corrected: Floats
    reach: Floats
    correction: str | None
    intervals: str


def adjust(t: Floats, df: Floats, groups: int, how: str, level: float) -> Adjusted:
    """Adjust all pairwise differences of `groups` means.

    Tukey's intervals hold for all pairs at once, and agree with his p-values. Holm's and
    Hochberg's procedures have no intervals of their own, so Bonferroni's go with them: one may
    include zero although p is below 1 − level, never the other way round. A false discovery rate
    has none either; its intervals are those of each contrast on its own.

    Args:
        t: `(contrasts,)`, estimate over standard error.
        df: `(contrasts,)`, infinite for z.
        groups: how many means.
        how: one of `ADJUSTMENTS`.
        level: coverage of the intervals.

    Raises:
        ValueError: `how` is none of them.
    """
    if how not in ADJUSTMENTS:
        raise ValueError(f"no adjustment is called {how!r}; there are {', '.join(ADJUSTMENTS)}")
    pvalues = np.asarray(2.0 * t_sf(np.abs(t), df))
    over = f"over {len(t)} comparison{'s' * (len(t) != 1)}"
    if how == "tukey":
        reach = studentized_range_quantile(level, groups, df) / np.sqrt(2.0)
        tail = studentized_range_sf(np.sqrt(2.0) * np.abs(t), groups, df)
        return Adjusted(pvalues, tail, reach, f"Tukey {over}", "Tukey, simultaneous")
    if how == "none":
        return Adjusted(pvalues, pvalues, _reach(df, level), None, "t, each on its own")
    title, procedure = CORRECTIONS[how]
    corrected = procedure(pvalues)
    if how in FAMILY_WISE:
        together = _reach(df, 1.0 - (1.0 - level) / len(t))
        return Adjusted(pvalues, corrected, together, f"{title} {over}", "Bonferroni, simultaneous")
    return Adjusted(pvalues, corrected, _reach(df, level), f"{title} {over}", "t, each on its own")


def _reach(df: Floats, level: float) -> Floats:
    return np.asarray(t_quantile((1.0 + level) / 2.0, df))

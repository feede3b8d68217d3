"""How exactly a planned study will know a difference: closed form, for balanced designs.

    Var(difference) = 2 (σ²_participant×system / P + σ²_passage×system / A + σ²_residual / PA)

with P participants and A passages; degrees of freedom are Satterthwaite's, from the expected mean
squares (Searle, Casella & McCulloch 1992, section 4.3). More participants never get below what the
passages leave: 2 σ²_passage×system / A.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import numpy as np

from analysis.distributions import t_quantile
from analysis.planning.design import Design, Spread

MOST_PARTICIPANTS = 100_000


def half_width(design: Design, spread: Spread, level: float = 0.95) -> float:
    """Half the expected width of the interval of one difference of two systems, in points.

    With a single passage the result holds for that passage only: nothing tells what others
    would give.
    """
    p, a, within = design.participants, design.passages, design.systems - 1
    error = spread.residual**2
    by_listener = error + a * spread.participant_system**2
    if a == 1:
        se, df = np.sqrt(2.0 * by_listener / p), float((p - 1) * within)
    else:
        by_passage = error + p * spread.passage_system**2
        whole = by_listener + by_passage - error
        wobble = by_listener**2 / (p - 1) + by_passage**2 / (a - 1) + error**2 / ((p - 1) * (a - 1))
        se, df = np.sqrt(2.0 * whole / (p * a)), within * whole**2 / wobble
    return float(t_quantile((1.0 + level) / 2.0, df) * se)


def participants_for(
    wanted: float, passages: int, systems: int, spread: Spread, level: float = 0.95
) -> int | None:
    """The fewest participants that make the half width `wanted` points or less.

    None where no number does, because the passages are too few. Found by doubling and halving:
    with two or three passages the width can grow again a little with the participants, since the
    passages, and their few degrees of freedom, then weigh more.

    Raises:
        ValueError: the wanted half width is not above zero, or the level is no probability.
    """
    if not 0.0 < wanted < inf:
        raise ValueError(f"a half width of {wanted:g} points cannot be had; ask for more than 0")
    if not 0.0 < level < 1.0:
        raise ValueError(f"level {level:g} must be between 0 and 1")
    design = Design(2, passages, systems)

    def enough(participants: int) -> bool:
        return half_width(replace(design, participants=participants), spread, level) <= wanted

    if enough(2):
        return 2
    few, many = 2, 4
    while not enough(many):
        if many >= MOST_PARTICIPANTS:
            return None
        few, many = many, 2 * many
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    return many


def precision_lines(
    wanted: float, passages: Sequence[int], systems: int, spread: Spread, level: float = 0.95
) -> list[str]:
    """For the terminal: participants that each number of passages needs."""
    lines = [
        f"For {100 * level:g}% intervals of ±{wanted:g} points on a difference of two of "
        f"{systems} systems:",
        "  passages  participants  half width",
    ]
    for count in passages:
        needed = participants_for(wanted, count, systems, spread, level)
        if needed is None:
            least = half_width(Design(MOST_PARTICIPANTS, count, systems), spread, level)
            lines.append(f"  {count:8d}  {'too few':>12}  {least:.1f} at best: use more passages")
        else:
            reached = half_width(Design(needed, count, systems), spread, level)
            lines.append(f"  {count:8d}  {needed:12d}  {reached:10.1f}")
    if 1 in passages:
        lines.append("With one passage, the answer holds for that passage only.")
    return lines

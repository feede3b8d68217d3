"""From ratings to blocks: who is compared with themselves, and what is done about missing cells.

Participants are the unit of every within-participant test. Scores are first averaged over
passages, because rows of one participant are not independent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from analysis.ratings import BoolArray, FloatArray, Ratings

DECIMALS = 9
"""Means are rounded so before ranking: averaging must not break ties."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """A complete table of blocks by systems.

    Attributes:
        values: shape (blocks, systems), no NaN, rounded to 9 decimals.
        names: of the blocks, shape (blocks,).
        systems: of the columns.
        unit: what a block is, for people, as "participants".
        notes: which blocks were left out, and why.
    """

    values: FloatArray
    names: tuple[str, ...]
    systems: tuple[str, ...]
    unit: str
    notes: tuple[str, ...] = field(default=())


def participant_blocks(ratings: Ratings) -> Blocks:
    """Means over passages per participant and system.

    Only passages in which a participant rated every system enter that participant's means, so that
    all systems are judged on the same music; a participant without such a passage is left out.
    Both are noted.

    Raises:
        ValueError: nobody, or only one participant, rated all systems in one passage.
    """
    _require_systems(ratings)
    complete = _complete(ratings)
    kept = np.asarray(complete.any(axis=1))
    weights = complete[kept].astype(np.float64)
    total = np.einsum("pas,pa->ps", np.nan_to_num(ratings.cells[kept]), weights)
    values = np.round(total / weights.sum(axis=1, keepdims=True), DECIMALS)
    names = ratings.participant.levels
    notes = _losses(ratings, complete, kept)
    if len(values) < 2:
        raise ValueError(
            f"{len(values)} of {len(names)} participants rated all {len(ratings.systems)} systems "
            "in at least one passage; a comparison within participants needs 2 or more. "
            + " ".join(notes)
        )
    return Blocks(
        values,
        tuple(name for name, keep in zip(names, kept, strict=True) if keep),
        ratings.systems,
        "participants",
        notes,
    )


def cell_blocks(ratings: Ratings) -> Blocks:
    """One block per participant and passage: pseudo-replicated, as many papers do it."""
    _require_systems(ratings)
    complete = _complete(ratings)
    values = ratings.cells[complete]
    if len(values) < 2:
        raise ValueError("fewer than 2 participant × passage cells hold a score of every system")
    names = tuple(
        f"{ratings.participant.levels[row]} × {ratings.passage.levels[column]}"
        for row, column in np.argwhere(complete)
    )
    notes = ("Blocks are participant × passage cells: pseudo-replicated, p-values are too small.",)
    return Blocks(
        np.round(values, DECIMALS), names, ratings.systems, "participant × passage cells", notes
    )


def pairs_of(systems: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """All pairs, in the order in which every pairwise method returns them."""
    return tuple(combinations(systems, 2))


def pair_differences(ratings: Ratings) -> FloatArray:
    """Each participant's mean difference for every pair of systems; NaN where there is none.

    Differences are formed within a passage and then averaged, so a missing cell costs its pair
    that one passage and nothing else. Shape (participants, pairs), rounded to 9 decimals.
    """
    _require_systems(ratings)
    cells = ratings.cells
    first, second = np.triu_indices(cells.shape[2], k=1)
    there = ~np.isnan(cells)
    if there.all():
        means = cells.mean(axis=1)
        return np.asarray(np.round(means[:, first] - means[:, second], DECIMALS))
    differences = np.full((cells.shape[0], len(first)), np.nan)
    filled = np.where(there, cells, 0.0)
    for pair, (one, other) in enumerate(zip(first, second, strict=True)):
        both = there[:, :, one] & there[:, :, other]
        count = both.sum(axis=1)
        total = ((filled[:, :, one] - filled[:, :, other]) * both).sum(axis=1)
        np.divide(total, count, out=differences[:, pair], where=count > 0)
    return np.round(differences, DECIMALS)


def _complete(ratings: Ratings) -> BoolArray:
    """Whether a participant rated every system in a passage, shape (participants, passages)."""
    return np.asarray(~np.isnan(ratings.cells).any(axis=2))


def _require_systems(ratings: Ratings) -> None:
    if len(ratings.systems) < 2:
        raise ValueError(
            f"a comparison needs 2 or more systems; the ratings hold {len(ratings.systems)} "
            f"({', '.join(ratings.systems)})"
        )


def _losses(ratings: Ratings, complete: BoolArray, kept: BoolArray) -> tuple[str, ...]:
    """What an incomplete table costs the complete-block methods, in words."""
    notes = []
    lost = [name for name, keep in zip(ratings.participant.levels, kept, strict=True) if not keep]
    if lost:
        notes.append(
            f"{len(lost)} participants never rated all systems in one passage and take no part in "
            f"complete-block tests: {', '.join(lost)}."
        )
    seen = ~np.isnan(ratings.cells).all(axis=2)
    partial = int((seen & ~complete)[kept].sum())
    if partial:
        notes.append(
            f"{partial} participant × passage cells lack a system and do not enter the means of "
            "complete-block tests."
        )
    return tuple(notes)

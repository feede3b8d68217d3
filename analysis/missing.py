"""What every method does about cells that nobody filled: said in the report, never silent."""

from __future__ import annotations

import numpy as np

from analysis.ratings import Ratings

RULES = (
    "Descriptives, Krippendorff's α and Kruskal–Wallis tests use every rating there is.",
    "Mixed and ordinal models use every rating there is; nothing is filled in.",
    "Pairwise tests within participants form each difference in the passages in which a "
    "participant rated both systems; n is the number of participants who did so.",
    "Sign-flip permutations count a pair that a participant never rated as no difference.",
    "Friedman, Iman–Davenport, Quade, Page, one-way analysis of variance, Conover, Nemenyi and "
    "Tukey take participants who rated all systems in a passage, and those passages only.",
    "Durbin and Skillings–Mack tests take every page (participant × passage) with two systems or "
    "more.",
    "Two-way analysis of variance, aligned ranks and residuals take participants without any gap.",
    "Intraclass correlations and Kendall's W of stimuli take stimuli that everybody rated.",
    "Within-participant intervals (Cousineau–Morey) take participants who rated every system.",
)
"""What is done where cells are missing, method by method."""


def missing_cells(ratings: Ratings) -> tuple[str, ...]:
    """How many cells are empty and what every method does about that; nothing where none is.

    Args:
        ratings: of one attribute.
    """
    empty = np.isnan(ratings.cells)
    if not empty.any():
        return ()
    partial = int((empty.any(axis=2) & ~empty.all(axis=2)).sum())
    count = (
        f"{int(empty.sum())} of {empty.size} cells (participant × passage × system) hold no "
        f"rating; {partial} pages were rated in part."
    )
    return (count, *RULES)

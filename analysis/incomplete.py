"""Durbin's test for balanced incomplete blocks: pages that show only some of the systems."""

from __future__ import annotations

import numpy as np
from scipy import stats

from analysis.ratings import FloatArray, Ratings
from analysis.results import Quantity, Result


def durbin(ratings: Ratings) -> Result:
    """Durbin's test (Brit. J. Psych. 4, 1951; Conover 1999, section 5.9), ties by midranks.

    A block is one participant's page (participant × passage). Equals Friedman's test where every
    block is complete.

    Raises:
        ValueError: the design is not balanced: every block must hold equally many systems, every
            system come equally often, and every pair meet equally often.
    """
    cells = ratings.cells.reshape(-1, len(ratings.systems))
    cells = cells[(~np.isnan(cells)).any(axis=1)]
    there = ~np.isnan(cells)
    size, repeats = _balance(there)
    ranks = _ranks(cells)
    blocks, systems = cells.shape
    sums = ranks.sum(axis=0)
    squares = float((ranks**2).sum())
    constant = blocks * size * (size + 1) ** 2 / 4
    left = squares - constant
    statistic = (
        (systems - 1) * (float((sums**2).sum()) - repeats * constant) / left if left > 0 else np.nan
    )
    df_error = blocks * size - blocks - systems + 1
    ratio = statistic / (systems - 1)
    rest = blocks * (size - 1) - statistic
    f = ratio / (rest / df_error) if rest > 1e-9 and df_error > 0 else np.nan
    return Result(
        name="durbin",
        systems=ratings.systems,
        statistic=Quantity("χ²", statistic),
        df=(float(systems - 1),),
        pvalue=float(stats.chi2.sf(statistic, systems - 1)),
        n=blocks,
        unit="participant × passage blocks",
        method=f"Durbin test on {blocks} blocks of {size} of {systems} systems.",
        details=(
            Quantity("F", f),
            Quantity("p of F", float(stats.f.sf(f, systems - 1, df_error))),
        ),
        notes=(
            "Blocks of one participant are taken as independent; the mixed model does not do so.",
        ),
    )


def _balance(there: np.ndarray) -> tuple[int, int]:
    """Systems per block and blocks per system, both constant."""
    sizes, repeats = set(there.sum(axis=1).tolist()), set(there.sum(axis=0).tolist())
    together = there.T.astype(np.int64) @ there
    meetings = set(together[np.triu_indices(len(together), k=1)].tolist())
    if len(sizes) > 1 or len(repeats) > 1 or len(meetings) > 1 or max(sizes) < 2:
        raise ValueError(
            "Durbin's test needs a balanced design: blocks here hold "
            f"{_range(sizes)} systems, systems come {_range(repeats)} times and pairs meet "
            f"{_range(meetings)} times; use the mixed model"
        )
    return sizes.pop(), repeats.pop()


def _range(values: set[int]) -> str:
    low, high = min(values), max(values)
    return str(low) if low == high else f"{low} to {high}"


def _ranks(cells: FloatArray) -> FloatArray:
    """Ranks within blocks of what is there, 0 elsewhere."""
    there = ~np.isnan(cells)
    return np.where(there, stats.rankdata(np.where(there, cells, np.inf), axis=1), 0.0)

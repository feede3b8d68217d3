"""Rank tests of incomplete blocks: pages that show, or have scores of, only some of the systems.

Durbin's test is of balanced designs. Skillings and Mack's takes any design; where participants have
several pages it is also given with participants as the unit, because their pages hang together.
"""

from __future__ import annotations

import numpy as np

from analysis.distributions import chi2_sf, f_sf, midranks
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
        pvalue=float(chi2_sf(statistic, systems - 1)),
        n=blocks,
        unit="participant × passage blocks",
        method=f"Durbin test on {blocks} blocks of {size} of {systems} systems.",
        details=(
            Quantity("F", f),
            Quantity("p of F", float(f_sf(f, systems - 1, df_error))),
        ),
        notes=(
            "Blocks of one participant are taken as independent; the mixed model does not do so.",
        ),
    )


def skillings_mack(ratings: Ratings) -> tuple[Result, ...]:
    """Skillings and Mack's test (Technometrics 23, 1981) of any incomplete blocks.

    A block is one participant's page (participant × passage) with two systems or more. Ranks r of a
    block of s systems count as a = √(12 / (s + 1)) (r − (s + 1) / 2); χ² = A' Σ⁻ A of their sums
    A, with each block's permutation covariance in Σ, so that ties by midranks are corrected for.
    Equals Friedman's test where every block is complete. With several blocks a participant, a
    second result takes the participants as the unit: Hotelling's T² of their sums of a.

    Raises:
        ValueError: no block holds two systems, or the blocks do not connect all systems.
    """
    cells = ratings.cells.reshape(-1, len(ratings.systems))
    owner = np.repeat(np.arange(len(ratings.participant.levels)), len(ratings.passage.levels))
    told = (~np.isnan(cells)).sum(axis=1) > 1
    cells, owner = cells[told], owner[told]
    _refuse_unconnected(~np.isnan(cells), ratings.systems)
    scores, covariance = _adjusted_ranks(cells)
    single = len(np.unique(owner)) == len(owner)
    results = [_by_block(ratings.systems, scores, covariance, single)]
    clustered = None if single else _by_participant(ratings.systems, scores, owner)
    return (clustered, *results) if clustered is not None else tuple(results)


def _adjusted_ranks(cells: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weighted centred ranks, 0 where nothing is, and the permutation covariance of their sums."""
    there = ~np.isnan(cells)
    size = there.sum(axis=1, keepdims=True)
    centred = np.where(there, _ranks(np.round(cells, 9)) - (size + 1) / 2, 0.0)
    scores = np.sqrt(12 / (size + 1)) * centred
    spread = (scores**2).sum(axis=1, keepdims=True) / (size - 1)
    shared = there * spread / size
    return scores, np.diag((there * spread).sum(axis=0)) - shared.T @ there


def _by_block(
    systems: tuple[str, ...], scores: FloatArray, covariance: FloatArray, single: bool
) -> Result:
    sums = scores.sum(axis=0)
    inverse = np.linalg.pinv(covariance, hermitian=True)
    df = float(len(systems) - 1)
    statistic = float(sums @ inverse @ sums) if covariance.any() else np.nan
    unit = "participants" if single else "participant × passage blocks"
    return Result(
        name="skillings-mack",
        systems=systems,
        statistic=Quantity("χ²", statistic),
        df=(df,),
        pvalue=float(chi2_sf(statistic, df)),
        n=len(scores),
        unit=unit,
        method=f"Skillings–Mack test on {len(scores)} incomplete blocks ({unit}), ties by "
        "midranks.",
        details=_mean_scores(systems, scores),
        notes=()
        if single
        else (
            "Blocks of one participant are taken as independent, which they are not: p is too "
            "small where participants have tastes of their own.",
        ),
    )


def _by_participant(
    systems: tuple[str, ...], scores: FloatArray, owner: np.ndarray
) -> Result | None:
    """Hotelling's T² over participants; None where they are too few for it."""
    sums = np.array([scores[owner == code].sum(axis=0) for code in np.unique(owner)])
    n, q = len(sums), len(systems) - 1
    covariance = np.atleast_2d(np.cov(sums, rowvar=False)) if n > q + 1 else np.zeros((1, 1))
    if n <= q + 1 or np.linalg.matrix_rank(covariance) < q:
        return None
    mean = sums.mean(axis=0)
    f = float(n * mean @ np.linalg.pinv(covariance, hermitian=True) @ mean) * (n - q) / (n - 1) / q
    return Result(
        name="skillings-mack by participant",
        systems=systems,
        statistic=Quantity("F", f),
        df=(float(q), float(n - q)),
        pvalue=float(f_sf(f, q, n - q)),
        n=n,
        unit="participants",
        method=f"Skillings–Mack ranks of {len(scores)} incomplete blocks, summed for each of {n} "
        "participants; Hotelling's T² over participants.",
        details=_mean_scores(systems, scores),
    )


def _mean_scores(systems: tuple[str, ...], scores: FloatArray) -> tuple[Quantity, ...]:
    return tuple(
        Quantity(f"sum of adjusted ranks of {system}", float(value))
        for system, value in zip(systems, scores.sum(axis=0), strict=True)
    )


def _refuse_unconnected(there: np.ndarray, systems: tuple[str, ...]) -> None:
    """Refuse blocks that fall into groups of systems which never met."""
    met = (there.T.astype(np.int64) @ there) > 0
    reached = np.zeros(len(systems), dtype=bool)
    reached[0] = True
    for _ in systems:
        reached = (met & reached).any(axis=1) | reached
    if not reached.all():
        alone = [name for name, known in zip(systems, reached, strict=True) if not known]
        raise ValueError(
            f"{', '.join(alone)} never met {systems[0]} in one participant's passage, not even "
            "through other systems: their ranks cannot be compared"
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
    return np.where(there, midranks(np.where(there, cells, np.inf), axis=1), 0.0)

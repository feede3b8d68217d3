"""Permutation tests: sign flips within participants with max-T, and BS.1534-3's Attachment 3."""

from __future__ import annotations

import numpy as np

from analysis.blocks import pair_differences, pairs_of
from analysis.distributions import t_quantile
from analysis.ratings import FloatArray, Ratings
from analysis.results import Interval, Quantity, Result, corrected

EXACT_UP_TO = 32
"""Participants up to whom all 2^n sign patterns are counted, by meeting in the middle."""
TIE_TOLERANCE = 1e-7
CHUNK_VALUES = 8_000_000


def sign_flip(
    ratings: Ratings, *, permutations: int = 10_000, seed: int = 1, level: float = 0.95
) -> tuple[Result, ...]:
    """Sign-flip permutation tests of all pairs, on participants' mean differences.

    Under the null a participant's difference is as likely to be negative as positive. Each p is
    exact over all sign patterns up to 32 participants, else Monte Carlo; corrected p are
    single-step max-T of Westfall and Young (1993) on studentised means, one sign per participant
    and draw for all pairs together, so that their correlation is used: over all sign patterns
    where these are no more than the permutations, and never below the pair's own p.
    """
    differences = pair_differences(ratings)
    filled = np.nan_to_num(differences)
    all_patterns = 2 ** len(filled) <= permutations
    observed, null_maxima, exceeding = _flip_all(filled, permutations, seed)
    reached = (null_maxima[:, None] >= observed - TIE_TOLERANCE).sum(axis=0)
    # Drawn patterns do not hold the observed one, which is counted beside them.
    adjusted = reached / len(null_maxima) if all_patterns else (1 + reached) / (permutations + 1)
    results = []
    for pair, systems in enumerate(pairs_of(ratings.systems)):
        column = differences[:, pair][~np.isnan(differences[:, pair])]
        exact = len(column) <= EXACT_UP_TO
        pvalue = exact_sign_flip_p(column) if exact else exceeding[pair]
        results.append(_result(systems, column, float(pvalue), exact, permutations, level))
        adjusted[pair] = max(adjusted[pair], pvalue)
        if not len(column):
            adjusted[pair] = np.nan
    count = f"all 2^{len(filled)} sign patterns" if all_patterns else f"B = {permutations}"
    return corrected(results, adjusted.tolist(), f"max-T over {len(results)} comparisons, {count}")


def exact_sign_flip_p(values: FloatArray) -> float:
    """P(|Σ ± d| ≥ |Σ d|) over all 2^n sign patterns of the differences; NaN without any.

    The sums of all patterns of each half are listed and sorted; for each of the one half those of
    the other that reach the tail are counted by bisection: 2^(n/2) work instead of 2^n.
    """
    values = np.asarray(values, dtype=np.float64)
    if not len(values):
        return np.nan
    target = abs(float(values.sum())) - TIE_TOLERANCE
    if target <= 0:
        return 1.0
    left = _pattern_sums(values[: len(values) // 2])
    right = np.sort(_pattern_sums(values[len(values) // 2 :]))
    above = len(right) - np.searchsorted(right, target - left, side="left")
    below = np.searchsorted(right, -target - left, side="right")
    return float((above.sum() + below.sum()) / (len(left) * len(right)))


def attachment_3(
    ratings: Ratings, *, paired: bool, permutations: int = 10_000, seed: int = 1
) -> tuple[Result, ...]:
    """Permutation tests of the difference of medians, as BS.1534-3, Attachment 3, and a paired one.

    As written, the ratings of two systems are pooled and dealt anew, which ignores who gave them.
    Paired, the two scores of a participant and passage are swapped or not. p counts draws at least
    as extreme, the observed one among them; the detail "p as written" counts those more extreme
    and may be 0.
    """
    rng = np.random.default_rng(seed)
    how = (
        "swapped within participant and passage"
        if paired
        else "pooled over participants and dealt anew, as BS.1534-3 Attachment 3 is written"
    )
    results = []
    for one, other in pairs_of(ratings.systems):
        first, second = _scores(ratings, one, other, paired)
        observed, null = _median_null(first, second, paired, permutations, rng)
        reached = int((null >= observed - TIE_TOLERANCE).sum())
        passed = int((null > observed + TIE_TOLERANCE).sum())
        results.append(
            Result(
                name="attachment 3, paired" if paired else "attachment 3",
                systems=(one, other),
                statistic=Quantity("|ΔMdn|", observed),
                df=(),
                pvalue=(1 + reached) / (permutations + 1),
                n=len(first) if paired else len(first) + len(second),
                unit="participant × passage cells" if paired else "ratings",
                method=f"Permutation test of the difference of medians: ratings {how}, "
                f"{permutations} draws.",
                estimate=Quantity(
                    "difference of medians", float(np.median(first) - np.median(second))
                ),
                details=(Quantity("p as written", passed / permutations),),
            )
        )
    return tuple(results)


def _flip_all(
    filled: FloatArray, permutations: int, seed: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Observed |t| of each pair, the largest |t| of each draw, and Monte-Carlo p of each pair.

    Draws are all sign patterns, once each, where that is no more than `permutations`.
    """
    rng = np.random.default_rng(seed)
    n = len(filled)
    every = 2**n <= permutations
    permutations = 2**n if every else permutations
    squares = (filled**2).sum(axis=0)
    observed = _studentised(filled.sum(axis=0), squares, n)
    maxima, reached = [], np.zeros(filled.shape[1])
    step = max(1, CHUNK_VALUES // n)
    for start in range(0, permutations, step):
        size = min(step, permutations - start)
        if every:
            heads = np.arange(start, start + size)[:, None] >> np.arange(n) & 1
        else:
            heads = rng.integers(0, 2, (size, n), dtype=np.int8)
        signs = heads.astype(np.float32) * 2 - 1
        values = _studentised(signs @ filled, squares, n)
        maxima.append(values.max(axis=1))
        reached += (values >= observed - TIE_TOLERANCE).sum(axis=0)
    return observed, np.concatenate(maxima), (1 + reached) / (permutations + 1)


def _studentised(totals: FloatArray, squares: FloatArray, n: int) -> FloatArray:
    """|t| from sums of differences and their squares, which sign flips leave as they are."""
    means = totals / n
    variance = np.maximum(squares / n - means**2, 0.0) / max(n - 1, 1)
    error = np.sqrt(np.maximum(variance, 1e-18 * np.maximum(squares, 1e-300)))
    return np.asarray(np.abs(means) / error)


def _pattern_sums(values: FloatArray) -> FloatArray:
    """Σ ± d over all sign patterns, shape (2^n,)."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums


def _result(
    systems: tuple[str, str],
    column: FloatArray,
    pvalue: float,
    exact: bool,
    permutations: int,
    level: float,
) -> Result:
    n = len(column)
    mean = float(column.mean()) if n else np.nan
    error = float(column.std(ddof=1)) / np.sqrt(n) if n > 1 else np.nan
    reach = float(t_quantile((1 + level) / 2, max(n - 1, 1)) * error)
    count = f"all 2^{n} sign patterns" if exact else f"{permutations} draws"
    return Result(
        name="permutation",
        systems=systems,
        statistic=Quantity("mean difference", mean),
        df=(),
        pvalue=pvalue,
        n=n,
        unit="participants",
        method="Sign-flip permutation test of participants' mean differences (formed within "
        f"passages), {count}.",
        effect=Quantity("Cohen's d_z", mean / (error * np.sqrt(n)) if error > 0 else np.nan),
        estimate=Quantity(
            "mean difference", mean, Interval(mean - reach, mean + reach, level, "t")
        ),
    )


def _scores(ratings: Ratings, one: str, other: str, paired: bool) -> tuple[FloatArray, FloatArray]:
    codes = [ratings.systems.index(name) for name in (one, other)]
    if not paired:
        first, second = (ratings.score[ratings.system.codes == code] for code in codes)
        return first, second
    cells = ratings.cells[:, :, codes].reshape(-1, 2)
    cells = cells[~np.isnan(cells).any(axis=1)]
    return cells[:, 0], cells[:, 1]


def _median_null(
    first: FloatArray,
    second: FloatArray,
    paired: bool,
    permutations: int,
    rng: np.random.Generator,
) -> tuple[float, FloatArray]:
    """Observed |difference of medians| and that of every draw."""
    observed = float(abs(np.median(first) - np.median(second)))
    size = len(first) + len(second)
    step = max(1, CHUNK_VALUES // size)
    null = []
    for start in range(0, permutations, step):
        draws = min(step, permutations - start)
        if paired:
            swap = rng.integers(0, 2, (draws, len(first)), dtype=np.int8).astype(bool)
            one, other = np.where(swap, second, first), np.where(swap, first, second)
        else:
            pooled = np.tile(np.concatenate([first, second]), (draws, 1))
            pooled = rng.permuted(pooled, axis=1)
            one, other = pooled[:, : len(first)], pooled[:, len(first) :]
        null.append(np.abs(np.median(one, axis=1) - np.median(other, axis=1)))
    return observed, np.concatenate(null)

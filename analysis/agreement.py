"""Do participants agree? Intraclass correlations, Krippendorff's alpha, Kendall's W of stimuli."""

from __future__ import annotations

from typing import Literal

import numpy as np

from analysis.distributions import f_quantile, f_sf, midranks
from analysis.ratings import FloatArray, Ratings
from analysis.results import Interval, Quantity, Result

Metric = Literal["interval", "ordinal", "nominal"]


def intraclass_correlations(ratings: Ratings, level: float = 0.95) -> tuple[Result, ...]:
    """The six ICCs of Shrout and Fleiss (1979); stimuli are targets, participants are raters.

    Stimuli that a participant did not rate are left out for everybody.

    Raises:
        ValueError: fewer than 2 stimuli were rated by all of 2 or more participants, or the scores
            leave no error.
    """
    table, notes = _stimuli_by_participants(ratings)
    n, k = table.shape
    grand = table.mean()
    ms_targets = k * ((table.mean(axis=1) - grand) ** 2).sum() / (n - 1)
    ss_raters = n * ((table.mean(axis=0) - grand) ** 2).sum()
    ss_within = ((table - table.mean(axis=1, keepdims=True)) ** 2).sum()
    ms_within = ss_within / (n * (k - 1))
    ms_raters = ss_raters / (k - 1)
    ms_error = (ss_within - ss_raters) / ((n - 1) * (k - 1))
    if ms_error <= 1e-12 * max(1.0, ms_targets):
        raise ValueError("participants agree entirely: the scores leave no error to compare with")
    df = (float(n - 1), float(n * (k - 1)), float((n - 1) * (k - 1)))
    values = {
        "ICC1": ((ms_targets - ms_within) / (ms_targets + (k - 1) * ms_within), "absolute"),
        "ICC2": (
            (ms_targets - ms_error)
            / (ms_targets + (k - 1) * ms_error + k * (ms_raters - ms_error) / n),
            "random",
        ),
        "ICC3": ((ms_targets - ms_error) / (ms_targets + (k - 1) * ms_error), "fixed"),
        "ICC1k": ((ms_targets - ms_within) / ms_targets, "absolute"),
        "ICC2k": (
            (ms_targets - ms_error) / (ms_targets + (ms_raters - ms_error) / n),
            "random",
        ),
        "ICC3k": ((ms_targets - ms_error) / ms_targets, "fixed"),
    }
    limits = _icc_limits(ms_targets, ms_raters, ms_within, ms_error, n, k, level)
    found = []
    for name, (value, raters) in values.items():
        one = name.startswith("ICC1")
        f = float(ms_targets / (ms_within if one else ms_error))
        df_error = df[1] if one else df[2]
        low, high = limits[name]
        found.append(
            Result(
                name=name,
                systems=ratings.systems,
                statistic=Quantity("F", f),
                df=(df[0], df_error),
                pvalue=float(f_sf(f, df[0], df_error)),
                n=k,
                unit="participants",
                method=f"Intraclass correlation {name} (Shrout and Fleiss) over {n} stimuli, "
                f"{raters} raters.",
                effect=Quantity(
                    name, float(value), Interval(low, high, level, "F, Shrout and Fleiss")
                ),
                notes=notes,
            )
        )
    return tuple(found)


def kendall_w_of_stimuli(ratings: Ratings) -> Quantity:
    """Kendall's W with participants as judges of all stimuli, tie-corrected."""
    table, _ = _stimuli_by_participants(ratings)
    ranks = midranks(table, axis=0)
    n, m = ranks.shape
    centred = ranks - (n + 1) / 2
    total = float((centred**2).sum())
    w = float((centred.sum(axis=1) ** 2).sum()) / (m * total) if total > 0 else np.nan
    return Quantity("Kendall's W of stimuli", w)


def krippendorff_alpha(ratings: Ratings, metric: Metric = "interval") -> Quantity:
    """Krippendorff's alpha of participants over stimuli; missing cells are allowed.

    α = 1 − observed / expected disagreement (Krippendorff, Content Analysis, 2004, chapter 11),
    with squared distances of scores, of ranks, or of sameness. NaN where nothing differs.
    """
    cells = ratings.cells
    table = cells.reshape(cells.shape[0], -1).T
    unit = np.nonzero(~np.isnan(table))[0]
    values, code = np.unique(ratings_values(table), return_inverse=True)
    paired = np.bincount(unit)[unit] > 1
    unit, code = unit[paired], code[paired]
    n = len(code)
    if n < 2:
        return Quantity(f"Krippendorff's α ({metric})", np.nan)
    totals = np.bincount(code, minlength=len(values)).astype(np.float64)
    _, unit = np.unique(unit, return_inverse=True)
    sizes = np.bincount(unit).astype(np.float64)
    if metric == "nominal":
        pairs = np.unique(unit * len(values) + code, return_counts=True)
        alike = np.bincount(pairs[0] // len(values), pairs[1].astype(np.float64) ** 2)
        within = sizes**2 - alike
        among = float(n) ** 2 - float((totals**2).sum())
    else:
        places = np.cumsum(totals) - totals / 2 if metric == "ordinal" else values
        place = (places - places.mean())[code]
        # Σ over all pairs of (x − y)² is 2 (m Σ x² − (Σ x)²): no matrix of distances is made.
        within = 2 * (sizes * np.bincount(unit, place**2) - np.bincount(unit, place) ** 2)
        among = 2 * (n * float((place**2).sum()) - float(place.sum()) ** 2)
    observed, expected = float((within / (sizes - 1)).sum()), among / (n - 1)
    alpha = 1 - observed / expected if expected > 0 else np.nan
    return Quantity(f"Krippendorff's α ({metric})", alpha)


def ratings_values(table: FloatArray) -> FloatArray:
    """What a table with gaps holds, row by row, rounded so that means tie as they should."""
    return np.asarray(np.round(table[~np.isnan(table)], 9))


def _stimuli_by_participants(ratings: Ratings) -> tuple[FloatArray, tuple[str, ...]]:
    """Stimuli that everybody rated, shape (stimuli, participants)."""
    cells = ratings.cells
    table = cells.reshape(cells.shape[0], -1).T
    whole = ~np.isnan(table).any(axis=1)
    if whole.sum() < 2 or table.shape[1] < 2:
        raise ValueError(
            f"{int(whole.sum())} stimuli were rated by all {table.shape[1]} participants; "
            "agreement needs 2 or more of both (Krippendorff's alpha allows gaps)"
        )
    lost = int((~whole).sum())
    notes = (f"{lost} stimuli that somebody did not rate were left out.",) if lost else ()
    return table[whole], notes


def _icc_limits(
    ms_targets: float,
    ms_raters: float,
    ms_within: float,
    ms_error: float,
    n: int,
    k: int,
    level: float,
) -> dict[str, tuple[float, float]]:
    """Limits of all six, Shrout and Fleiss (1979), equations on pages 424 to 426."""
    tail = (1 + level) / 2
    df1, within, error = n - 1, n * (k - 1), (n - 1) * (k - 1)
    f1, f3 = ms_targets / ms_within, ms_targets / ms_error
    low1, high1 = f1 / f_quantile(tail, df1, within), f1 * f_quantile(tail, within, df1)
    low3, high3 = f3 / f_quantile(tail, df1, error), f3 * f_quantile(tail, error, df1)
    fj = ms_raters / ms_error
    icc2 = (ms_targets - ms_error) / (
        ms_targets + (k - 1) * ms_error + k * (ms_raters - ms_error) / n
    )
    a = k * icc2 * fj + n * (1 + (k - 1) * icc2) - k * icc2
    v = error * a**2 / (df1 * k**2 * icc2**2 * fj**2 + (n * (1 + (k - 1) * icc2) - k * icc2) ** 2)
    upper, lower = f_quantile(tail, df1, v), f_quantile(tail, v, df1)
    common = k * ms_raters + (k * n - k - n) * ms_error
    low2 = n * (ms_targets - upper * ms_error) / (upper * common + n * ms_targets)
    high2 = n * (lower * ms_targets - ms_error) / (common + n * lower * ms_targets)
    limits = {
        "ICC1": ((low1 - 1) / (low1 + k - 1), (high1 - 1) / (high1 + k - 1)),
        "ICC2": (low2, high2),
        "ICC3": ((low3 - 1) / (low3 + k - 1), (high3 - 1) / (high3 + k - 1)),
        "ICC1k": (1 - 1 / low1, 1 - 1 / high1),
        "ICC2k": (low2 * k / (1 + low2 * (k - 1)), high2 * k / (1 + high2 * (k - 1))),
        "ICC3k": (1 - 1 / low3, 1 - 1 / high3),
    }
    return {name: (float(low), float(high)) for name, (low, high) in limits.items()}

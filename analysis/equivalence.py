"""Equivalence: two one-sided tests, and the difference that a study could have detected."""

from __future__ import annotations

import numpy as np
from scipy import optimize, special

from analysis.blocks import pair_differences, pairs_of
from analysis.corrections import correct
from analysis.distributions import t_quantile, t_sf
from analysis.ratings import FloatArray, Ratings
from analysis.results import Interval, Quantity, Result


def tost(
    ratings: Ratings, margin: float, *, alpha: float = 0.05, correction: str = "holm"
) -> tuple[Result, ...]:
    """Two one-sided paired t-tests of all pairs (Schuirmann 1987): is |difference| below a margin?

    p is the larger of both; a small one says that the two are equivalent. The interval has coverage
    1 − 2 alpha: it lies within ± margin exactly where p < alpha.

    Raises:
        ValueError: the margin is not positive.
    """
    if not margin > 0:
        raise ValueError(f"the equivalence margin {margin!r} must be more than 0 points")
    differences = pair_differences(ratings)
    results = [
        _tost(systems, differences[:, pair], margin, alpha)
        for pair, systems in enumerate(pairs_of(ratings.systems))
    ]
    return correct(results, correction)


def minimal_detectable_difference(
    sd_of_differences: float, n: int, *, alpha: float = 0.05, power: float = 0.8
) -> float:
    """The true mean difference that a two-sided paired t-test of n finds with this power.

    In the unit of the standard deviation; from the noncentral t.

    Raises:
        ValueError: n is less than 2.
    """
    if n < 2:
        raise ValueError(f"a paired comparison needs 2 or more participants, not {n}")
    if sd_of_differences == 0:
        return 0.0
    critical = float(t_quantile(1 - alpha / 2, n - 1))

    def shortfall(noncentrality: float) -> float:
        upper = 1.0 - special.nctdtr(n - 1, noncentrality, critical)
        lower = special.nctdtr(n - 1, noncentrality, -critical)
        return float(upper + lower - power)

    enough = critical + 1.0
    while shortfall(enough) < 0:
        enough *= 1.3
    needed = optimize.brentq(shortfall, 1e-9, enough)
    return float(needed * sd_of_differences / np.sqrt(n))


def _tost(systems: tuple[str, str], column: FloatArray, margin: float, alpha: float) -> Result:
    values = column[~np.isnan(column)]
    n, mean = len(values), float(values.mean()) if len(values) else np.nan
    spread = float(values.std(ddof=1)) if n > 1 else np.nan
    error = spread / np.sqrt(n) if n > 1 else np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        lower, upper = np.float64(mean + margin) / error, np.float64(mean - margin) / error
    statistic = float(lower if abs(lower) < abs(upper) else upper)
    pvalue = float(max(t_sf(lower, n - 1), t_sf(-upper, n - 1)))
    reach = float(t_quantile(1 - alpha, n - 1) * error) if n > 1 else np.nan
    detectable = minimal_detectable_difference(spread, n, alpha=alpha) if n > 1 else np.nan
    return Result(
        name="tost",
        systems=systems,
        statistic=Quantity("t", statistic),
        df=(float(n - 1),),
        pvalue=pvalue,
        n=n,
        unit="participants",
        method=f"Two one-sided paired t-tests against ±{margin:g} points; a small p says "
        "equivalent.",
        estimate=Quantity(
            "mean difference", mean, Interval(mean - reach, mean + reach, 1 - 2 * alpha, "t")
        ),
        details=(
            Quantity("margin", margin),
            Quantity("difference detectable with power .80", detectable),
        ),
    )

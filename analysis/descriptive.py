"""Descriptive statistics of each system: centre, spread, shape, and intervals of four kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import special

from analysis.bootstrap import draw_clusters, system_intervals
from analysis.ratings import FloatArray, Ratings
from analysis.results import Interval

MULTIMODAL_ABOVE = 5 / 9


@dataclass(frozen=True)
class Summary:
    """How one system was rated, over all passages or in one, by all participants or by a group.

    Attributes:
        system, role: whom it is about.
        passage, group: None stands for all.
        n: ratings; `participants`: who gave them.
        mean, sd, median, q1, q3, low, high: of the ratings; quartiles interpolated (R's type 7).
        skewness: with the small-sample correction (G1); NaN below 4 ratings.
        bimodality: (G1² + 1) / (G2 + 3 (n − 1)² / ((n − 2)(n − 3))); above 5/9 it suggests more
            than one mode.
        intervals: of the mean (of the median, where the key says so), by name of the method.
    """

    system: str
    role: str
    passage: str | None
    group: str | None
    n: int
    participants: int
    mean: float
    sd: float
    median: float
    q1: float
    q3: float
    low: float
    high: float
    skewness: float
    bimodality: float
    intervals: Mapping[str, Interval]

    @property
    def iqr(self) -> float:
        """Interquartile range."""
        return self.q3 - self.q1

    @property
    def multimodal(self) -> bool:
        """Whether the coefficient of bimodality is above 5/9."""
        return self.bimodality > MULTIMODAL_ABOVE


def summaries(
    ratings: Ratings, *, bootstraps: int = 2000, seed: int = 1, level: float = 0.95
) -> tuple[Summary, ...]:
    """One summary per system over all passages, with every kind of interval.

    Keys of the intervals: "t" (participants' means), "t of single ratings", "within" (Cousineau
    and Morey), "bootstrap" and "BCa" (participants drawn), "bootstrap of both" (passages drawn
    too), "median" (bootstrap of the median). Those that need more participants are left out.
    """
    kinds = {
        "t": participant_intervals(ratings, level),
        "t of single ratings": _rating_intervals(ratings, level),
        "within": within_intervals(ratings, level),
    }
    if len(ratings.participant.levels) > 1:
        draws = draw_clusters(ratings, bootstraps, seed)
        of = partial(system_intervals, ratings, draws=draws, level=level)
        kinds |= {
            "bootstrap": of("mean"),
            "BCa": of("mean", bca=True),
            "bootstrap of both": of("mean", passages_too=True),
            "median": of("median"),
        }
    return tuple(
        _summary(ratings, code, {kind: by[system] for kind, by in kinds.items() if system in by})
        for code, system in enumerate(ratings.systems)
    )


def summaries_by(ratings: Ratings, factor: str, level: float = 0.95) -> tuple[Summary, ...]:
    """Summaries per level of "passage" or "group" and system, with t intervals.

    Raises:
        ValueError: it is neither.
    """
    if factor not in ("passage", "group"):
        raise ValueError(f"ratings can be summarised by passage or group, not by {factor!r}")
    found = []
    for name in getattr(ratings, factor).levels:
        part = ratings.only(**{factor: name})
        intervals = participant_intervals(part, level)
        for code, system in enumerate(part.systems):
            mine = {"t": intervals[system]} if system in intervals else {}
            found.append(_summary(part, code, mine, **{factor: name}))
    return tuple(found)


def participant_intervals(ratings: Ratings, level: float = 0.95) -> dict[str, Interval]:
    """t intervals of the mean over participants' means: the participant is the unit."""
    means = participant_means(ratings)
    return {
        system: _t_interval(means[:, code], level, "t over participants' means")
        for code, system in enumerate(ratings.systems)
    }


def within_intervals(ratings: Ratings, level: float = 0.95) -> dict[str, Interval]:
    """Within-participant intervals (Cousineau 2005) with Morey's (2008) correction k / (k − 1).

    Differences between participants' overall levels are taken out, so that overlap speaks about
    differences of systems. Participants without some system are left out of these.
    """
    means = participant_means(ratings)
    means = means[~np.isnan(means).any(axis=1)]
    n, k = means.shape
    if n < 2 or k < 2:
        return {}
    centred = means - means.mean(axis=1, keepdims=True) + means.mean()
    error = centred.std(axis=0, ddof=1) * np.sqrt(k / (k - 1) / n)
    reach = special.stdtrit(n - 1, (1 + level) / 2) * error
    middle = means.mean(axis=0)
    return {
        system: Interval(
            float(middle[code] - reach[code]),
            float(middle[code] + reach[code]),
            level,
            "within participants (Cousineau–Morey)",
        )
        for code, system in enumerate(ratings.systems)
    }


def participant_means(ratings: Ratings) -> FloatArray:
    """Means over the passages a participant rated, shape (participants, systems); NaN if none."""
    there = ~np.isnan(ratings.cells)
    count = there.sum(axis=1)
    total = np.nansum(ratings.cells, axis=1)
    means = np.full(count.shape, np.nan)
    np.divide(total, count, out=means, where=count > 0)
    return means


def shape_of(values: FloatArray) -> tuple[float, float]:
    """Skewness G1 and the coefficient of bimodality; NaN for too few or equal values."""
    n = len(values)
    centred = values - values.mean()
    variance = float((centred**2).mean())
    if n < 4 or variance <= 1e-24 * max(1.0, float(np.abs(values).max()) ** 2):
        return np.nan, np.nan
    g1 = float((centred**3).mean()) / variance**1.5
    g2 = float((centred**4).mean()) / variance**2 - 3
    skewness = g1 * np.sqrt(n * (n - 1)) / (n - 2)
    kurtosis = ((n + 1) * g2 + 6) * (n - 1) / ((n - 2) * (n - 3))
    return skewness, (skewness**2 + 1) / (kurtosis + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))


def five_numbers(values: FloatArray) -> FloatArray:
    """Lowest, quartiles (R's type 7) and highest; `np.quantile` takes ten times as long."""
    ordered = np.sort(values)
    at = np.array([0.0, 0.25, 0.5, 0.75, 1.0]) * (len(ordered) - 1)
    below = at.astype(np.int64)
    above = np.minimum(below + 1, len(ordered) - 1)
    return np.asarray(ordered[below] + (at - below) * (ordered[above] - ordered[below]))


def _summary(
    ratings: Ratings,
    code: int,
    intervals: Mapping[str, Interval],
    passage: str | None = None,
    group: str | None = None,
) -> Summary:
    rows = ratings.system.codes == code
    score, system = ratings.score[rows], ratings.systems[code]
    low, q1, median, q3, high = five_numbers(score)
    skewness, bimodality = shape_of(score)
    return Summary(
        system=system,
        role=ratings.role_of(system),
        passage=passage,
        group=group,
        n=len(score),
        participants=int(np.count_nonzero(np.bincount(ratings.participant.codes[rows]))),
        mean=float(score.mean()),
        sd=float(score.std(ddof=1)) if len(score) > 1 else np.nan,
        median=float(median),
        q1=float(q1),
        q3=float(q3),
        low=float(low),
        high=float(high),
        skewness=skewness,
        bimodality=bimodality,
        intervals={kind: limits for kind, limits in intervals.items() if np.isfinite(limits.low)},
    )


def _rating_intervals(ratings: Ratings, level: float) -> dict[str, Interval]:
    return {
        system: _t_interval(
            ratings.score[ratings.system.codes == code], level, "t over single ratings"
        )
        for code, system in enumerate(ratings.systems)
    }


def _t_interval(values: FloatArray, level: float, method: str) -> Interval:
    values = values[~np.isnan(values)]
    n = len(values)
    middle = float(values.mean()) if n else np.nan
    error = values.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
    reach = float(special.stdtrit(n - 1, (1 + level) / 2) * error) if n > 1 else np.nan
    return Interval(middle - reach, middle + reach, level, method)

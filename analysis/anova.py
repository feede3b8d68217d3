"""Repeated-measures analysis of variance, as BS.1534-3 (Attachment 4) wants it.

F with the degrees of freedom of Greenhouse-Geisser and of Huynh-Feldt, Mauchly's test, Hotelling's
multivariate test, and the choice between them after Algina and Keselman.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from analysis.blocks import Blocks, pairs_of, participant_blocks
from analysis.distributions import chi2_sf, f_sf, t_sf
from analysis.ratings import FloatArray, Ratings
from analysis.results import Interval, Quantity, Result, corrected
from analysis.studentized_range import studentized_range_quantile, studentized_range_sf

CHOICE_EPSILON = 0.85
CHOICE_EXTRA_PARTICIPANTS = 30


@dataclass(frozen=True, eq=False)
class Effect:
    """One within-participant effect, by the contrasts that span it.

    Attributes:
        name: "system", "passage" or "system × passage".
        contrasts: participants' values of orthonormal contrasts, shape (participants, contrasts).
        scale: how many cells each contrast's mean was taken over (sums of squares are times it).
    """

    name: str
    contrasts: FloatArray
    scale: float

    @property
    def ss(self) -> float:
        """Sum of squares of the effect."""
        return float(self.scale * len(self.contrasts) * (self.contrasts.mean(axis=0) ** 2).sum())

    @property
    def ss_error(self) -> float:
        """Sum of squares of effect × participant."""
        centred = self.contrasts - self.contrasts.mean(axis=0)
        return float(self.scale * (centred**2).sum())

    @property
    def covariance(self) -> FloatArray:
        """Of the contrasts over participants, shape (contrasts, contrasts)."""
        return np.atleast_2d(np.cov(self.contrasts, rowvar=False))


def one_way(blocks: Blocks, level: float = 0.95) -> tuple[Result, ...]:
    """One-way analysis of systems on participants' means.

    Returns F by itself, with both corrections of the degrees of freedom, and Hotelling's test where
    there are enough participants.
    """
    effect = Effect("system", blocks.values @ orthonormal(blocks.values.shape[1]), 1.0)
    between = blocks.values.mean(axis=1)
    k = blocks.values.shape[1]
    ss_other = float(k * ((between - between.mean()) ** 2).sum())
    return (
        *_univariate(effect, blocks.systems, ss_other, level, blocks.notes),
        *_multivariate(effect, blocks.systems, blocks.notes),
    )


def two_way(ratings: Ratings, level: float = 0.95) -> tuple[Result, ...]:
    """Systems × passages within participants, not averaged over passages.

    Every effect has its own error, its interaction with participants. Participants who lack a cell
    are left out and named.

    Raises:
        ValueError: fewer than 2 participants rated every system in every passage.
    """
    cells = ratings.cells
    complete = np.asarray(~np.isnan(cells).any(axis=(1, 2)))
    lost = [
        name for name, whole in zip(ratings.participant.levels, complete, strict=True) if not whole
    ]
    notes = (
        (f"{len(lost)} participants lack a cell and were left out: {', '.join(lost)}.",)
        if lost
        else ()
    )
    cells = cells[complete]
    if len(cells) < 2:
        raise ValueError(
            f"{len(cells)} of {len(complete)} participants rated every system in every passage; "
            "a two-way repeated-measures analysis needs 2 or more (the mixed model does not)"
        )
    _, a, s = cells.shape
    person = cells.mean(axis=(1, 2))
    ss_person = float(a * s * ((person - person.mean()) ** 2).sum())
    effects = [Effect("system", cells.mean(axis=1) @ orthonormal(s), float(a))]
    if a > 1:
        effects.append(Effect("passage", cells.mean(axis=2) @ orthonormal(a), float(s)))
        effects.append(interaction(cells))
    ss_all_errors = ss_person + sum(effect.ss_error for effect in effects)
    found: list[Result] = []
    for effect in effects:
        found += _univariate(
            effect, ratings.systems, ss_all_errors - effect.ss_error, level, notes, "two-way"
        )
    return tuple(found)


def interaction(cells: FloatArray) -> Effect:
    """System × passage of cells of shape (participants, passages, systems)."""
    n, a, s = cells.shape
    contrasts = orthonormal(a).T @ (cells @ orthonormal(s))
    return Effect("system × passage", contrasts.reshape(n, -1), 1.0)


def recommended(results: tuple[Result, ...]) -> Result:
    """The one to report of a one-way analysis, after Algina and Keselman (1997).

    Univariate with Huynh and Feldt's ε̃ if ε̃ > .85 and n < k + 30, else multivariate where there
    are at least as many participants as systems.
    """
    by_name = {result.name: result for result in results}
    univariate = by_name["rm anova, Huynh–Feldt"]
    multivariate = by_name.get("rm anova, multivariate")
    few = univariate.n < len(univariate.systems) + CHOICE_EXTRA_PARTICIPANTS
    if multivariate is None or (univariate.detail("ε Huynh–Feldt") > CHOICE_EPSILON and few):
        return univariate
    return multivariate


def tukey(ratings: Ratings, level: float = 0.95) -> tuple[Result, ...]:
    """Tukey's honestly significant differences with the error of the one-way analysis.

    The pooled error assumes sphericity; paired tests with Holm do not.
    """
    blocks = participant_blocks(ratings)
    n, k = blocks.values.shape
    effect = Effect("system", blocks.values @ orthonormal(k), 1.0)
    df = float((n - 1) * (k - 1))
    error = np.sqrt(2 * effect.ss_error / df / n)
    means = blocks.values.mean(axis=0)
    first, second = np.triu_indices(k, k=1)
    differences = means[first] - means[second]
    t = differences / error if error > 0 else np.full(len(first), np.nan)
    pvalues = studentized_range_sf(np.abs(t) * np.sqrt(2), k, df) if error > 0 else t
    reach = float(studentized_range_quantile(level, k, df)) / np.sqrt(2) * error
    results = [
        Result(
            name="tukey",
            systems=pair,
            statistic=Quantity("t", float(t[index])),
            df=(df,),
            pvalue=float(2 * t_sf(abs(t[index]), df)),
            n=n,
            unit=blocks.unit,
            method="Tukey's honestly significant differences of means, pooled error.",
            estimate=Quantity(
                "mean difference",
                float(differences[index]),
                Interval(
                    float(differences[index] - reach),
                    float(differences[index] + reach),
                    level,
                    "Tukey, simultaneous",
                ),
            ),
            notes=blocks.notes,
        )
        for index, pair in enumerate(pairs_of(blocks.systems))
    ]
    return corrected(results, np.asarray(pvalues).tolist(), "Tukey over all pairs")


def orthonormal(levels: int) -> FloatArray:
    """Orthonormal contrasts (Helmert), shape (levels, levels − 1)."""
    contrasts = np.zeros((levels, levels - 1))
    for index in range(1, levels):
        contrasts[:index, index - 1] = 1.0
        contrasts[index, index - 1] = -index
        contrasts[:, index - 1] /= np.sqrt(index * (index + 1))
    return contrasts


def epsilons(covariance: FloatArray, n: int) -> tuple[float, float]:
    """Greenhouse and Geisser's ε and Huynh and Feldt's ε̃ (not capped at 1), one group.

    ε = tr(S)² / (p tr(S²)); ε̃ = (n p ε − 2) / (p (n − 1 − p ε)), p contrasts, n participants.
    """
    p = len(covariance)
    squares = float((covariance**2).sum())
    if squares == 0:
        return np.nan, np.nan
    greenhouse = float(np.trace(covariance)) ** 2 / (p * squares)
    left = n - 1 - p * greenhouse
    huynh = (n * p * greenhouse - 2) / (p * left) if left > 0 else np.nan
    return greenhouse, huynh


def mauchly(covariance: FloatArray, n: int) -> tuple[float, float]:
    """Mauchly's W and its p; NaN where n is too small for it.

    p is the second-order χ² approximation (Anderson, Multivariate Statistical Analysis, 2003,
    section 10.7.4). R's differs in the fourth digit: it puts the number of cells where one of the
    numbers of contrasts belongs.
    """
    p, df = len(covariance), n - 1
    if p < 2 or df < p:
        return np.nan, np.nan
    sign, logarithm = np.linalg.slogdet(covariance)
    trace = float(np.trace(covariance))
    if sign <= 0 or trace <= 0:
        return np.nan, np.nan
    log_w = float(logarithm) - p * np.log(trace / p)
    rho = 1 - (2 * p**2 + p + 2) / (6 * p * df)
    second = (
        (p + 2)
        * (p - 1)
        * (p - 2)
        * (2 * p**3 + 6 * p**2 + 3 * p + 2)
        / (288 * (df * p * rho) ** 2)
    )
    z, f = -df * rho * log_w, p * (p + 1) / 2 - 1
    first_p, second_p = chi2_sf(z, f), chi2_sf(z, f + 4)
    return float(np.exp(log_w)), float(first_p + second * (second_p - first_p))


def _univariate(
    effect: Effect,
    systems: tuple[str, ...],
    ss_other_errors: float,
    level: float,
    notes: tuple[str, ...],
    kind: str = "one-way",
) -> list[Result]:
    """F of one effect with three kinds of degrees of freedom."""
    n, p = effect.contrasts.shape
    greenhouse, huynh = epsilons(effect.covariance, n)
    w, w_p = mauchly(effect.covariance, n)
    error = effect.ss_error
    f = effect.ss / p / (error / (p * (n - 1))) if error > 1e-12 * max(effect.ss, 1e-12) else np.nan
    generalised = effect.ss / (effect.ss + error + ss_other_errors) if effect.ss > 0 else 0.0
    partial = eta_interval(f, float(p), float(p * (n - 1)), level)
    details = (
        Quantity(
            "η²_G", generalised, _generalised(partial, ss_other_errors / error if error else 0.0)
        ),
        Quantity("ε Greenhouse–Geisser", greenhouse),
        Quantity("ε Huynh–Feldt", huynh),
        Quantity("Mauchly's W", w),
        Quantity("Mauchly's p", w_p),
    )
    found = []
    for correction, epsilon in (
        ("", 1.0),
        (", Greenhouse–Geisser", greenhouse),
        (", Huynh–Feldt", min(1.0, huynh)),
    ):
        df = (p * epsilon, p * (n - 1) * epsilon)
        prefix = "rm anova" if kind == "one-way" else f"rm anova two-way, {effect.name}"
        found.append(
            Result(
                name=prefix + correction,
                systems=systems,
                statistic=Quantity("F", f),
                df=df,
                pvalue=float(f_sf(f, *df)),
                n=n,
                unit="participants",
                method=f"Repeated-measures analysis of variance ({kind}), effect of {effect.name}"
                f"{correction or ', sphericity assumed'}.",
                effect=Quantity(
                    "η²_p",
                    effect.ss / (effect.ss + error) if effect.ss + error > 0 else np.nan,
                    partial,
                ),
                details=details,
                notes=notes,
            )
        )
    return found


def _multivariate(
    effect: Effect, systems: tuple[str, ...], notes: tuple[str, ...]
) -> tuple[Result, ...]:
    """Hotelling's T² of all contrasts; nothing where participants are too few."""
    n, p = effect.contrasts.shape
    if n <= p or np.linalg.matrix_rank(effect.covariance) < p:
        return ()
    mean = effect.contrasts.mean(axis=0)
    t2 = float(n * mean @ np.linalg.solve(effect.covariance, mean))
    f = t2 * (n - p) / ((n - 1) * p)
    return (
        Result(
            name="rm anova, multivariate",
            systems=systems,
            statistic=Quantity("F", f),
            df=(float(p), float(n - p)),
            pvalue=float(f_sf(f, p, n - p)),
            n=n,
            unit="participants",
            method="Multivariate test of repeated measures (Hotelling's T²), effect of "
            f"{effect.name}.",
            details=(Quantity("T²", t2),),
            notes=notes,
        ),
    )


def _generalised(partial: Interval | None, others: float) -> Interval | None:
    """The interval of generalised η²: that of partial η² with the other variances in the total.

    Args:
        partial: the interval of partial η².
        others: sums of squares of participants and other errors over that of the effect's error.
    """
    if partial is None:
        return None
    limits = [share / (share + (1 - share) * (1 + others)) for share in (partial.low, partial.high)]
    method = f"{partial.method}, other variances taken as known"
    return Interval(limits[0], limits[1], partial.level, method)


def eta_interval(f: float, df1: float, df2: float, level: float) -> Interval | None:
    """Interval of partial η² by inverting the noncentral F (Steiger 2004)."""
    if not np.isfinite(f):
        return None
    limits = []
    for share in ((1 + level) / 2, (1 - level) / 2):
        reachable = float(special.fdtr(df1, df2, f)) > share
        centre = float(special.ncfdtrinc(df1, df2, share, f)) if reachable else 0.0
        limits.append(centre / (centre + df1 + df2 + 1))
    return Interval(limits[0], limits[1], level, "noncentral F")

"""Strengths of systems on one scale, whatever they were estimated from, and what they say.

A difference of strengths is a log odds: exp(strength A − strength B) : 1 that A is chosen over B.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.blocks import pairs_of
from analysis.contrasts import pair_rows
from analysis.distributions import chi2_sf, normal_quantile
from analysis.mixed.structure import Floats
from analysis.results import Interval, Quantity, Result
from analysis.simultaneous import adjust


@dataclass(frozen=True, eq=False)
class PreferenceModel:
    """A fitted Bradley-Terry or Plackett-Luce model.

    Attributes:
        name: "bradley-terry" or "plackett-luce".
        systems: in the order of the strengths.
        strengths: `(systems,)`, log odds, with mean 0.
        covariance: `(systems, systems)`, of the strengths.
        tie: log of Davidson's ν, how readily listeners choose neither; None without ties.
        sds: standard deviation of each random term, as log odds.
        log_likelihood, null_log_likelihood: with the strengths, and with all of them equal.
        wald: Wald's χ² that all are equal.
        trials, participants: how many.
        converged: whether the fit did.
        describes: the model in a phrase for the methods section.
        notes: what could not be estimated or needs care.
    """

    name: str
    systems: tuple[str, ...]
    strengths: Floats
    covariance: Floats
    tie: float | None
    sds: dict[str, float]
    log_likelihood: float
    null_log_likelihood: float
    wald: float
    trials: int
    participants: int
    converged: bool
    describes: str
    notes: tuple[str, ...]

    def probability(self, one: str, other: str) -> float:
        """That `one` is chosen over `other`, by a typical listener who chooses one of them."""
        first, second = (self.strengths[self.systems.index(name)] for name in (one, other))
        return float(1.0 / (1.0 + np.exp(second - first)))


def strengths_of(model: PreferenceModel, level: float = 0.95) -> tuple[Quantity, ...]:
    """Each system's strength against the mean of all, with its Wald interval."""
    errors = _standard_errors(np.diag(model.covariance))
    reach = float(normal_quantile((1.0 + level) / 2.0)) * errors
    return tuple(
        Quantity(name, float(value), Interval(float(value - r), float(value + r), level, "Wald"))
        for name, value, r in zip(model.systems, model.strengths, reach, strict=True)
    )


def preference_test(model: PreferenceModel) -> Result:
    """Test that all systems are equally strong.

    By the likelihood ratio; for Plackett-Luce by Wald's test with the robust covariance, since
    the rankings of one participant are not independent.
    """
    likelihood = model.name == "bradley-terry"
    ratio = max(2.0 * (model.log_likelihood - model.null_log_likelihood), 0.0)
    statistic = ratio if likelihood else model.wald
    df = len(model.systems) - 1
    test = "likelihood ratio test" if likelihood else "Wald test"
    return Result(
        name=model.name,
        systems=model.systems,
        statistic=Quantity("χ²", statistic),
        df=(float(df),),
        pvalue=float(chi2_sf(statistic, df)),
        n=model.participants,
        unit="participants",
        method=f"{model.describes}; {test} of the systems.",
        details=strengths_of(model),
        notes=model.notes,
    )


def preference_contrasts(
    model: PreferenceModel, how: str = "holm", level: float = 0.95
) -> tuple[Result, ...]:
    """All differences of two strengths as log odds, with adjusted p-values and intervals.

    Raises:
        ValueError: there is no such adjustment.
    """
    rows = pair_rows(model.systems)
    value = rows @ model.strengths
    se = _standard_errors(np.einsum("cp,pq,cq->c", rows, model.covariance, rows))
    family = adjust(value / se, np.full(len(value), np.inf), len(model.systems), how, level)

    def result(index: int, pair: tuple[str, str]) -> Result:
        middle, reach = float(value[index]), float(family.reach[index] * se[index])
        interval = Interval(middle - reach, middle + reach, level, family.intervals)
        return Result(
            name=f"{model.name}-contrast",
            systems=pair,
            statistic=Quantity("z", middle / float(se[index])),
            df=(),
            pvalue=float(family.pvalues[index]),
            n=model.participants,
            unit="participants",
            method=f"{model.describes}; Wald tests.",
            effect=Quantity("log odds", middle, interval),
            pvalue_corrected=None if family.correction is None else float(family.corrected[index]),
            correction=family.correction,
            details=(Quantity("chosen", model.probability(*pair)),),
            notes=model.notes,
        )

    return tuple(result(index, pair) for index, pair in enumerate(pairs_of(model.systems)))


def _standard_errors(variance: Floats) -> Floats:
    """Roots of variances; NaN where a strength grows without bound and its variance is none."""
    return np.sqrt(np.where(variance > 0.0, variance, np.nan))


def centred(against_first: Floats, covariance: Floats) -> tuple[Floats, Floats, float]:
    """Strengths with mean 0 and their covariance, from those against the first system.

    Args:
        against_first: `(systems − 1,)`.
        covariance: `(systems − 1, systems − 1)`.

    Returns:
        Strengths, their covariance, and Wald's χ² that all are equal.
    """
    k = against_first.size + 1
    turn = (np.eye(k) - 1.0 / k)[:, 1:]
    wald = float(against_first @ np.linalg.pinv(covariance, hermitian=True) @ against_first)
    return turn @ against_first, turn @ covariance @ turn.T, wald

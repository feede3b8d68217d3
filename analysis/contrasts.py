"""What a fitted mixed model says about the systems: the F test, their means, all differences.

Degrees of freedom are Satterthwaite's or Kenward and Roger's. Both agree in balanced data without
zero variances; Kenward and Roger's also correct the standard errors of small or unbalanced samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.blocks import pairs_of
from analysis.distributions import f_sf, t_quantile, t_sf
from analysis.mixed.freedom import Uncertainty, kenward_roger, satterthwaite, satterthwaite_f
from analysis.mixed.structure import Floats
from analysis.models import MixedModel
from analysis.results import Interval, Quantity, Result
from analysis.simultaneous import adjust

Freedom = Literal["satterthwaite", "kenward-roger"]

_TITLES: dict[str, str] = {"satterthwaite": "Satterthwaite", "kenward-roger": "Kenward-Roger"}


@dataclass(frozen=True)
class Estimate:
    """A mean or coefficient of the model.

    Attributes:
        name: the system, or the coefficient as R names it.
        value: in points.
        se: its standard error.
        df: degrees of freedom of its t distribution.
        interval: t interval.
        n: ratings it rests on directly.
    """

    name: str
    value: float
    se: float
    df: float
    interval: Interval
    n: int

    @property
    def t(self) -> float:
        """Its distance from zero in standard errors."""
        return self.value / self.se

    @property
    def pvalue(self) -> float:
        """Two-sided, that it is zero."""
        return float(2.0 * t_sf(abs(self.t), self.df))


def system_test(model: MixedModel, freedom: Freedom = "satterthwaite") -> Result:
    """F test (type III) that all systems have the same mean.

    Raises:
        ValueError: the model was not fitted by REML.
    """
    known = _known(model)
    contrasts = np.eye(len(model.systems))[1:] - np.eye(len(model.systems))[0]
    covariance = model.scale**2 * (
        known.covariance if freedom == "satterthwaite" else known.small_sample
    )
    difference = contrasts @ model.means
    inner = contrasts @ covariance @ contrasts.T
    q = len(contrasts)
    statistic = float(difference @ np.linalg.solve(inner, difference)) / q
    if freedom == "satterthwaite":
        df = satterthwaite_f(known, contrasts)
    else:
        df, factor = kenward_roger(known, contrasts)
        statistic *= factor
    return Result(
        name="mixed-model" if freedom == "satterthwaite" else f"mixed-model, {freedom}",
        systems=model.systems,
        statistic=Quantity("F", statistic),
        df=(float(q), df),
        pvalue=float(f_sf(statistic, q, df)),
        n=model.participants,
        unit="participants",
        method=f"{describe(model)}; F test of the systems, {_TITLES[freedom]} degrees of freedom.",
        effect=Quantity("partial η²", q * statistic / (q * statistic + df)),
        notes=model.notes,
    )


def marginal_means(
    model: MixedModel, level: float = 0.95, freedom: Freedom = "satterthwaite"
) -> tuple[Estimate, ...]:
    """Estimated marginal mean of each system, for a new participant and a new passage."""
    return _estimates(
        model, np.eye(len(model.systems)), model.systems, level, freedom, model.counts
    )


def coefficients(
    model: MixedModel, level: float = 0.95, freedom: Freedom = "satterthwaite"
) -> tuple[Estimate, ...]:
    """Fixed effects in treatment coding: the first system's mean, and the others' differences."""
    rows = np.eye(len(model.systems))
    rows[1:, 0] = -1.0
    names = ("(Intercept)", *(f"system{name}" for name in model.systems[1:]))
    return _estimates(model, rows, names, level, freedom, model.counts)


def pairwise_contrasts(
    model: MixedModel,
    how: str = "tukey",
    level: float = 0.95,
    freedom: Freedom = "satterthwaite",
) -> tuple[Result, ...]:
    """All differences of two systems, with p-values and intervals adjusted for their number.

    The effect is the difference over the root of the sum of all variances (Westfall, Kenny & Judd
    2014, J. Exp. Psychol. Gen. 143).

    Args:
        model: fitted by REML.
        how: "tukey", "holm", … as in `analysis.simultaneous`.
        level: coverage of the intervals.
        freedom: method for the degrees of freedom.

    Raises:
        ValueError: the model was not fitted by REML, or there is no such adjustment.
    """
    pairs = pairs_of(model.systems)
    rows = pair_rows(model.systems)
    value, se, df = tested(model, rows, freedom)
    family = adjust(value / se, df, len(model.systems), how, level)
    method = f"{describe(model)}; t test, {_TITLES[freedom]} degrees of freedom."

    def result(index: int, pair: tuple[str, str]) -> Result:
        middle, reach = float(value[index]), float(family.reach[index] * se[index])
        low, high, sd = middle - reach, middle + reach, model.total_sd
        known = f"{family.intervals}, variances taken as known"
        return Result(
            name="mixed-model-contrast",
            systems=pair,
            statistic=Quantity("t", float(value[index] / se[index])),
            df=(float(df[index]),),
            pvalue=float(family.pvalues[index]),
            n=model.participants,
            unit="participants",
            method=method,
            effect=Quantity("d", middle / sd, Interval(low / sd, high / sd, level, known)),
            estimate=Quantity(
                "difference of means", middle, Interval(low, high, level, family.intervals)
            ),
            pvalue_corrected=None if family.correction is None else float(family.corrected[index]),
            correction=family.correction,
            notes=model.notes,
        )

    return tuple(result(index, pair) for index, pair in enumerate(pairs))


def pair_rows(systems: tuple[str, ...]) -> Floats:
    """The contrasts "first minus second" of all pairs, in their order; `(pairs, systems)`."""
    identity = dict(zip(systems, np.eye(len(systems)), strict=True))
    return np.stack([identity[first] - identity[second] for first, second in pairs_of(systems)])


def describe(model: MixedModel) -> str:
    """The model in a phrase for the methods section."""
    terms = [part.term.replace(":", " × ") for part in model.components[:-1]]
    random = f"random intercepts for {', '.join(terms)}" if terms else "no random effects"
    how = "restricted" if model.reml else "full"
    return f"Linear mixed model with {random}, fitted by {how} maximum likelihood"


def _known(model: MixedModel) -> Uncertainty:
    if model.known is None:
        raise ValueError(
            "tests and intervals need a model fitted by REML; fit again with reml=True"
        )
    return model.known


def tested(model: MixedModel, rows: Floats, freedom: Freedom) -> tuple[Floats, Floats, Floats]:
    """Value, standard error and degrees of freedom of each contrast."""
    known = _known(model)
    if freedom == "satterthwaite":
        covariance, df = known.covariance, satterthwaite(known, rows)
    else:
        covariance = known.small_sample
        df = np.array([kenward_roger(known, row[None])[0] for row in rows])
    variance = np.einsum("cp,pq,cq->c", rows, covariance, rows)
    return rows @ model.means, model.scale * np.sqrt(variance), df


def _estimates(
    model: MixedModel,
    rows: Floats,
    names: tuple[str, ...],
    level: float,
    freedom: Freedom,
    counts: tuple[int, ...],
) -> tuple[Estimate, ...]:
    value, se, df = tested(model, rows, freedom)
    reach = t_quantile((1.0 + level) / 2.0, df) * se
    method = f"t, {_TITLES[freedom]} degrees of freedom"
    return tuple(
        Estimate(
            name,
            float(value[index]),
            float(se[index]),
            float(df[index]),
            Interval(
                float(value[index] - reach[index]),
                float(value[index] + reach[index]),
                level,
                method,
            ),
            counts[index],
        )
        for index, name in enumerate(names)
    )

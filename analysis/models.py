"""The crossed linear mixed model of ratings, by restricted or full maximum likelihood.

    score = mean of the system + participant + passage + participant × system + passage × system
            + error

with everything but the system's mean random: participants and passages are both samples, and what
is concluded is to hold for others too. Without the two interactions the test of the system is too
optimistic, so they are in by default; any other random intercepts can be asked for. Missing cells
and unbalanced data are used as they are: no rating is dropped or filled in.

    model = fit_mixed_model(ratings)
    system_test(model), marginal_means(model), pairwise_contrasts(model)     # analysis.contrasts
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.codes import Integers
from analysis.distributions import chi2_sf
from analysis.mixed.freedom import Uncertainty, uncertainty
from analysis.mixed.identify import identified
from analysis.mixed.likelihood import Problem, pose
from analysis.mixed.optimum import Optimum, minimise
from analysis.mixed.structure import CROSSED, Floats, RandomTerm, arrange, intercepts
from analysis.mixed.threads import one_blas_thread
from analysis.ratings import Ratings
from analysis.results import Quantity, Result

_FACTORS = ("participant", "passage", "system", "song", "page", "group")
_NO_ERROR_LEFT = 1e8
"""A variance this many times the residual one means that there is no residual."""


@dataclass(frozen=True)
class VarianceComponent:
    """One source of variance.

    Attributes:
        term: "participant", "passage:system", … or "residual".
        levels: how many levels it was estimated from; ratings for the residual.
        variance: in squared points of the scale.
        sd: its root, in points.
        share: of the sum of all variances, 0..1.
    """

    term: str
    levels: int
    variance: float
    sd: float
    share: float


@dataclass(frozen=True, eq=False)
class MixedModel:
    """A fitted crossed linear mixed model.

    Attributes:
        systems: in the order of the means.
        means: `(systems,)`, estimated marginal mean of each system, in points.
        covariance: `(systems, systems)`, of the means, in squared points.
        counts: ratings of each system.
        components: variances, the residual last.
        log_likelihood: at the optimum; restricted if `reml`.
        reml: fitted by restricted maximum likelihood (else by full maximum likelihood).
        ratings, participants, passages: how many.
        singular: terms whose variance is estimated as zero.
        converged: two starts agree, and no step would lower the deviance noticeably.
        remaining: deviance that a further step would gain, at most.
        notes: what could not be estimated or needs care, in sentences.
        scale: points per unit that `known` is in.
        known: what degrees of freedom are computed from; None if not `reml`.
    """

    systems: tuple[str, ...]
    means: Floats
    covariance: Floats
    counts: tuple[int, ...]
    components: tuple[VarianceComponent, ...]
    log_likelihood: float
    reml: bool
    ratings: int
    participants: int
    passages: int
    singular: tuple[str, ...]
    converged: bool
    remaining: float
    notes: tuple[str, ...]
    scale: float
    known: Uncertainty | None

    @property
    def parameters(self) -> int:
        """Means and variances that were estimated."""
        return len(self.systems) + len(self.components)

    @property
    def aic(self) -> float:
        """Akaike's criterion; compare it between models fitted by full maximum likelihood."""
        return 2.0 * self.parameters - 2.0 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with the number of ratings as the sample size."""
        return float(np.log(self.ratings)) * self.parameters - 2.0 * self.log_likelihood

    @property
    def total_sd(self) -> float:
        """Root of the sum of all variances: the spread of single ratings of one system."""
        return float(np.sqrt(sum(part.variance for part in self.components)))

    def component(self, term: str) -> VarianceComponent:
        """The variance component of that name."""
        return next(part for part in self.components if part.term == term)


def fit_mixed_model(
    ratings: Ratings, *, random: Sequence[RandomTerm] = CROSSED, reml: bool = True
) -> MixedModel:
    """Fit the crossed linear mixed model.

    Args:
        ratings: of one attribute.
        random: the random intercepts, each by the factors whose combinations are its levels.
            Terms that the data cannot tell from others (a single passage, one rating per cell)
            are left out, and `notes` say so.
        reml: restricted maximum likelihood; False for full maximum likelihood, which likelihood
            ratio tests of the systems need.

    Raises:
        ValueError: several attributes, fewer than two systems, all ratings equal, or no rating
            left to estimate the residual variance from.
    """
    refuse_unfit(ratings)
    codes = factor_codes(ratings)
    centre, scale = float(ratings.score.mean()), float(ratings.score.std())
    response = (ratings.score - centre) / scale
    system = ratings.system.codes
    with one_blas_thread():
        terms, confounded = identified(intercepts(codes, random), codes, system)
        structure = arrange(terms, codes)
        problem = pose(structure, system, response, reml)
        optimum = minimise(problem)
        known = uncertainty(problem, optimum) if reml else None
    _refuse_no_error(optimum, structure.terms)
    unit = optimum.at.residual_ss / problem.freedom * scale**2
    ratios = dict(zip(structure.terms, optimum.ratios.tolist(), strict=True))
    levels = dict(zip(structure.terms, structure.levels, strict=True))
    names = [term.name for term in terms]
    singular = tuple(name for name in names if ratios[name] == 0.0)
    return MixedModel(
        systems=ratings.systems,
        means=optimum.at.coefficients * scale + centre,
        covariance=optimum.at.covariance * unit,
        counts=tuple(np.bincount(system).tolist()),
        components=_components(
            [*((name, levels[name], ratios[name] * unit) for name in names)], len(ratings), unit
        ),
        log_likelihood=_log_likelihood(problem, optimum, scale),
        reml=reml,
        ratings=len(ratings),
        participants=len(ratings.participant.levels),
        passages=len(ratings.passage.levels),
        singular=singular,
        converged=optimum.converged,
        remaining=optimum.remaining,
        notes=(*confounded, *_singular_notes(singular), *_doubt(optimum)),
        scale=float(np.sqrt(unit)),
        known=known,
    )


def likelihood_ratio_test(ratings: Ratings, *, random: Sequence[RandomTerm] = CROSSED) -> Result:
    """Likelihood ratio test that all systems have the same mean, by full maximum likelihood.

    Too optimistic in small samples; `analysis.contrasts.system_test` is to be preferred.

    Raises:
        ValueError: as `fit_mixed_model`.
    """
    full = fit_mixed_model(ratings, random=random, reml=False)
    codes = factor_codes(ratings)
    wanted = {part.term for part in full.components}
    kept = [term for term in intercepts(codes, random) if term.name in wanted]
    scale = float(ratings.score.std())
    response = (ratings.score - ratings.score.mean()) / scale
    with one_blas_thread():
        one_mean = np.zeros(len(ratings), np.int64)
        problem = pose(arrange(kept, codes), one_mean, response, reml=False)
        null = _log_likelihood(problem, minimise(problem), scale)
    statistic, df = 2.0 * (full.log_likelihood - null), len(full.systems) - 1
    return Result(
        name="mixed-model-lrt",
        systems=full.systems,
        statistic=Quantity("χ²", statistic),
        df=(float(df),),
        pvalue=float(chi2_sf(statistic, df)),
        n=full.participants,
        unit="participants",
        method="Likelihood ratio test of the systems between linear mixed models fitted by full "
        "maximum likelihood.",
        notes=full.notes,
    )


def factor_codes(ratings: Ratings) -> dict[str, Integers]:
    """Integer codes of everything that can be a factor of a random term."""
    return {name: getattr(ratings, name).codes for name in _FACTORS}


def refuse_unfit(ratings: Ratings) -> None:
    """Refuse ratings that no model of the systems can be fitted to.

    Raises:
        ValueError: several attributes, one system, equal ratings, or too few of them.
    """
    attributes, systems = ratings.attribute.levels, ratings.system.levels
    if len(attributes) > 1:
        raise ValueError(
            f"a model is of one attribute, and the ratings hold {len(attributes)} "
            f"({', '.join(attributes)}); take one with ratings.only(attribute=...)"
        )
    if len(systems) < 2:
        raise ValueError(
            f"there is only one system, {systems[0]!r}; a comparison needs at least two"
        )
    if np.ptp(ratings.score) == 0.0:
        raise ValueError(
            f"all {len(ratings)} ratings are {ratings.score[0]:g}: "
            "there is no variance to model, and no difference to test"
        )
    if len(ratings) <= len(systems):
        raise ValueError(
            f"{len(ratings)} ratings of {len(systems)} systems leave nothing to estimate "
            "the error from; collect more ratings"
        )


def _refuse_no_error(optimum: Optimum, names: Sequence[str]) -> None:
    within = optimum.at.residual_ss
    if within <= 1e-20 or (len(names) and optimum.ratios.max() > _NO_ERROR_LEFT):
        raise ValueError(
            "the systems and the random terms "
            f"({', '.join(names) or 'none'}) explain every rating exactly: there is no residual "
            "variance, so no standard error; check that the ratings are as listeners gave them"
        )


def _components(
    found: Sequence[tuple[str, int, float]], ratings: int, residual: float
) -> tuple[VarianceComponent, ...]:
    rows = [*found, ("residual", ratings, residual)]
    total = sum(variance for _, _, variance in rows)
    return tuple(
        VarianceComponent(term, levels, variance, float(np.sqrt(variance)), variance / total)
        for term, levels, variance in rows
    )


def _log_likelihood(problem: Problem, optimum: Optimum, scale: float) -> float:
    """In points: the response was divided by `scale`, which changes the density."""
    return -0.5 * optimum.at.deviance - problem.freedom * float(np.log(scale))


def _singular_notes(singular: Sequence[str]) -> list[str]:
    if not singular:
        return []
    return [
        f"The fit is singular: the variance of {', '.join(singular)} is estimated as zero; "
        "the data show none beyond what the other terms explain."
    ]


def _doubt(optimum: Optimum) -> list[str]:
    if optimum.converged:
        return []
    return [
        "The fit did not converge: two starts end apart, or the deviance could still fall by "
        f"{optimum.remaining:.2g}. Do not rely on it."
    ]

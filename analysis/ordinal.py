"""The cumulative link mixed model: ratings as ordered categories, not as numbers.

    P(rating <= category j) = expit(θ_j − η),   η = system + participant + passage + interactions

for ACR and other category scales, and for 0–100 scales cut at their labels. Thresholds θ take any
spacing of the categories. A difference of systems is a log odds ratio: by how much a higher
rating is more likely, for the same participant and passage. Fitted by Laplace's approximation,
with the same random intercepts as the linear model by default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.blocks import pairs_of
from analysis.codes import Integers
from analysis.contrasts import pair_rows, system_test, tested
from analysis.distributions import chi2_sf, f_sf
from analysis.mixed.families import CumulativeLogit, start_thresholds
from analysis.mixed.identify import identified
from analysis.mixed.laplace import Fit, Model, fit, maximum, optimism
from analysis.mixed.structure import CROSSED, Floats, RandomTerm, arrange, intercepts
from analysis.mixed.threads import one_blas_thread
from analysis.models import factor_codes, fit_mixed_model, refuse_unfit
from analysis.ratings import Ratings
from analysis.results import Interval, Quantity, Result
from analysis.simultaneous import adjust

MOST_CATEGORIES = 12
"""Scales with more different scores than this are cut into bands."""
_NO_VARIANCE = 1e-3
"""A standard deviation below this, on the logit scale, is reported as zero."""


@dataclass(frozen=True, eq=False)
class SmallSample:
    """What few listeners or passages ask for, taken from the linear mixed model.

    Attributes:
        freedom: denominator degrees of freedom of the test of all systems.
        pair_freedom: `(pairs,)`, of each difference.
        pair_inflation: `(pairs,)`, by how much standard errors are widened, 1 or more.
    """

    freedom: float
    pair_freedom: Floats
    pair_inflation: Floats


@dataclass(frozen=True, eq=False)
class OrdinalModel:
    """A fitted cumulative link mixed model.

    Attributes:
        systems: the first one is the baseline.
        categories: labels, lowest first.
        counts: ratings in each category.
        thresholds: `(categories − 1,)`; threshold_se: standard errors.
        effects: `(systems,)`, log odds against the baseline, whose own is 0.
        covariance: `(systems, systems)`, of the effects.
        sds: standard deviation of each random term, on the logit scale.
        log_likelihood: by Laplace's approximation; null_log_likelihood: without the systems.
        ratings, participants: how many.
        small: what few listeners or passages ask for; None without random terms.
        converged: whether the fit did.
        notes: what could not be estimated or needs care.
    """

    systems: tuple[str, ...]
    categories: tuple[str, ...]
    counts: tuple[int, ...]
    thresholds: Floats
    threshold_se: Floats
    effects: Floats
    covariance: Floats
    sds: dict[str, float]
    log_likelihood: float
    null_log_likelihood: float
    ratings: int
    participants: int
    small: SmallSample | None
    converged: bool
    notes: tuple[str, ...]


def fit_ordinal_model(
    ratings: Ratings,
    *,
    random: Sequence[RandomTerm] = CROSSED,
    edges: Sequence[float] | None = None,
) -> OrdinalModel:
    """Fit the cumulative logit mixed model, and the same without the systems.

    Args:
        ratings: of one attribute.
        random: random intercepts, as for `analysis.models.fit_mixed_model`.
        edges: cut the scale at these scores; a score at an edge belongs above it. By default the
            scores themselves are the categories, or five equal bands if there are more than 12.

    Raises:
        ValueError: the data do not bear the model; the message says why.
    """
    refuse_unfit(ratings)
    category, labels = _categories(ratings, edges)
    codes = factor_codes(ratings)
    system = ratings.system.codes
    with one_blas_thread():
        terms, notes = identified(intercepts(codes, random), codes, system)
        structure = arrange(terms, codes)
        family = CumulativeLogit(category, len(labels))
        thresholds = start_thresholds(category, len(labels))
        null, start = maximum(Model(family, np.zeros((len(ratings), 0)), structure), thresholds)
        against_first = np.eye(len(ratings.systems))[system][:, 1:]
        full = fit(Model(family, against_first, structure), start)
    cuts, k = len(labels) - 1, len(ratings.systems)
    covariance = np.zeros((k, k))
    covariance[1:, 1:] = full.covariance[cuts : cuts + k - 1, cuts : cuts + k - 1]
    spread = dict(zip(structure.terms, full.sds.tolist(), strict=True))
    varied = {name: sd for name, sd in spread.items() if sd >= _NO_VARIANCE}
    levels = {
        "participant": len(ratings.participant.levels),
        "passage": len(ratings.passage.levels),
    }
    small = _small_sample(ratings, category, random)
    optimistic = optimism(varied, levels) if small is None else []
    return OrdinalModel(
        systems=ratings.systems,
        categories=labels,
        counts=tuple(np.bincount(category).tolist()),
        thresholds=full.own,
        threshold_se=np.sqrt(np.diag(full.covariance)[:cuts]),
        effects=np.concatenate([[0.0], full.coefficients]),
        covariance=covariance,
        sds=spread,
        log_likelihood=full.log_likelihood,
        null_log_likelihood=null,
        ratings=len(ratings),
        participants=len(ratings.participant.levels),
        small=small,
        converged=full.converged,
        notes=(*notes, *_warnings(full, spread), *optimistic),
    )


def ordinal_system_test(model: OrdinalModel) -> Result:
    """Likelihood ratio test that no system tends to be rated higher than another.

    χ² over its degrees of freedom is referred to F with the denominator degrees of freedom of the
    linear mixed model of the same categories (Kenward and Roger's): with few passages or listeners
    the χ² distribution calls equal systems different twice as often as it should.
    """
    statistic = max(2.0 * (model.log_likelihood - model.null_log_likelihood), 0.0)
    df = len(model.systems) - 1
    by_chi2 = pvalue = float(chi2_sf(statistic, df))
    said = "."
    if model.small is not None:
        pvalue = float(f_sf(statistic / df, df, model.small.freedom))
        said = f", p by F({df}, {model.small.freedom:.1f}) for small samples."
    return Result(
        name="ordinal-model",
        systems=model.systems,
        statistic=Quantity("χ²", statistic),
        df=(float(df),),
        pvalue=pvalue,
        n=model.participants,
        unit="participants",
        method=f"{_describe(model)}; likelihood ratio test of the systems" + said,
        details=(Quantity("p by χ²", by_chi2),),
        notes=model.notes,
    )


def ordinal_contrasts(
    model: OrdinalModel, how: str = "tukey", level: float = 0.95
) -> tuple[Result, ...]:
    """All differences of two systems as log odds ratios, with adjusted p-values and intervals.

    Standard errors are widened, and t has the degrees of freedom, as in the linear mixed model of
    the same categories: maximum likelihood takes variances of few listeners or passages too small.

    Raises:
        ValueError: there is no such adjustment.
    """
    rows = pair_rows(model.systems)
    value = rows @ model.effects
    se = np.sqrt(np.einsum("cp,pq,cq->c", rows, model.covariance, rows))
    freedom = np.full(len(value), np.inf)
    if model.small is not None:
        se, freedom = se * model.small.pair_inflation, model.small.pair_freedom
    family = adjust(value / se, freedom, len(model.systems), how, level)

    def result(index: int, pair: tuple[str, str]) -> Result:
        middle, reach = float(value[index]), float(family.reach[index] * se[index])
        interval = Interval(middle - reach, middle + reach, level, family.intervals)
        return Result(
            name="ordinal-model-contrast",
            systems=pair,
            statistic=Quantity("t", middle / float(se[index])),
            df=(float(freedom[index]),),
            pvalue=float(family.pvalues[index]),
            n=model.participants,
            unit="participants",
            method=f"{_describe(model)}; Wald test, t for small samples.",
            effect=Quantity("log odds ratio", middle, interval),
            pvalue_corrected=None if family.correction is None else float(family.corrected[index]),
            correction=family.correction,
            notes=model.notes,
        )

    return tuple(result(index, pair) for index, pair in enumerate(pairs_of(model.systems)))


def _categories(
    ratings: Ratings, edges: Sequence[float] | None
) -> tuple[Integers, tuple[str, ...]]:
    """The category of each rating, and labels of those that occur."""
    values, category = np.unique(ratings.score, return_inverse=True)
    labels = [f"{value:g}" for value in values]
    if edges is None and len(values) > MOST_CATEGORIES:
        edges = np.linspace(*ratings.scale, 6)[1:-1].tolist()
    if edges is not None:
        ordered = np.unique(np.asarray(edges, dtype=np.float64))
        limits = [f"{limit:g}" for limit in (ratings.scale[0], *ordered, ratings.scale[1])]
        used, category = np.unique(np.digitize(ratings.score, ordered), return_inverse=True)
        labels = [f"{limits[index]}–{limits[index + 1]}" for index in used]
    if len(labels) < 2:
        raise ValueError(
            f"all ratings fall into one category ({labels[0]}); choose other edges than "
            f"{', '.join(f'{edge:g}' for edge in edges or ())}"
        )
    return category.astype(np.int64), tuple(labels)


def _small_sample(
    ratings: Ratings, category: Integers, random: Sequence[RandomTerm]
) -> SmallSample | None:
    """What Kenward and Roger do to the linear mixed model of the categories, by REML against ML.

    How well the variances are known depends on the design: few passages are few on either scale.
    """
    numbers = replace(ratings, score=category.astype(np.float64))
    if not random:
        return None
    try:
        linear = fit_mixed_model(numbers, random=random)
        plain = fit_mixed_model(numbers, random=random, reml=False)
    except ValueError:
        return None
    rows = pair_rows(ratings.systems)
    _, known, pair_freedom = tested(linear, rows, "kenward-roger")
    taken = np.sqrt(np.einsum("cp,pq,cq->c", rows, plain.covariance, rows))
    return SmallSample(
        freedom=system_test(linear, "kenward-roger").df[1],
        pair_freedom=pair_freedom,
        pair_inflation=np.maximum(1.0, known / taken),
    )


def _warnings(full: Fit, sds: dict[str, float]) -> list[str]:
    notes = []
    none = [name for name, sd in sds.items() if sd < _NO_VARIANCE]
    if none:
        notes.append(f"The fit is singular: {', '.join(none)} show no variance of their own.")
    if not full.converged:
        notes.append(
            "The ordinal model did not converge; a system may be rated in one category only. "
            "Do not rely on it."
        )
    return notes


def _describe(model: OrdinalModel) -> str:
    terms = ", ".join(name.replace(":", " × ") for name in model.sds)
    return (
        f"Cumulative logit mixed model of {len(model.categories)} ordered categories with "
        f"{f'random intercepts for {terms}' if terms else 'no random effects'}, by Laplace's "
        "approximation"
    )

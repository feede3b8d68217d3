"""Degrees of freedom for contrasts of a fitted linear mixed model.

Variances are estimated, so a contrast over its standard error is not normal. Satterthwaite's
method (as Kuznetsova, Brockhoff & Christensen 2017, J. Stat. Softw. 82(13), section 2) finds the
t distribution with the same variance of the variance; Kenward & Roger (1997, Biometrics 53,
983–997) also widen the covariance itself for the small sample and rescale F. All in units of the
residual variance; the degrees of freedom do not depend on it.

Writing c for the variances in those units, with the residual (c = 1) appended, its derivatives
come from Σ_k c_k G_k = S, hence P S P = P, without any matrix of the size of the ratings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.mixed.likelihood import (
    Problem,
    Projection,
    apply,
    term_products,
    term_rows,
)
from analysis.mixed.optimum import Optimum
from analysis.mixed.structure import Floats

_POSITIVE = 1e-8
"""Curvatures flatter than this, relative to the steepest, tell nothing about a variance."""


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """How well a fit knows its covariance; t random terms and the residual, p coefficients.

    Attributes:
        covariance: `(p, p)`, of the coefficients, in units of the residual variance.
        slopes: `(t + 1, p, p)`, derivative of `covariance` by each variance.
        variances: `(t + 1, t + 1)`, asymptotic covariance of the variances from the observed
            information; zero for variances at the boundary.
        expected_variances: the same from the expected information, boundary or not.
        small_sample: `(p, p)`, Kenward and Roger's covariance.
    """

    covariance: Floats
    slopes: Floats
    variances: Floats
    expected_variances: Floats
    small_sample: Floats


def uncertainty(problem: Problem, optimum: Optimum) -> Uncertainty:
    """Everything that both methods need, from a fit by REML.

    Raises:
        ValueError: the fit is not by REML.
    """
    if not problem.reml:
        raise ValueError("degrees of freedom need a fit by REML; this one is by ML")
    at, parts, ratios = optimum.at, optimum.parts, optimum.ratios
    unit = at.residual_ss / problem.freedom
    norms = with_residual(parts.norms, parts.traces, float(problem.freedom), ratios)
    curvatures = with_residual(
        parts.curvatures / unit, parts.scores / unit, float(problem.freedom), ratios
    )
    free = np.append(ratios > 0.0, True)
    weighted, corrections = _fixed_products(problem, at, ratios)
    phi = at.covariance
    expected_variances = np.asarray(
        2.0 * np.linalg.pinv(norms, rcond=1e-10, hermitian=True), dtype=np.float64
    )
    widening = np.einsum("ij,ijpq->pq", expected_variances, corrections)
    return Uncertainty(
        covariance=phi,
        slopes=phi @ weighted @ phi,
        variances=2.0 * _inverse_where(2.0 * curvatures - norms, free),
        expected_variances=expected_variances,
        small_sample=phi + 2.0 * phi @ widening @ phi,
    )


def with_residual(pairs: Floats, singles: Floats, total: float, ratios: Floats) -> Floats:
    """Append the residual to forms in (G_i, G_j), given the same with S for one or for both.

    Linear in each G, and Σ r_k G_k + I = S: what is left of S is the identity's.
    """
    residual = singles - ratios @ pairs
    corner = (total - ratios @ singles) - ratios @ residual
    return np.block([[pairs, residual[:, None]], [residual[None, :], np.array([[corner]])]])


def _inverse_where(matrix: Floats, free: np.ndarray) -> Floats:
    """The inverse over the free rows and columns, along directions of positive curvature."""
    inside = np.ix_(free, free)
    values, vectors = np.linalg.eigh(matrix[inside])
    kept = values > _POSITIVE * values.max()
    inverse = np.zeros_like(matrix)
    inverse[inside] = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    return inverse


def _fixed_products(problem: Problem, at: Projection, ratios: Floats) -> tuple[Floats, Floats]:
    """X'S⁻¹G_iS⁻¹X, `(t + 1, p, p)`, and X'S⁻¹G_i P G_jS⁻¹X, `(t + 1, t + 1, p, p)`."""
    m, terms, p = len(problem.border_terms), problem.terms, problem.fixed
    random = at.inverse_random @ at.shared_system
    inner = at.shared_inner[:, :, m:] - at.shared_inner @ random[:, m:]
    border = at.shared_border[:, m:] - at.shared_border @ random[:, m:]
    weighted = np.empty((terms + 1, p, p))
    weighted[:terms] = term_products(problem, inner, border)
    weighted[terms] = np.linalg.inv(at.covariance) - np.tensordot(ratios, weighted[:terms], 1)
    corrections = np.empty((terms + 1, terms + 1, p, p))
    for j in range(terms):
        image = apply(at, *term_rows(problem, inner, border, j))
        for i in range(terms):
            ours = term_rows(problem, inner, border, i)
            corrections[i, j] = np.einsum("gwp,gwq->pq", ours[0], image[0]) + ours[1].T @ image[1]
    # P S S⁻¹X = P X = 0, so the residual's share is minus that of the others.
    corrections[terms, :terms] = -np.tensordot(ratios, corrections[:terms, :terms], 1)
    corrections[:, terms] = -np.einsum("j,ijpq->ipq", ratios, corrections[:, :terms])
    return weighted, corrections


def satterthwaite(known: Uncertainty, contrasts: Floats) -> Floats:
    """Degrees of freedom of each contrast, by Satterthwaite.

    Args:
        known: from `uncertainty`.
        contrasts: `(contrasts, p)`.

    Returns:
        `(contrasts,)`.
    """
    variance = np.einsum("cp,pq,cq->c", contrasts, known.covariance, contrasts)
    gradient = np.einsum("cp,kpq,cq->ck", contrasts, known.slopes, contrasts)
    spread = np.einsum("ck,kl,cl->c", gradient, known.variances, gradient)
    freedom: Floats = 2.0 * variance**2 / spread
    return freedom


def satterthwaite_f(known: Uncertainty, contrasts: Floats) -> float:
    """Denominator degrees of freedom of the F test of all contrasts (rows) at once.

    Orthogonal contrasts get a t each; F has the mean that the sum of their squares has
    (Fai & Cornelius 1996, J. Stat. Comput. Simul. 54). Which orthogonal contrasts is a choice:
    ours are those of lmerTest, so that differences from the first level as `contrasts` give its
    numbers. In unbalanced data another first level moves the result a little (0.1 % at most where
    a third of the cells is missing); Kenward and Roger's method does not depend on it.
    """
    _, vectors = np.linalg.eigh(contrasts @ known.covariance @ contrasts.T)
    each = satterthwaite(known, vectors.T @ contrasts)
    if np.ptp(each) < 1e-8 * each.max():
        return float(each.mean())
    if np.any(each <= 2.0):
        return 2.0
    expected = float(np.sum(each / (each - 2.0)))
    return 2.0 * expected / (expected - len(each))


def kenward_roger(known: Uncertainty, contrasts: Floats) -> tuple[float, float]:
    """Denominator degrees of freedom, and the factor to scale F by, for all contrasts at once.

    F is to be computed from `small_sample`. Equations of Kenward & Roger (1997), section 3, with
    the special cases that make it exact where an exact F test exists.
    """
    q = len(contrasts)
    phi = known.covariance
    theta = contrasts.T @ np.linalg.solve(contrasts @ phi @ contrasts.T, contrasts)
    images = theta @ known.slopes
    traces = np.einsum("kpp->k", images)
    first = float(traces @ known.expected_variances @ traces)
    squares = np.einsum("kpq,lqp->kl", images, images)
    second = float(np.sum(known.expected_variances * squares))
    b = (first + 6.0 * second) / (2.0 * q)
    g = ((q + 1.0) * first - (q + 4.0) * second) / ((q + 2.0) * second)
    scale = 3.0 * q + 2.0 * (1.0 - g)
    c1, c2, c3 = g / scale, (q - g) / scale, (q + 2.0 - g) / scale
    top = 1.0 + c1 * b
    top = 0.0 if abs(top) < 1e-10 else top
    rho = _ratio(1.0 - second / q, 1.0 - c2 * b) ** 2 * top / (1.0 - c3 * b) / q
    freedom = 4.0 + (q + 2.0) / (q * rho - 1.0)
    if abs(freedom - 2.0) < 1e-2:
        return freedom, 1.0
    return freedom, freedom * (1.0 - second / q) / (freedom - 2.0)


def _ratio(numerator: float, denominator: float) -> float:
    """Their quotient, 1 where both vanish."""
    if abs(numerator) < 1e-10 and abs(denominator) < 1e-10:
        return 1.0
    return numerator / denominator

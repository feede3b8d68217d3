"""The profiled likelihood of a linear mixed model with random intercepts, and its derivatives.

    y = X b + Z u + e,   e ~ N(0, s² I),   u_i ~ N(0, s² r_i I) for each random term i

The parameters are the variance ratios r_i = (variance of term i) / (residual variance); b and s²
are profiled out. That is the deviance of Bates et al. (2015, J. Stat. Softw. 67(1), eq. 34 and
42), where theta_i = sqrt(r_i); ratios instead of theta make the boundary r_i = 0 an ordinary one,
with a slope that tells whether the optimum is there. First and second derivatives follow from
P = S⁻¹ − S⁻¹X(X'S⁻¹X)⁻¹X'S⁻¹ (Searle, Casella & McCulloch 1992, chapter 6):

    d tr-part / d r_i = tr(P Z_i Z_i')        = sum of the diagonal of T_ii,   T = Z'PZ
    second derivative = −tr(P G_i P G_j)      = −sum of the squares of T_ij,   G_i = Z_i Z_i'

so all that a fit, Satterthwaite and Kenward-Roger need is T, its block norms, and Z'Py. With the
inner effects eliminated, T is block diagonal plus low rank, and is never formed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from analysis.codes import Integers
from analysis.mixed.structure import Cross, Floats, Structure


@dataclass(frozen=True, eq=False)
class Problem:
    """What the likelihood needs to know about the data: nothing grows with the ratings.

    Attributes:
        cross: cross-products of [Z | X | y].
        inner_terms, border_terms: as in `Structure`.
        terms: how many random terms.
        fixed: columns of X.
        rows: ratings.
        reml: restricted likelihood, or (False) the full one.
    """

    cross: Cross
    inner_terms: Integers
    border_terms: Integers
    terms: int
    fixed: int
    rows: int
    reml: bool

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the residual sum of squares."""
        return self.rows - self.fixed if self.reml else self.rows


def pose(structure: Structure, fixed: Integers, response: Floats, reml: bool) -> Problem:
    """Set up the likelihood of `response` with one mean per level of `fixed`.

    Args:
        structure: where the random effects sit.
        fixed: `(rows,)`, the level of the fixed factor, 0..levels-1, each one present.
        response: `(rows,)`; centred and scaled to about 1, for precision.
        reml: restricted likelihood, or the full one.
    """
    levels = int(fixed.max()) + 1
    rows = len(response)
    columns = np.stack([fixed, np.full(rows, levels)], axis=1)
    values = np.stack([np.ones(rows), response], axis=1)
    cross = structure.with_columns(columns, values).gram()
    return Problem(
        cross,
        structure.inner_terms,
        structure.border_terms,
        len(structure.terms),
        levels,
        rows,
        reml,
    )


def answered(problem: Problem, structure: Structure, fixed: Integers, response: Floats) -> Problem:
    """The same likelihood of another response: all that a simulation has to compute anew.

    Args:
        problem: by `pose`, of the same structure and fixed factor.
        structure, fixed, response: as for `pose`.
    """
    inner, border = structure.transposed_times(response)
    sums = np.bincount(fixed, response, problem.fixed)
    column = np.concatenate([border, sums, [response @ response]])
    mixed, corner = problem.cross.mixed.copy(), problem.cross.border.copy()
    mixed[:, :, -1] = inner
    corner[:, -1] = corner[-1, :] = column
    return replace(problem, cross=Cross(problem.cross.inner, mixed, corner))


@dataclass(frozen=True, eq=False)
class Projection:
    """Z'PZ, Z'Py and friends at one point, in units of the residual variance.

    Rows are the random effects, as inner blocks and border; "shared" columns are those of the
    border that are eliminated second: random ones scaled by sqrt(ratio), then X.

    Attributes:
        deviance: −2 log likelihood (restricted, if so posed), constants included.
        residual_ss: y'Py.
        coefficients: `(fixed,)`.
        covariance: `(fixed, fixed)`, of the coefficients.
        blocks: `(blocks, width, width)`, Z'A⁻¹Z within blocks, A = I + the inner terms' part.
        block_border: `(blocks, width, m)`.   border: `(m, m)`, the same for the border's effects.
        shared_inner: `(blocks, width, k)`, Z'A⁻¹ [shared columns].   shared_border: `(m, k)`.
        shared_system: `(k, k)`, the shared columns' system I + …, and
        inverse: its inverse, for P.
        inverse_random: the same with X left out, for S⁻¹.
        scores_inner, scores_border: Z'Py.
    """

    deviance: float
    residual_ss: float
    coefficients: Floats
    covariance: Floats
    blocks: Floats
    block_border: Floats
    border: Floats
    shared_inner: Floats
    shared_border: Floats
    shared_system: Floats
    inverse: Floats
    inverse_random: Floats
    scores_inner: Floats
    scores_border: Floats


def project(problem: Problem, ratios: Floats) -> Projection:
    """Eliminate inner effects, then border and X, and keep what the derivatives need.

    Args:
        problem: the data's cross-products.
        ratios: `(terms,)`, variance over residual variance, >= 0.
    """
    cross, theta = problem.cross, np.sqrt(ratios)
    logdet_inner, reduced = _eliminate_inner(cross, theta[problem.inner_terms])
    blocks, mixed, border = reduced.inner, reduced.mixed, reduced.border
    m, k = len(problem.border_terms), len(problem.border_terms) + problem.fixed
    scale = np.concatenate([theta[problem.border_terms], np.ones(problem.fixed)])
    system = scale[:, None] * border[:k, :k] * scale
    system[np.arange(m), np.arange(m)] += 1.0
    root = cholesky(system, lower=True)
    inverse_root = solve_triangular(root, np.eye(k), lower=True)
    inverse = inverse_root.T @ inverse_root
    inverse_random = np.zeros_like(inverse)
    inverse_random[:m, :m] = inverse_root[:m, :m].T @ inverse_root[:m, :m]
    response = scale * border[:k, k]
    half = inverse_root @ response
    solution = inverse_root.T @ half
    residual_ss = float(border[k, k] - half @ half)
    logs = 2.0 * np.log(np.diag(root))
    shared_inner, shared_border = mixed[:, :, :k] * scale, border[:m, :k] * scale
    return Projection(
        deviance=_deviance(problem, residual_ss, logdet_inner, logs[:m].sum(), logs[m:].sum()),
        residual_ss=residual_ss,
        coefficients=solution[m:],
        covariance=inverse[m:, m:],
        blocks=blocks,
        block_border=mixed[:, :, :m],
        border=border[:m, :m],
        shared_inner=shared_inner,
        shared_border=shared_border,
        shared_system=system,
        inverse=inverse,
        inverse_random=inverse_random,
        scores_inner=mixed[:, :, k] - shared_inner @ solution,
        scores_border=border[:m, k] - shared_border @ solution,
    )


def _eliminate_inner(cross: Cross, theta: Floats) -> tuple[float, Cross]:
    """Cross-products under A⁻¹, and log det A, where A = I + Z_inner diag(theta²) Z_inner'."""
    width = len(theta)
    system = np.eye(width) + theta[:, None] * cross.inner * theta
    root = np.linalg.cholesky(system)
    both = np.concatenate([cross.inner, cross.mixed], axis=2)
    half = np.linalg.inv(root) @ (theta[:, None] * both)
    reduced = both - half[:, :, :width].transpose(0, 2, 1) @ half
    stacked = half[:, :, width:].reshape(-1, cross.border.shape[0])
    logdet = 2.0 * float(np.log(np.diagonal(root, axis1=1, axis2=2)).sum())
    return logdet, Cross(
        reduced[:, :, :width], reduced[:, :, width:], cross.border - stacked.T @ stacked
    )


def _deviance(
    problem: Problem, residual_ss: float, inner: float, random: float, fixed: float
) -> float:
    if residual_ss <= 0.0:
        return np.inf
    freedom = problem.freedom
    log_scale = np.log(2.0 * np.pi * residual_ss / freedom)
    return float(inner + random + (fixed if problem.reml else 0.0) + freedom * (1.0 + log_scale))


@dataclass(frozen=True, eq=False)
class Moments:
    """Traces and quadratic forms of the random terms, in units of the residual variance.

    With G_i = Z_i Z_i' and W = P for REML, S⁻¹ for ML:

    Attributes:
        traces: `(terms,)`, tr(W G_i).
        norms: `(terms, terms)`, tr(W G_i W G_j).
        scores: `(terms,)`, y'P G_i P y.
        curvatures: `(terms, terms)`, y'P G_i P G_j P y.
    """

    traces: Floats
    norms: Floats
    scores: Floats
    curvatures: Floats


def moments(problem: Problem, at: Projection) -> Moments:
    """All that first and second derivatives of the deviance are made of."""
    traces, norms = _traces_and_norms(
        problem, at, at.inverse if problem.reml else at.inverse_random
    )
    inner, border = at.scores_inner[..., None], at.scores_border[..., None]
    scores = _by_term(problem, (at.scores_inner**2).sum(axis=0), at.scores_border**2)
    curvatures = np.empty((problem.terms, problem.terms))
    for term in range(problem.terms):
        image = apply(at, *term_rows(problem, inner, border, term))
        curvatures[term] = _by_term(
            problem, (inner * image[0]).sum(axis=(0, 2)), (border * image[1])[:, 0]
        )
    return Moments(traces, norms, scores, curvatures)


def apply(at: Projection, inner: Floats, border: Floats) -> tuple[Floats, Floats]:
    """T v for T = Z'PZ and v given as `(blocks, width, columns)` and `(m, columns)`."""
    flat = inner.reshape(-1, border.shape[1])
    shared = at.shared_inner.reshape(len(flat), -1).T @ flat
    shared = at.inverse @ (shared + at.shared_border.T @ border)
    top = at.blocks @ inner + at.block_border @ border - at.shared_inner @ shared
    bottom = at.block_border.reshape(len(flat), -1).T @ flat + at.border @ border
    return top, bottom - at.shared_border @ shared


def term_products(problem: Problem, inner: Floats, border: Floats) -> Floats:
    """V_i'V_i for the rows V_i of each random term; `(terms, columns, columns)`."""
    columns = border.shape[1]
    products = np.empty((problem.terms, columns, columns))
    for term in range(problem.terms):
        ours = inner[:, problem.inner_terms == term].reshape(-1, columns)
        theirs = border[problem.border_terms == term]
        products[term] = ours.T @ ours + theirs.T @ theirs
    return products


def term_rows(problem: Problem, inner: Floats, border: Floats, term: int) -> tuple[Floats, Floats]:
    """The rows of one random term, with zeros for those of the others."""
    return (
        inner * (problem.inner_terms == term)[:, None],
        border * (problem.border_terms == term)[:, None],
    )


def _by_term(problem: Problem, inner: Floats, border: Floats) -> Floats:
    """Sum values per random effect, `(width,)` and `(m,)`, by term."""
    by_inner = _indicator(problem.inner_terms, problem.terms)
    sums: Floats = inner @ by_inner + border @ _indicator(problem.border_terms, problem.terms)
    return sums


def _traces_and_norms(problem: Problem, at: Projection, inverse: Floats) -> tuple[Floats, Floats]:
    """tr(T_ii) and the squared Frobenius norms of T_ij, T = T0 − F inverse F' never formed.

    |T_ij|² within the inner effects is |T0_ij|² − 2 <T0_ij, (F inverse F')_ij> + a term of the
    size of the border only; T0 is block diagonal there.
    """
    image = at.shared_inner @ inverse
    low_rank = image @ at.shared_inner.transpose(0, 2, 1)
    crossed = at.block_border - image @ at.shared_border.T
    border = at.border - at.shared_border @ inverse @ at.shared_border.T
    inner = (at.blocks * (at.blocks - 2.0 * low_rank)).sum(axis=0)
    by_inner = _indicator(problem.inner_terms, problem.terms)
    by_border = _indicator(problem.border_terms, problem.terms)
    mixed = by_inner.T @ (crossed**2).sum(axis=0) @ by_border
    norms = by_inner.T @ inner @ by_inner + mixed + mixed.T
    norms += by_border.T @ border**2 @ by_border
    grams = inverse @ term_products(problem, at.shared_inner, np.zeros_like(at.shared_border))
    norms += [[float(np.sum(first * second.T)) for second in grams] for first in grams]
    diagonal = np.einsum("gww->w", at.blocks - low_rank)
    traces: Floats = diagonal @ by_inner + np.diag(border) @ by_border
    return traces, norms


def _indicator(codes: Integers, levels: int) -> Floats:
    return np.eye(levels)[codes]


def slopes(problem: Problem, at: Projection, parts: Moments) -> Floats:
    """Derivative of the profiled deviance by each ratio; `(terms,)`."""
    gradient: Floats = parts.traces - problem.freedom * parts.scores / at.residual_ss
    return gradient


def observed_hessian(problem: Problem, at: Projection, parts: Moments) -> Floats:
    """Second derivative of the profiled deviance by the ratios; `(terms, terms)`."""
    relative = parts.scores / at.residual_ss
    curved = 2.0 * parts.curvatures / at.residual_ss - np.outer(relative, relative)
    hessian: Floats = problem.freedom * curved - parts.norms
    return hessian


def expected_hessian(problem: Problem, parts: Moments) -> Floats:
    """Its expectation (Fisher information times two); positive definite where identified."""
    hessian: Floats = parts.norms - np.outer(parts.traces, parts.traces) / problem.freedom
    return hessian

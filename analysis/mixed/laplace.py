"""Generalised models with random effects, by Laplace's approximation.

    log L ≈ Σ log p(y_i | η_i) − u'u/2 − log det(K)/2   at the mode u of the first two,
    η = offset + X b + Z Λ u,   u ~ N(0, I),   K = I + Λ Z'WZ Λ,   W = −d² log p/dη²

as `ordinal::clmm` and lme4's `glmer` do (Pinheiro & Bates 1995; Christensen 2019). The gradient
is exact, with the mode's own movement in it, so a quasi-Newton search needs few evaluations. K is
bordered block diagonal (`structure`), so blocks go first here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import linalg, optimize

from analysis.mixed.families import Family, Slopes
from analysis.mixed.structure import Cross, Floats, Structure

_MOST_MODE_STEPS = 60
_MODE_CLOSE = 1e-17
"""Newton stops where a step gains less: log det K moves with the mode, not with its square."""
_FIRST_STEP = 100.0
"""Rows that are guessed to tell a parameter to ±1: saves a fifth of the evaluations."""
_FIRST_SD, _LEAST_SD = 0.5, 0.1
"""Standard deviations to begin with: at zero their gradient vanishes."""
_STEP = 1e-4
"""For second derivatives by central differences of the exact gradient."""
_BOUNDLESS = 15.0
"""A log odds ratio, or its standard error, beyond this grows without bound: complete separation."""
_FLAT = 1e-3
"""A gradient whose Newton step gains less than this many log-likelihood units is converged."""


FEW_LEVELS = 12
"""Wald and likelihood ratio tests of effects that vary over fewer levels are too optimistic."""


@dataclass(frozen=True, eq=False)
class Model:
    """What is to be fitted.

    Attributes:
        family: the density of a row given η.
        fixed: X, `(n, p)`.
        structure: Z.
    """

    family: Family
    fixed: Floats
    structure: Structure


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model; t parameters of the family, p coefficients, s standard deviations.

    Attributes:
        own: `(t,)`, natural parameters of the family.
        coefficients: `(p,)`.
        sds: `(s,)`, of the random terms, in the order of the structure.
        covariance: `(t + p + s, t + p + s)`, from the observed information.
        log_likelihood: by Laplace.
        converged: a Newton step would gain next to nothing, and no coefficient is boundless.
        modes: `(blocks, width)` and `(border,)`, of u times its standard deviation.
    """

    own: Floats
    coefficients: Floats
    sds: Floats
    covariance: Floats
    log_likelihood: float
    converged: bool
    modes: tuple[Floats, Floats]


@dataclass(frozen=True, eq=False)
class _Factor:
    """K = I + Λ Z'WZ Λ, factorised: what solves and inverts it."""

    root: Floats
    half: Floats
    rest: Floats
    logdet: float

    @classmethod
    def of(cls, cross: Cross, inner: Floats, border: Floats) -> _Factor:
        blocks = inner[:, None] * cross.inner * inner + np.eye(inner.size)
        lower = np.linalg.cholesky(blocks)
        root = np.linalg.inv(lower)
        half = root @ (inner[:, None] * cross.mixed * border)
        stacked = half.reshape(half.shape[0] * half.shape[1], border.size)
        rest = border[:, None] * cross.border * border + np.eye(border.size)
        rest -= stacked.T @ stacked
        rest = np.asarray(np.linalg.cholesky(rest), np.float64)
        logs = np.log(np.diagonal(lower, axis1=1, axis2=2)).sum() + np.log(np.diag(rest)).sum()
        return cls(root, half, rest, 2.0 * float(logs))

    @cached_property
    def schur(self) -> Floats:
        """The border's block of K⁻¹: not needed on the way to the mode."""
        inverse = linalg.cho_solve((self.rest, True), np.eye(len(self.rest)), check_finite=False)
        return np.asarray(inverse, np.float64)

    def solve(self, inner: Floats, border: Floats) -> tuple[Floats, Floats]:
        top = (self.root @ inner[:, :, None])[:, :, 0]
        reduced = border - np.tensordot(top, self.half, 2)
        bottom = linalg.cho_solve((self.rest, True), reduced, check_finite=False)
        left = top - self.half @ bottom
        return (left[:, None, :] @ self.root)[:, 0], np.asarray(bottom, np.float64)

    def inverse(self) -> Cross:
        """The blocks of K⁻¹ where Z'Z has entries."""
        back = self.root.transpose(0, 2, 1)
        image = back @ self.half
        spread = image @ self.schur
        return Cross(back @ self.root + spread @ image.transpose(0, 2, 1), -spread, self.schur)


class _Search:
    """The negative log-likelihood and its gradient, with the last mode as the next start."""

    def __init__(self, model: Model, own: int) -> None:
        self.model, self.own = model, own
        structure = model.structure
        self.inner = np.zeros((structure.blocks, structure.width))
        self.border = np.zeros(structure.border_width)

    def split(self, point: Floats) -> tuple[Floats, Floats, Floats]:
        p = self.model.fixed.shape[1]
        return point[: self.own], point[self.own : self.own + p], point[self.own + p :]

    def spread(self, sds: Floats) -> tuple[Floats, Floats]:
        structure = self.model.structure
        return sds[structure.inner_terms], sds[structure.border_terms]

    def mode(self, point: Floats) -> tuple[Slopes, _Factor]:
        """Move (inner, border) to the mode by damped Newton steps."""
        own, coefficients, sds = self.split(point)
        structure, (inner_sd, border_sd) = self.model.structure, self.spread(sds)
        base = self.model.fixed @ coefficients

        def penalised(inner: Floats, border: Floats) -> tuple[float, Slopes]:
            eta = base + structure.times(inner * inner_sd, border * border_sd)
            slopes = self.model.family.slopes(eta, own)
            penalty = float(np.sum(inner**2) + np.sum(border**2)) / 2.0
            return penalty - float(slopes.value.sum()), slopes

        value, slopes = penalised(self.inner, self.border)
        for _ in range(_MOST_MODE_STEPS):
            weights = np.maximum(-slopes.second, 0.0)
            factor = _Factor.of(structure.cross(weights), inner_sd, border_sd)
            pull = structure.transposed_times(slopes.first)
            gradient = pull[0] * inner_sd - self.inner, pull[1] * border_sd - self.border
            step = factor.solve(*gradient)
            gain = float(np.sum(step[0] * gradient[0]) + np.sum(step[1] * gradient[1]))
            if gain < _MODE_CLOSE:
                break
            size = 1.0
            while size > 1e-6:
                trial = self.inner + size * step[0], self.border + size * step[1]
                there, slopes_there = penalised(*trial)
                if there < value + 1e-10:
                    break
                size /= 2.0
            (self.inner, self.border), value, slopes = trial, there, slopes_there
        return slopes, factor

    def value_and_gradient(self, point: Floats) -> tuple[float, Floats]:
        """At natural parameters; the derivation is in the module's first lines.

        With h_i = (ZΛK⁻¹ΛZ')_ii, a = −h l'''/2 and v = K⁻¹ΛZ'a, the mode's movement enters
        through q = ZΛv only.
        """
        slopes, factor = self.mode(point)
        structure, sds = self.model.structure, self.split(point)[2]
        inner_sd, border_sd = self.spread(sds)
        inverse = factor.inverse()
        leverage = structure.quadratic(
            Cross(
                inner_sd[:, None] * inverse.inner * inner_sd,
                inner_sd[:, None] * inverse.mixed * border_sd,
                border_sd[:, None] * inverse.border * border_sd,
            )
        )
        bend = -0.5 * leverage * slopes.third
        sums = structure.transposed_times(bend)
        v = factor.solve(sums[0] * inner_sd, sums[1] * border_sd)
        q = structure.times(v[0] * inner_sd, v[1] * border_sd)
        residual = bend + q * slopes.second - slopes.first
        by_own = (
            -slopes.by_own
            - 0.5 * leverage[:, None] * slopes.second_by_own
            + q[:, None] * slopes.first_by_own
        )
        # Z'(residual) u and v Z'l' per effect; the determinant's own share per term.
        down, pull = structure.transposed_times(residual), structure.transposed_times(slopes.first)
        by_inner = (down[0] * self.inner + v[0] * pull[0]).sum(axis=0)
        by_border = down[1] * self.border + v[1] * pull[1]
        free_inner = (1.0 - np.diagonal(inverse.inner, axis1=1, axis2=2)).sum(axis=0)
        free_border = 1.0 - np.diag(inverse.border)
        terms = len(sds)
        safe = np.where(sds == 0.0, np.inf, sds)
        by_sd = _by_term(structure.inner_terms, by_inner, terms) + _by_term(
            structure.border_terms, by_border, terms
        )
        by_sd += (
            _by_term(structure.inner_terms, free_inner, terms)
            + _by_term(structure.border_terms, free_border, terms)
        ) / safe
        gradient = np.concatenate([by_own.sum(axis=0), self.model.fixed.T @ residual, by_sd])
        penalty = float(np.sum(self.inner**2) + np.sum(self.border**2)) / 2.0
        return penalty - float(slopes.value.sum()) + factor.logdet / 2.0, gradient


def _by_term(codes: np.ndarray, values: Floats, terms: int) -> Floats:
    return np.asarray(values @ np.eye(terms)[codes], dtype=np.float64)


def optimism(sds: Mapping[str, float], levels: Mapping[str, int]) -> list[str]:
    """A note where systems vary over few participants or passages: z and χ² know no small samples.

    Args:
        sds: of each random term, such as "passage:system".
        levels: how many participants and passages there are.
    """
    few = [
        f"{count} {name}s"
        for name, count in levels.items()
        if count < FEW_LEVELS and sds.get(f"{name}:system", 0.0) > 0.0
    ]
    if not few:
        return []
    return [
        f"With {' and '.join(few)}, p-values and intervals by Laplace's approximation are somewhat "
        "too optimistic: they take the variances as known."
    ]


@dataclass(frozen=True, eq=False)
class Start:
    """Where to begin.

    Attributes:
        own: `(t,)`, free parameters of the family.
        sds: `(s,)`, standard deviations.
        inverse: `(t + s, t + s)`, a guess of their covariance; None without one.
    """

    own: Floats
    sds: Floats
    inverse: Floats | None = None


def fit(model: Model, start: Start) -> Fit:
    """Maximise the approximate likelihood, and find how sure the parameters are."""
    search = _Search(model, start.own.size)
    return _finish(search, _maximise(search, start)[0])


def maximum(model: Model, own: Floats) -> tuple[float, Start]:
    """The greatest log-likelihood of a model without X, and the start of one with X from there.

    Args:
        model: family and Z.
        own: start of the family's free parameters, `(t,)`.
    """
    sds = np.full(len(model.structure.terms), _FIRST_SD)
    found, value, inverse = _maximise(_Search(model, own.size), Start(own, sds))
    there = np.maximum(np.abs(found[own.size :]), _LEAST_SD)
    return -value, Start(found[: own.size], there, inverse)


def _maximise(search: _Search, begin: Start) -> tuple[Floats, float, Floats]:
    """BFGS over free parameters, coefficients, standard deviations: where, value, covariance."""
    model, own, sds = search.model, begin.own, begin.sds
    t = own.size

    def objective(point: Floats) -> tuple[float, Floats]:
        natural = np.concatenate([model.family.natural(point[:t]), point[t:]])
        value, gradient = search.value_and_gradient(natural)
        gradient[:t] = model.family.jacobian(point[:t]).T @ gradient[:t]
        return value, gradient

    start = np.concatenate([own, np.zeros(model.fixed.shape[1]), sds])
    if start.size == 0:
        return start, objective(start)[0], np.zeros((0, 0))
    # Information grows with the rows, so the first step of BFGS has to shrink with them.
    guess = np.eye(start.size) * min(1.0, _FIRST_STEP / len(model.fixed))
    if begin.inverse is not None:
        known = np.delete(np.arange(start.size), np.s_[t : t + model.fixed.shape[1]])
        guess[np.ix_(known, known)] = begin.inverse
    found = optimize.minimize(
        objective,
        start,
        jac=True,
        method="BFGS",
        options={"gtol": 1e-4, "maxiter": 500, "hess_inv0": guess},
    )
    covariance = np.asarray(found.hess_inv, np.float64)
    return found.x, float(found.fun), (covariance + covariance.T) / 2.0


def _finish(search: _Search, found: Floats) -> Fit:
    """Second derivatives, one Newton step to the very optimum, and the covariance."""
    t, ends = search.own, search.own + search.model.fixed.shape[1]
    natural = search.model.family.natural(found[:t])
    point = np.concatenate([natural, found[t:ends], np.abs(found[ends:])])
    hessian = _hessian(search, point)
    value, gradient = search.value_and_gradient(point)
    inverse = np.asarray(np.linalg.pinv(hessian, rcond=1e-12, hermitian=True), np.float64)
    moved = point - inverse @ gradient
    moved[ends:] = np.abs(moved[ends:])
    gain = float(gradient @ inverse @ gradient) / 2.0
    if gain > 0.0 and bool(np.all(np.diff(moved[:t]) > 0.0)):
        better, _ = search.value_and_gradient(moved)
        point, value = (moved, better) if better <= value else (point, value)
    search.mode(point)
    own, coefficients, sds = search.split(point)
    inner_sd, border_sd = search.spread(sds)
    errors = np.sqrt(np.abs(np.diag(inverse)[t:ends]))
    bounded = bool(np.all(np.maximum(np.abs(coefficients), errors) < _BOUNDLESS))
    return Fit(
        own=own,
        coefficients=coefficients,
        sds=sds,
        covariance=inverse,
        log_likelihood=-value,
        converged=abs(gain) < _FLAT and bounded and bool(np.linalg.eigvalsh(hessian)[0] > -1e-6),
        modes=(search.inner * inner_sd, search.border * border_sd),
    )


def _hessian(search: _Search, point: Floats) -> Floats:
    rows = []
    for index in range(point.size):
        step = np.zeros(point.size)
        step[index] = _STEP
        above = search.value_and_gradient(point + step)[1]
        below = search.value_and_gradient(point - step)[1]
        rows.append((above - below) / (2.0 * _STEP))
    hessian = np.array(rows)
    return (hessian + hessian.T) / 2.0

"""The distribution of the studentized range, which Tukey's and Nemenyi's comparisons need.

    P(Q < q) = ∫ f(s) R(q s) ds,    R(w) = k ∫ φ(z) [Φ(z) − Φ(z − w)]^(k−1) dz

with s the root of a mean square with `df` degrees of freedom (Lund & Lund 1983, AS 190). Both
integrals are smooth, so Gauss-Legendre rules give about 1e-12 for all comparisons at once, a
hundred times faster than `scipy.stats.studentized_range`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincinv, gammaln, ndtr

from analysis.mixed.structure import Floats

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)
_Z = 8.5 * _NODES
_DENSITY = 8.5 * _WEIGHTS * np.exp(-0.5 * _Z**2) / np.sqrt(2.0 * np.pi)
_MOST_STEPS = 60


def studentized_range_sf(q: ArrayLike, groups: int, df: ArrayLike) -> Floats:
    """P(Q >= q) for the range of `groups` means; `q` and `df` broadcast, `df` may be infinite.

    The error is below 1e-11 absolute.
    """
    value, freedom = np.broadcast_arrays(np.asarray(q, float), np.asarray(df, float))
    result = np.empty(value.shape)
    for index in np.ndindex(value.shape):
        scale, weight = _root_mean_square(float(freedom[index]))
        result[index] = weight @ _range_sf(value[index] * scale, groups)
    return np.clip(result, 0.0, 1.0)


def studentized_range_quantile(level: float, groups: int, df: ArrayLike) -> Floats:
    """The q with P(Q < q) = `level` for each of `df`; by the secant method on log P(Q >= q)."""
    freedom = np.asarray(df, float)
    unique, back = np.unique(np.round(freedom, 9), return_inverse=True)
    target = np.log1p(-level)
    before, now = np.full(unique.shape, 3.0), np.full(unique.shape, 4.0)
    height = np.log(studentized_range_sf(before, groups, unique)) - target
    for _ in range(_MOST_STEPS):
        there = np.log(studentized_range_sf(now, groups, unique)) - target
        rise = there - height
        step = np.divide(-there * (now - before), rise, out=np.zeros_like(now), where=rise != 0.0)
        before, height, now = now, there, np.maximum(now + step, now / 4.0)
        if np.all(np.abs(step) < 1e-10 * now):
            break
    quantiles: Floats = now[back].reshape(freedom.shape)
    return quantiles


def _range_sf(width: Floats, groups: int) -> Floats:
    """P(range of `groups` standard normal values >= width), for each width."""
    inside = ndtr(_Z) - ndtr(_Z - width[:, None])
    tail: Floats = 1.0 - groups * (inside ** (groups - 1) @ _DENSITY)
    return tail


def _root_mean_square(df: float) -> tuple[Floats, Floats]:
    """Nodes and weights for the distribution of sqrt(chi²(df) / df)."""
    if np.isinf(df):
        return np.ones(1), np.ones(1)
    low = np.sqrt(2.0 / df * gammaincinv(df / 2.0, 1e-17))
    high = np.sqrt(2.0 / df * (gammaincinv(df / 2.0, 1.0 - 1e-15)))
    s = low + (high - low) * (_NODES + 1.0) / 2.0
    log_density = (
        np.log(2.0)
        + df / 2.0 * np.log(df / 2.0)
        - gammaln(df / 2.0)
        + (df - 1.0) * np.log(s)
        - df * s**2 / 2.0
    )
    weight = np.exp(log_density) * _WEIGHTS
    return s, weight / weight.sum()

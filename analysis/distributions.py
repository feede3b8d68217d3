"""Tails and quantiles of the distributions that tests refer to, and ranks.

`scipy.stats` has them, too, but behind half a second of imports and a tenth of a millisecond a
call; these are the functions of `scipy.special` that it calls itself. Numbers and arrays are
broadcast; what comes back is an array, without axes for numbers.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Numbers = float | Floats


def normal_sf(z: Numbers) -> Floats:
    """P(Z > z) of the standard normal distribution."""
    return np.asarray(special.ndtr(-np.asarray(z)))


def normal_density(z: Numbers) -> Floats:
    """The density of the standard normal distribution."""
    return np.asarray(np.exp(-0.5 * np.square(z)) / np.sqrt(2.0 * np.pi))


def normal_quantile(p: Numbers) -> Floats:
    """The z with P(Z <= z) = p."""
    return np.asarray(special.ndtri(p))


def t_sf(t: Numbers, df: Numbers) -> Floats:
    """P(T > t) of Student's distribution; infinite degrees of freedom are the normal one."""
    return np.where(np.isposinf(df), normal_sf(t), special.stdtr(df, -np.asarray(t)))


def t_quantile(p: Numbers, df: Numbers) -> Floats:
    """The t with P(T <= t) = p."""
    return np.where(np.isposinf(df), normal_quantile(p), special.stdtrit(df, p))


def f_sf(f: Numbers, df1: Numbers, df2: Numbers) -> Floats:
    """P(F > f) of Fisher's distribution; rounding below 0 counts as 0."""
    return np.asarray(special.fdtrc(df1, df2, np.maximum(f, 0.0)))


def f_quantile(p: Numbers, df1: Numbers, df2: Numbers) -> Floats:
    """The f with P(F <= f) = p."""
    return np.asarray(special.fdtri(df1, df2, p))


def chi2_sf(x: Numbers, df: Numbers) -> Floats:
    """P(χ² > x), NaN without degrees of freedom; rounding below 0 counts as 0."""
    return np.where(np.greater(df, 0), special.chdtrc(df, np.maximum(x, 0.0)), np.nan)


def midranks(values: Floats, axis: Literal[0, 1] | None = None) -> Floats:
    """Ranks from 1 along an axis, or of all values, equal ones sharing their mean rank."""
    if axis is None:
        return midranks(values.reshape(-1, 1), 0).reshape(values.shape)
    return np.asarray(pd.DataFrame(values).rank(axis=axis), dtype=np.float64)

"""Tails, quantiles and ranks are those of scipy.stats, to the last digit where it has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from analysis import distributions

VALUES = np.concatenate([np.linspace(-40.0, 40.0, 401), [np.nan, -1e-17, 1e3]])
CHANCES = np.concatenate([np.linspace(0.001, 0.999, 101), [1e-12, 0.975]])
FREEDOMS = [0.3, 1.0, 2.5, 7.0, 30.0, 1e3, 1e6]


def same(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-300)


def test_normal() -> None:
    same(distributions.normal_sf(VALUES), stats.norm.sf(VALUES))
    same(distributions.normal_density(VALUES), stats.norm.pdf(VALUES))
    same(distributions.normal_quantile(CHANCES), stats.norm.ppf(CHANCES))


@pytest.mark.parametrize("df", [*FREEDOMS, np.inf])
def test_t(df: float) -> None:
    same(distributions.t_sf(VALUES, df), stats.t.sf(VALUES, df))
    same(distributions.t_quantile(CHANCES, df), stats.t.ppf(CHANCES, df))


@pytest.mark.parametrize("df", FREEDOMS)
def test_chi2_and_f(df: float) -> None:
    same(distributions.chi2_sf(VALUES, df), stats.chi2.sf(VALUES, df))
    for df2 in FREEDOMS:
        same(distributions.f_sf(VALUES, df, df2), stats.f.sf(VALUES, df, df2))
    inner = CHANCES[(CHANCES > 0.01) & (CHANCES < 0.99)]
    same(distributions.f_quantile(inner, df, 12.0), stats.f.ppf(inner, df, 12.0))


def test_without_degrees_of_freedom_there_is_no_tail() -> None:
    assert np.isnan(distributions.chi2_sf(1.0, 0))
    assert np.isnan(distributions.t_sf(1.0, 0))
    assert np.isnan(distributions.f_sf(1.0, 0, 5))


@given(
    arrays.arrays(
        np.float64,
        arrays.array_shapes(min_dims=2, max_dims=2, max_side=8),
        elements=st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 0.5000001, 3.0, np.inf]),
    )
)
def test_midranks(values: np.ndarray) -> None:
    assert np.array_equal(distributions.midranks(values, 0), stats.rankdata(values, axis=0))
    assert np.array_equal(distributions.midranks(values, 1), stats.rankdata(values, axis=1))
    flat = stats.rankdata(values).reshape(values.shape)
    assert np.array_equal(distributions.midranks(values), flat)

"""Figures of residuals of a large study show as much as can be seen, and no more."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes

from analysis.plots import style
from analysis.plots.assessors import (
    MOST_QUANTILES,
    MOST_RESIDUALS,
    residual_plot,
    residuals_by_fitted,
)
from analysis.residuals import Residuals


def residuals(count: int) -> Residuals:
    rng = np.random.default_rng(1)
    left = rng.normal(size=count)
    return Residuals(np.arange(count, dtype=float), left, np.sort(rng.normal(size=count)), 0.0)


def points(axes: Axes) -> np.ndarray:
    (line,) = [line for line in axes.lines if line.get_marker() == "."]
    return np.asarray(line.get_xydata())


@pytest.mark.parametrize("count", [50, 40_000])
def test_what_is_drawn_are_residuals_and_both_ends_are(count: int) -> None:
    found = residuals(count)
    with style.context():
        ranks, scores = points(residual_plot(found)), points(residuals_by_fitted(found))
    assert len(ranks) == min(count, MOST_QUANTILES)
    assert (ranks[0, 1], ranks[-1, 1]) == (found.residual.min(), found.residual.max())
    assert len(scores) == min(count, MOST_RESIDUALS)
    np.testing.assert_array_equal(scores[:, 1], found.residual[scores[:, 0].astype(int)])
    # Every eighth would be one system of eight.
    assert len(set(scores[:, 0] % 8)) == 8

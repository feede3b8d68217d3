"""What a repeated-measures analysis leaves unexplained, and whether it looks normal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.descriptive import shape_of
from analysis.distributions import normal_quantile
from analysis.ratings import FloatArray, Ratings

SKEWED_ABOVE = 0.5
NON_PARAMETRIC_ABOVE = 1.0


@dataclass(frozen=True, eq=False)
class Residuals:
    """Residuals of score ~ participant + passage × system.

    Attributes:
        fitted, residual: shape (cells,).
        normal: the normal quantile that belongs to each sorted residual, shape (cells,).
        skewness: of the residuals (G1).
    """

    fitted: FloatArray
    residual: FloatArray
    normal: FloatArray
    skewness: float

    @property
    def verdict(self) -> str:
        """What BS.1534-3 (Attachment 4) makes of the skewness."""
        size = abs(self.skewness)
        if size > NON_PARAMETRIC_ABOVE:
            return "far from normal: prefer the rank-based tests"
        if size > SKEWED_ABOVE:
            return "somewhat skewed: compare with the rank-based tests"
        return "no sign against normal residuals"


def residuals(ratings: Ratings) -> Residuals | None:
    """Residuals over the participants who rated everything; None below two of them."""
    cells = ratings.cells
    cells = cells[~np.isnan(cells).any(axis=(1, 2))]
    if len(cells) < 2:
        return None
    person = cells.mean(axis=(1, 2), keepdims=True)
    fitted = cells.mean(axis=0, keepdims=True) + person - cells.mean()
    left = (cells - fitted).reshape(-1)
    places = (np.arange(len(left)) + 0.5) / len(left)
    return Residuals(fitted.reshape(-1), left, normal_quantile(places), shape_of(left)[0])

"""Second-order filters of the equaliser: the formulas of the Audio EQ Cookbook.

R. Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients". The formulas are
plain arithmetic, so that the offline console feeds them floats and the differentiable one tensors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from mixers.settings import EqBand, EqKind

if TYPE_CHECKING:
    from torch import Tensor

Value = TypeVar("Value", float, "Tensor")

HIGHEST = 0.49
"""Filters above this share of the sample rate are set there."""


def coefficients(kind: EqKind, cos: Value, alpha: Value, a: Value) -> tuple[Value, ...]:
    """A filter as (b0, b1, b2, a1, a2), normalised to a0 = 1.

    Args:
        kind: which filter.
        cos: of w = 2 π frequency / sample rate.
        alpha: sin(w) / (2 q).
        a: 10^(gain_db / 40); a high-pass has no gain and leaves it out.
    """
    if kind == "high_pass":
        b0, b1, b2 = (1 + cos) / 2, -(1 + cos), (1 + cos) / 2
        a0, a1, a2 = 1 + alpha, -2 * cos, 1 - alpha
    elif kind == "peak":
        b0, b1, b2 = 1 + alpha * a, -2 * cos, 1 - alpha * a
        a0, a1, a2 = 1 + alpha / a, -2 * cos, 1 - alpha / a
    else:
        # The high shelf is the low shelf with the sign of the cosine and of z turned.
        turn = 1 if kind == "low_shelf" else -1
        c = turn * cos
        root = 2 * a**0.5 * alpha
        b0 = a * ((a + 1) - (a - 1) * c + root)
        b1 = turn * 2 * a * ((a - 1) - (a + 1) * c)
        b2 = a * ((a + 1) - (a - 1) * c - root)
        a0 = (a + 1) + (a - 1) * c + root
        a1 = turn * -2 * ((a - 1) + (a + 1) * c)
        a2 = (a + 1) + (a - 1) * c - root
    return b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0


def biquad(band: EqBand, sample_rate_hz: int) -> NDArray[np.float64]:
    """A filter as `(5,)`: b0, b1, b2, a1, a2."""
    w = 2 * np.pi * min(band.frequency_hz / sample_rate_hz, HIGHEST)
    alpha = float(np.sin(w)) / (2 * band.q)
    return np.array(coefficients(band.kind, float(np.cos(w)), alpha, 10 ** (band.gain_db / 40)))

"""The offline compressor, block by block.

Gain computer with soft knee (Giannoulis, Massberg, Reiss, JAES 60(6), 2012, equation 4), smoothed
in dB by the smooth decoupled peak detector (equation 17).
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

from mixers.multitrack import Samples
from mixers.settings import Compressor

Array = NDArray[np.float64]

FLOOR_DB = -120.0
"""No lower level is heard."""
NARROWEST_KNEE_DB = 1e-3
"""A harder knee is not told apart, and would divide by zero."""
DB_PER_NEPER = 20 / math.log(10)


class Dynamics:
    """A compressor that remembers where the last block ended."""

    def __init__(self, compressor: Compressor, sample_rate_hz: int) -> None:
        attack, release = (
            math.exp(-1000 / (time_ms * sample_rate_hz))
            for time_ms in (compressor.attack_ms, compressor.release_ms)
        )
        knee_db = max(compressor.knee_db, NARROWEST_KNEE_DB)
        slope = 1 - 1 / compressor.ratio
        # In the kernel's order; levels are natural logarithms of amplitude, as are gains.
        self._curve = np.array(
            [
                compressor.threshold_db / DB_PER_NEPER,
                slope,
                knee_db / 2 / DB_PER_NEPER,
                slope / (2 * knee_db / DB_PER_NEPER),
                compressor.makeup_db / DB_PER_NEPER,
                attack,
                release,
            ]
        )
        self._state = np.zeros(2)

    def process(self, sound: Samples, key: Samples) -> Samples:
        """Compress the next block, `(channels, frames)`, with one gain for all its channels.

        Args:
            sound: the block; it is left as it is.
            key: what is followed, as long; its loudest channel counts.
        """
        level = np.abs(key[0])
        if len(key) == 2:
            np.maximum(level, np.abs(key[1]), out=level)
        np.maximum(level, np.float32(10 ** (FLOOR_DB / 20)), out=level)
        np.log(level, out=level)
        _ride(level, self._curve, self._state)
        np.exp(level, out=level)
        return np.asarray(sound * level)


def _levels_to_gains(level: Samples, curve: Array, state: Array) -> None:
    """Replace levels by gains, both as natural logarithms of amplitude, `(frames,)`."""
    threshold, slope, half_knee, bend, makeup, attack, release = curve
    held, smooth = state
    for n in range(len(level)):
        over = level[n] - threshold
        inside = min(max(over + half_knee, 0.0), 2 * half_knee)
        x = bend * inside * inside + slope * max(over - half_knee, 0.0)
        falling = release * held + (1 - release) * x
        held = falling if falling > x else x
        smooth = attack * smooth + (1 - attack) * held
        level[n] = makeup - smooth
    # In long silence the recursion would crawl through denormal numbers.
    state[0] = held if held > 1e-30 else 0.0
    state[1] = smooth if smooth > 1e-30 else 0.0


_finite = {"contract", "nnan", "ninf", "nsz"}
"""Liberties of the compiler that shorten the recursion; every level is finite."""
_ride = numba.njit(cache=True, nogil=True, fastmath=_finite)(_levels_to_gains)

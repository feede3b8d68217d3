"""The offline equaliser: second-order sections in series, block by block."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from mixers.cookbook import biquad
from mixers.multitrack import Samples
from mixers.settings import EqBand

Array = NDArray[np.float64]

PASS = (1.0, 0.0, 0.0, 0.0, 0.0)
"""A section that changes nothing, to the bit."""
TOGETHER = 3
"""Sections run three at a time: their recursions wait for one another no longer than one would."""


class Equaliser:
    """Filters that remember where the last block ended."""

    def __init__(self, bands: tuple[EqBand, ...], channels: int, sample_rate_hz: int) -> None:
        sections = [biquad(band, sample_rate_hz) for band in bands]
        padding = [np.array(PASS)] * (-len(sections) % TOGETHER)
        self._sections = np.array(sections + padding).reshape(-1, 5)
        self._state = np.zeros((channels, len(self._sections), 2))

    def process(self, sound: Samples) -> None:
        """Filter the next block, `(channels, frames)`, in place; in double precision inside."""
        if len(self._sections):
            _filter(sound, self._sections, self._state)


def _filter_threes(sound: Samples, sections: Array, state: Array) -> None:
    """Transposed direct form II, three sections a pass."""
    for channel in range(sound.shape[0]):
        for first in range(0, len(sections), TOGETHER):
            b0, b1, b2, a1, a2 = sections[first]
            d0, d1, d2, c1, c2 = sections[first + 1]
            f0, f1, f2, e1, e2 = sections[first + 2]
            s1, s2 = state[channel, first]
            t1, t2 = state[channel, first + 1]
            u1, u2 = state[channel, first + 2]
            for n in range(sound.shape[1]):
                w = np.float64(sound[channel, n])
                x = b0 * w + s1
                s1 = (b1 * w + s2) - a1 * x
                s2 = b2 * w - a2 * x
                y = d0 * x + t1
                t1 = (d1 * x + t2) - c1 * y
                t2 = d2 * x - c2 * y
                z = f0 * y + u1
                u1 = (f1 * y + u2) - e1 * z
                u2 = f2 * y - e2 * z
                sound[channel, n] = z
            state[channel, first, 0], state[channel, first, 1] = s1, s2
            state[channel, first + 1, 0], state[channel, first + 1, 1] = t1, t2
            state[channel, first + 2, 0], state[channel, first + 2, 1] = u1, u2
    # In long silence the recursions would crawl through denormal numbers.
    if np.abs(state).max() < 1e-30:
        state[:] = 0.0


_filter = numba.njit(cache=True, nogil=True, fastmath={"contract"})(_filter_threes)

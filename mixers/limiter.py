"""The true-peak limiter of the bus: it looks ahead, and turns down smoothly before a peak comes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy import ndimage

from mixers.loudness import MARGIN_FRAMES, oversampling
from mixers.multitrack import Samples

REACH_S = 0.003
"""The gain takes this long to come down, and as long to go up again."""
RINGING_FRAMES = 96
"""Reach of the interpolator to both sides; beyond it less than -100 dB is left."""


@lru_cache(maxsize=4)
def interpolator(factor: int) -> NDArray[np.float64]:
    """What `soxr` puts between samples, as `factor` filters of `2 RINGING_FRAMES + 1` taps.

    Filter p, laid around a sample (as a correlation), gives the value p / factor samples after it.
    """
    click = np.zeros((8 * RINGING_FRAMES, 1))
    click[4 * RINGING_FRAMES] = 1.0
    response = soxr.resample(click, 1, factor, "HQ")[:, 0]
    first = (4 * RINGING_FRAMES - RINGING_FRAMES) * factor
    taps = response[first : first + (2 * RINGING_FRAMES + 1) * factor].reshape(-1, factor)
    return np.ascontiguousarray(taps[::-1].T)


class Limiter:
    """Keeps the true peak (ITU-R BS.1770-4, annex 2) at a ceiling, block by block.

    The gain that each moment needs is held for two reaches around it and smoothed over one, so
    it is down in full where the peak is. Peaks are measured as `mixers.loudness.true_peak` does,
    and kept to 0.05 dB. What comes out is late by `delay_frames`.
    """

    def __init__(self, ceiling_dbtp: float, sample_rate_hz: int) -> None:
        self._ceiling = 10 ** (ceiling_dbtp / 20)
        self._reach = round(REACH_S * sample_rate_hz)
        self._factor = oversampling(sample_rate_hz)
        self.delay_frames = 3 * self._reach + MARGIN_FRAMES
        self._context = np.zeros((2, 2 * self.delay_frames), dtype=np.float32)

    def process(self, mix: Samples) -> Samples:
        """Limit the next block, `(2, frames)`; as many frames come out, late."""
        window = np.concatenate([self._context, mix], axis=1)
        self._context = window[:, mix.shape[1] :].copy()
        late = slice(self.delay_frames, self.delay_frames + mix.shape[1])
        needed = self._ceiling / np.maximum(self._peaks(window), self._ceiling)
        if needed.min() == 1.0:
            return window[:, late]
        held = ndimage.minimum_filter1d(needed, 4 * self._reach + 1, mode="nearest")
        for _ in range(2):
            held = ndimage.uniform_filter1d(held, self._reach + 1, mode="nearest")
        return (window[:, late] * held[late]).astype(np.float32)

    def _peaks(self, window: Samples) -> NDArray[np.float64]:
        """The highest of both sides at and right after every sample, `(frames,)`."""
        peaks: NDArray[np.float64] = np.abs(window).max(axis=0).astype(np.float64)
        if self._factor > 1:
            finer = np.abs(soxr.resample(np.ascontiguousarray(window.T), 1, self._factor, "HQ"))
            # soxr may keep a last value to itself.
            between = np.resize(finer.max(axis=1), self._factor * len(peaks))
            np.maximum(peaks, between.reshape(-1, self._factor).max(axis=1), out=peaks)
        return peaks

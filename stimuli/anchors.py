"""Low-pass anchors as ITU-R BS.1534-3 asks for: the known bad end of a MUSHRA page."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from mixers.multitrack import Samples

ANCHORS: dict[str, float] = {"anchor_3500": 3_500.0, "anchor_7000": 7_000.0}
"""Name -> the end of its pass band, in Hz: the low and the mid anchor."""

TRANSITION_HZ = 450.0
"""From the pass band to 60 dB of attenuation; the mask asks for 25 dB after 500 Hz and for 50 dB
after 1000 Hz, and for less than 0.1 dB of ripple in the pass band (annex 1, 5.1)."""
ATTENUATION_DB = 60.0


def low_pass(samples: Samples, sample_rate_hz: int, pass_hz: float) -> Samples:
    """Low-pass with linear phase and no delay: the result lies on the original, to the sample.

    Args:
        samples: `(channels, frames)`.
        sample_rate_hz: of the samples.
        pass_hz: the end of the pass band.

    Returns:
        As long as the input.

    Raises:
        ValueError: the sample rate is too low to hold the filter.
    """
    taps = low_pass_taps(sample_rate_hz, pass_hz)
    whole = signal.oaconvolve(samples.astype(np.float64), taps[None], axes=1)
    delay = len(taps) // 2
    return np.ascontiguousarray(whole[:, delay : delay + samples.shape[1]], dtype=np.float32)


@lru_cache(maxsize=16)
def low_pass_taps(sample_rate_hz: int, pass_hz: float) -> NDArray[np.float64]:
    """The impulse response of the anchor's filter: Kaiser window, odd length, unity gain at 0 Hz.

    Raises:
        ValueError: the sample rate is too low to hold the filter.
    """
    if pass_hz + TRANSITION_HZ >= sample_rate_hz / 2:
        raise ValueError(
            f"a rate of {sample_rate_hz} Hz is too low for an anchor of {pass_hz:.0f} Hz"
        )
    count, beta = signal.kaiserord(ATTENUATION_DB, TRANSITION_HZ / (sample_rate_hz / 2))
    middle_hz = pass_hz + TRANSITION_HZ / 2
    taps: NDArray[np.float64] = signal.firwin(
        count | 1, middle_hz, window=("kaiser", beta), fs=sample_rate_hz
    )
    return taps

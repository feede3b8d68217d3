"""Loudness and true peak of audio, as ITU-R BS.1770-4 defines them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy import signal

from mixers.multitrack import Samples

SILENCE_LUFS = -70.0
"""The absolute gate: what stays below it in every block has no loudness (annex 1)."""

BLOCK_S, HOP_S = 0.4, 0.1
PART_FRAMES, MARGIN_FRAMES = 1 << 18, 256
LOWEST_HZ, FINEST_HZ = 40_000, 176_400
"""Loudness is measured at `LOWEST_HZ` or more, for the bilinear transform bends the shelf of lower
rates by 0.1 LU and more; true peaks at `FINEST_HZ` or more (annex 2)."""


@lru_cache(maxsize=16)
def k_weighting(sample_rate_hz: int) -> NDArray[np.float64]:
    """The K-weighting filter as second-order sections `(2, 6)`, at any sample rate.

    The standard tabulates it for 48 kHz (annex 1, tables 1 and 2). Other rates take the analogue
    prototype behind those coefficients through the bilinear transform again, which at 48 kHz gives
    the table back to 1e-9.
    """
    shelf = _shelf(1681.974450955533, 3.999843853973347, 0.7071752369554196, sample_rate_hz)
    high_pass = _high_pass(38.13547087602444, 0.5003270373238773, sample_rate_hz)
    return np.stack([shelf, high_pass])


def integrated_loudness(samples: Samples, sample_rate_hz: int) -> float:
    """Measure the gated loudness of a whole programme, in LUFS.

    Args:
        samples: `(channels, frames)`, mono or stereo; mono counts as one channel.
        sample_rate_hz: of the samples.

    Returns:
        The loudness, or minus infinity for what never exceeds -70 LUFS. What is shorter than one
        block of 400 ms is measured as if silence followed.
    """
    finer = _times(LOWEST_HZ, sample_rate_hz)
    if finer > 1:
        samples = soxr.resample(np.ascontiguousarray(samples.T), 1, finer, "HQ").T
    energies = _block_energies(samples, sample_rate_hz * finer)
    threshold = 10 ** ((SILENCE_LUFS + 0.691) / 10)
    heard = energies[energies > threshold]
    if not len(heard):
        return -np.inf
    # The relative gate lies 10 LU below the loudness of what passed the absolute one.
    kept = heard[heard > heard.mean() / 10]
    return float(-0.691 + 10 * np.log10(kept.mean()))


def true_peak(samples: Samples, sample_rate_hz: int) -> float:
    """Measure the highest value that the waveform reaches between samples too, in dBTP.

    Oversamples to at least 176.4 kHz (annex 2). Digital silence gives minus infinity.
    """
    factor = oversampling(sample_rate_hz)
    peak = float(np.abs(samples).max())
    if factor > 1 and peak > 0:
        peak = max(peak, *(_peak_between(part, factor) for part in _parts(samples)))
    return 20 * float(np.log10(peak)) if peak > 0 else -np.inf


def oversampling(sample_rate_hz: int) -> int:
    """How many times finer a true peak is looked for: at 176.4 kHz or more (annex 2)."""
    return _times(FINEST_HZ, sample_rate_hz)


def _times(wanted_hz: int, sample_rate_hz: int) -> int:
    """By which whole number a rate is multiplied to reach another, or more; 1 where it does."""
    return max(1, -(-wanted_hz // sample_rate_hz))


def _parts(samples: Samples) -> Iterator[Samples]:
    """Stretches that overlap by the margin on both sides, so that long songs need little memory."""
    padded = np.pad(samples, ((0, 0), (MARGIN_FRAMES, MARGIN_FRAMES)))
    for start in range(0, samples.shape[1], PART_FRAMES):
        yield padded[:, start : start + PART_FRAMES + 2 * MARGIN_FRAMES]


def _peak_between(part: Samples, factor: int) -> float:
    oversampled = soxr.resample(np.ascontiguousarray(part.T), 1, factor, "HQ")
    margin = MARGIN_FRAMES * factor
    # What the filter makes of the cut at the margins is not in the programme.
    return float(np.abs(oversampled[margin:-margin]).max(initial=0.0))


def _block_energies(samples: Samples, sample_rate_hz: int) -> NDArray[np.float64]:
    """Mean square of every 400 ms block, channels summed; blocks overlap by 75 %."""
    hop = round(HOP_S * sample_rate_hz)
    per_block = round(BLOCK_S / HOP_S)
    hops = max(samples.shape[1] // hop, per_block)
    totals = np.zeros(hops)
    for channel in samples:
        padded = np.zeros(hops * hop)
        count = min(len(channel), len(padded))
        padded[:count] = channel[:count]
        weighted = signal.sosfilt(k_weighting(sample_rate_hz), padded).reshape(hops, hop)
        totals += np.einsum("ij,ij->i", weighted, weighted)
    blocks: NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(totals, per_block).sum(1)
    return blocks / (per_block * hop)


def _shelf(frequency_hz: float, gain_db: float, q: float, rate_hz: int) -> list[float]:
    k = np.tan(np.pi * frequency_hz / rate_hz)
    high = 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    b = (high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k)
    a = (a0, 2 * (k * k - 1), 1 - k / q + k * k)
    return [float(value / a0) for value in (*b, *a)]


def _high_pass(frequency_hz: float, q: float, rate_hz: int) -> list[float]:
    k = np.tan(np.pi * frequency_hz / rate_hz)
    a0 = 1 + k / q + k * k
    return [1.0, -2.0, 1.0, 1.0, float(2 * (k * k - 1) / a0), float((1 - k / q + k * k) / a0)]

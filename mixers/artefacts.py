"""What a system adds that no engineer would: clicks, clipping, a DC offset, hiss and aliasing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mixers.features import power_spectrum
from mixers.multitrack import Mix, Multitrack

CLICK_RATIO = 20.0
"""A click's second difference over the greatest median beside it."""
BESIDE_S = 0.001
"""Length of what lies beside a click, on either side."""
AROUND_FRAMES = 4
"""Frames around a click that belong to it."""
FLAT_FRAMES = 3
"""Equal samples in a row, at the peak, that tell clipping from a peak."""
HIGH_BANDS_HZ = (8_000, 10_000, 12_500, 16_000, 20_000)
FLOOR = 1e-8
"""Share of a sound's energy below which a band is empty: -80 dB."""


@dataclass(frozen=True)
class Artefacts:
    """Artefacts of a mix.

    Attributes:
        clicks_per_s: isolated jumps. The attack of a drum is none: it does not end as it began.
        clipped_share: share of samples that lie on flat tops, 0..1.
        dc_db: mean over root mean square; -120 where there is none.
        excess_high_db: by how much the share of energy in a band above 8 kHz exceeds that of
            whichever track has most there, in the worst band; 0 where it does not. Gains cannot
            raise it; an equaliser raises it by what it boosts; aliasing and hiss by tens of dB.
    """

    clicks_per_s: float
    clipped_share: float
    dc_db: float
    excess_high_db: float


def find_artefacts(mix: Mix, multitrack: Multitrack) -> Artefacts:
    """Measure the artefacts of a mix beside the tracks that it was made from."""
    samples = mix.samples.astype(np.float64)
    rms = float(np.sqrt(np.mean(samples**2)))
    mean = float(np.abs(samples.mean(axis=1)).max())
    clicks = sum(_clicks(channel, mix.sample_rate_hz) for channel in samples)
    return Artefacts(
        clicks_per_s=clicks * mix.sample_rate_hz / samples.shape[1],
        clipped_share=_clipped_share(samples),
        dc_db=20 * float(np.log10(max(mean / rms, 1e-6))) if rms > 0 else -120.0,
        excess_high_db=_excess_high_db(mix, multitrack),
    )


def _clicks(channel: NDArray[np.float64], sample_rate_hz: int) -> int:
    """Jumps that tower above what lies on both sides of them."""
    if len(channel) < 8 or not channel.any():
        return 0
    jumps = np.abs(np.diff(channel, 2))
    beside = max(8, round(BESIDE_S * sample_rate_hz))
    median = ndimage.median_filter(jumps, beside, mode="nearest")
    shift = beside // 2 + AROUND_FRAMES
    padded = np.pad(median, shift, mode="edge")
    around = np.maximum(padded[: -2 * shift], padded[2 * shift :])
    # Rounding to 16 bit makes small jumps beside silence.
    found = jumps > CLICK_RATIO * np.maximum(around, 2e-4 * np.abs(channel).max())
    places = np.flatnonzero(found)
    return int(np.sum(np.diff(places, prepend=-beside) > AROUND_FRAMES))


def _clipped_share(samples: NDArray[np.float64]) -> float:
    clipped = 0
    for channel in samples:
        peak = np.abs(channel).max()
        at_peak = (np.abs(channel) >= 0.9999 * peak) & (peak > 0)
        edges = np.flatnonzero(np.diff(at_peak, prepend=False, append=False))
        runs = edges[1::2] - edges[::2]
        clipped += int(runs[runs >= FLAT_FRAMES].sum())
    return clipped / samples.size


def _excess_high_db(mix: Mix, multitrack: Multitrack) -> float:
    rate_hz = mix.sample_rate_hz
    ours = _high_shares(power_spectrum(mix.samples, rate_hz), rate_hz)
    most = np.max(
        [_high_shares(power_spectrum(t.samples, rate_hz), rate_hz) for t in multitrack.tracks],
        axis=0,
    )
    excess_db = 10 * np.log10(np.maximum(ours, FLOOR) / np.maximum(most, FLOOR))
    return float(np.max(excess_db, initial=0.0))


def _high_shares(power: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """Shares of the energy in the high bands and in what lies above the last."""
    frequencies = np.linspace(0, rate_hz / 2, len(power))
    total = max(float(power.sum()), 1e-30)
    edges = (*HIGH_BANDS_HZ, rate_hz)
    return np.array(
        [power[(frequencies >= a) & (frequencies < b)].sum() / total for a, b in pairwise(edges)]
    )

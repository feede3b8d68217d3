"""The beat of a song: where its onsets repeat, found without a model.

Onsets are rises of the tracks' energies; the beat's period is where they correlate with themselves
(Percival and Tzanetakis 2014, Streamlined tempo estimation, IEEE/ACM TASLP 22(12), in spirit), and
its phase is where a comb of that period meets most of them. Half or double the tempo that a
listener would tap is good enough for cuts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from stimuli.activity import TICKS_PER_S, Energies

SLOWEST_S, FASTEST_S = 1.0, 0.3
"""Periods of 60 and 200 beats a minute."""
MIDDLE_S = 0.5
"""Periods near 120 beats a minute are likelier (a log-normal prior of one octave)."""
FLOOR = 1e-4
"""What is 40 dB below a track's loudest is no onset."""
SURE = 0.15
"""Onsets correlate with themselves a period later by this at least, or there is no beat."""
AROUND_S = 12.0
"""The phase is found among the onsets that are so near; tempo may drift over a song."""
DRIFT = np.linspace(0.97, 1.03, 61)
"""By which factors the period may differ from that of the whole song."""


@dataclass(frozen=True)
class Beat:
    """A beat that was found.

    Attributes:
        period_s: from beat to beat.
        onsets: their strength at every tick.
    """

    period_s: float
    onsets: NDArray[np.float64]


def find_beat(energies: Energies) -> Beat | None:
    """Find the beat of a song from its tracks' energies `(tracks, ticks)`; None where none is."""
    onsets = _onsets(energies)
    lags = np.arange(round(FASTEST_S * TICKS_PER_S), round(SLOWEST_S * TICKS_PER_S) + 1)
    if onsets.size < 4 * lags[-1] or not onsets.any():
        return None
    size = fft.next_fast_len(2 * len(onsets), real=True)
    centred = onsets - onsets.mean()
    correlation = fft.irfft(np.abs(fft.rfft(centred, size)) ** 2, size)
    correlation /= correlation[0]
    prior = np.exp(-0.5 * np.log2(lags / (MIDDLE_S * TICKS_PER_S)) ** 2)
    combs = np.mean([correlation[lags * count] for count in (1, 2, 3)], axis=0)
    best = int(np.argmax(combs * prior))
    if combs[best] < SURE:
        return None
    return Beat(float(lags[best]) / TICKS_PER_S, onsets)


def beat_near(beat: Beat, at_s: float) -> tuple[float, float]:
    """The beat that is nearest to a place, and the period there; both in seconds."""
    first = max(0, round((at_s - AROUND_S) * TICKS_PER_S))
    near = beat.onsets[first : round((at_s + AROUND_S) * TICKS_PER_S)]
    best, period, phase = -1.0, beat.period_s * TICKS_PER_S, 0
    for candidate in beat.period_s * TICKS_PER_S * DRIFT:
        steps = np.arange(int((len(near) - candidate) / candidate))
        phases = np.arange(int(candidate))
        ticks = np.rint(phases[:, None] + steps * candidate).astype(int)
        heights = near[ticks].mean(axis=1) if len(steps) else np.zeros(len(phases))
        if heights.max(initial=-1.0) > best:
            best, period = float(heights.max()), float(candidate)
            phase = int(np.argmax(heights))
    offset = at_s * TICKS_PER_S - first - phase
    tick = first + phase + round(offset / period) * period
    return tick / TICKS_PER_S, period / TICKS_PER_S


def _onsets(energies: Energies) -> NDArray[np.float64]:
    """How much energies rise, in nepers summed over tracks, above the usual around."""
    floor = np.maximum(FLOOR * energies.max(axis=1, keepdims=True), 1e-12)
    rises = np.diff(np.log(energies + floor), axis=1, prepend=np.log(energies[:, :1] + floor))
    summed = np.maximum(rises, 0.0).sum(axis=0, dtype=np.float64)
    # An onset that falls between two ticks counts in both.
    smooth = ndimage.gaussian_filter1d(summed, 1.0)
    usual = ndimage.uniform_filter1d(smooth, TICKS_PER_S)
    onsets: NDArray[np.float64] = np.maximum(smooth - usual, 0.0)
    return onsets

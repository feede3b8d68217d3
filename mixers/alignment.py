"""Where a finished mix lies in time against the tracks it was made from.

Mixes come back from mastering with silence cut off or added, and from encoders with a delay, so
whatever compares a mix with its tracks has to line them up first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from mixers.multitrack import Samples

EXCERPT_S = 60.0
"""Longest stretch that is correlated; longer songs are judged by their loudest such stretch."""


@dataclass(frozen=True)
class Alignment:
    """How a mix lies against its tracks.

    Attributes:
        offset_frames: the mix is this much later than the tracks; negative where it is earlier.
        confidence: height of the correlation's peak over its next highest, 1 (a guess) upwards;
            above 1.5 the offset can be relied on. 0 where tracks or mix are silent.
    """

    offset_frames: int
    confidence: float


def estimate_offset(
    tracks: Iterable[Samples], mix: Samples, sample_rate_hz: int, max_offset_s: float = 5.0
) -> Alignment:
    """Find the delay of a mix against all of its tracks, to the sample; see `estimate_offsets`."""
    return estimate_offsets(tracks, mix, sample_rate_hz, max_offset_s)[0]


def estimate_offsets(
    tracks: Iterable[Samples], mix: Samples, sample_rate_hz: int, max_offset_s: float = 5.0
) -> tuple[Alignment, list[Alignment]]:
    """Find the delay of a mix against all of its tracks, and against each, to the sample.

    Each track is correlated with the mix after whitening both (the generalised cross-correlation
    with phase transform, Knapp and Carter 1976, IEEE TASSP 24(4)), which ignores what gains and
    equalisers did to the spectrum. For all tracks, magnitudes are summed, which ignores polarity,
    and drowns what one microphone hears of another's instrument.

    Args:
        tracks: of `(channels, frames)`, equally long; one at a time is held.
        mix: `(2, frames)`, of any length.
        sample_rate_hz: of both.
        max_offset_s: how far to look in either direction.
    """
    reach = round(max_offset_s * sample_rate_hz)
    start, stop = _loudest(mix, round(EXCERPT_S * sample_rate_hz))
    target = _mono(mix[:, start:stop])
    first = max(0, start - reach)
    size = fft.next_fast_len(stop + reach - first + len(target), real=True)
    spectrum = _whitened(target, size)
    # Lag k of the correlation says: mix[start + n + k'] follows track[first + n].
    lags = (np.arange(-reach, reach + 1) + first - start) % size
    total = np.zeros(len(lags))
    each: list[Alignment] = []
    for track in tracks:
        heights = np.zeros(len(lags))
        source = _mono(track[:, first : stop + reach])
        if source.any():
            heights = np.abs(fft.irfft(spectrum * np.conj(_whitened(source, size)), size))[lags]
        each.append(_highest(heights, sample_rate_hz))
        total += heights
    return _highest(total, sample_rate_hz), each


def _highest(heights: NDArray[np.float64], sample_rate_hz: int) -> Alignment:
    """The offset with the highest correlation, among those from -reach to reach."""
    if not heights.any():
        return Alignment(0, 0.0)
    reach = len(heights) // 2
    offsets = np.arange(-reach, reach + 1)
    best = int(np.argmax(heights))
    around = np.abs(offsets - offsets[best]) > sample_rate_hz // 1000
    rival = float(heights[around].max(initial=0.0))
    confidence = float(heights[best]) / rival if rival > 0 else np.inf
    return Alignment(int(offsets[best]), confidence)


def align(mix: Samples, offset_frames: int, frames: int) -> Samples:
    """Move a mix back by its offset and cut or pad it with silence to `frames`."""
    aligned = np.zeros((mix.shape[0], frames), dtype=np.float32)
    source = mix[:, max(0, offset_frames) :]
    begin = max(0, -offset_frames)
    count = max(0, min(source.shape[1], frames - begin))
    aligned[:, begin : begin + count] = source[:, :count]
    return aligned


def _mono(samples: Samples) -> NDArray[np.float64]:
    mono: NDArray[np.float64] = samples.sum(axis=0, dtype=np.float64)
    return mono


def _loudest(mix: Samples, length: int) -> tuple[int, int]:
    """Start and stop of the stretch of at most `length` frames that has the most energy."""
    frames = mix.shape[1]
    if frames <= length:
        return 0, frames
    energy = np.concatenate([[0.0], np.cumsum(np.sum(mix.astype(np.float64) ** 2, axis=0))])
    start = int(np.argmax(energy[length:] - energy[:-length]))
    return start, start + length


def _whitened(signal: NDArray[np.float64], size: int) -> NDArray[np.complex128]:
    spectrum: NDArray[np.complex128] = fft.rfft(signal, size)
    magnitude = np.abs(spectrum)
    # Bins far below the loudest hold rounding noise, which whitening would blow up.
    return np.where(
        magnitude > 1e-5 * magnitude.max(initial=0.0), spectrum / np.maximum(magnitude, 1e-30), 0.0
    )

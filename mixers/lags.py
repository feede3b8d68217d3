"""Correlations and filters of long sounds, block by block, so that they need little memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from mixers.multitrack import Samples

Array = NDArray[np.float64]
Signal = NDArray[np.float32]

BLOCK_FRAMES = 1 << 14


def correlate(
    sources: Sequence[Signal], outputs: Sequence[Signal], taps: int, delay_frames: int
) -> tuple[list[Array], Array]:
    """Correlations of sources with each other and with outputs that come later by a delay.

    Args:
        sources, outputs: `(frames,)` each, zero outside.
        taps: lags that are looked at.
        delay_frames: of the outputs.

    Returns:
        For each source i, `(sources - i, 2 taps - 1)`: the sum over t of source i at t times
        source j >= i at t + lag, for lags from `1 - taps` to `taps - 1`. And
        `(outputs, sources, taps)`: the same with the outputs, for lags from 0.
    """
    reach, count = taps - 1, len(sources)
    size = fft.next_fast_len(BLOCK_FRAMES + 2 * reach, real=True)
    sums = [np.zeros((count + len(outputs) - i, size // 2 + 1), complex) for i in range(count)]
    for start in range(0, len(sources[0]), BLOCK_FRAMES):
        stop = start + BLOCK_FRAMES
        inside = fft.rfft(_cut(sources, start, stop), size)
        beside = np.concatenate(
            [
                fft.rfft(_cut(sources, start - reach, stop + reach), size),
                fft.rfft(
                    _cut(outputs, start - reach - delay_frames, stop + reach - delay_frames), size
                ),
            ]
        )
        for i in range(count):
            sums[i] += inside[i].conj() * beside[i:]
    lags = [fft.irfft(total, size)[:, : 2 * taps - 1] for total in sums]
    crossed = np.stack([lag[-len(outputs) :, reach:] for lag in lags], axis=1)
    return [lag[: -len(outputs)] for lag in lags], crossed


def left_over(
    sources: Sequence[Signal], responses: Array, outputs: Samples, delay_frames: int
) -> tuple[float, float]:
    """Energy of the outputs that filtered sources leave, and energy of the outputs.

    Args:
        sources: `(frames,)` each, zero outside.
        responses: `(outputs, sources, taps)`, from each source to each output, which they reach
            `delay_frames` late.
        outputs: `(outputs, frames)`.
        delay_frames: how much earlier the outputs are.
    """
    reach = responses.shape[2] - 1
    size = fft.next_fast_len(BLOCK_FRAMES + 2 * reach, real=True)
    filters = fft.rfft(responses, size)
    unexplained = energy = 0.0
    for start in range(0, outputs.shape[1], BLOCK_FRAMES):
        wanted = outputs[:, start : start + BLOCK_FRAMES].astype(np.float64)
        first = start + delay_frames
        spectra = fft.rfft(_cut(sources, first - reach, first + BLOCK_FRAMES), size)
        found = fft.irfft(np.einsum("osf,sf->of", filters, spectra), size)[:, reach:]
        unexplained += float(np.sum((wanted - found[:, : wanted.shape[1]]) ** 2))
        energy += float(np.sum(wanted**2))
    return unexplained, energy


def _cut(signals: Sequence[Signal], start: int, stop: int) -> Array:
    """A stretch of all signals, `(signals, stop - start)`; zero outside of them."""
    frames = len(signals[0])
    stretch = np.zeros((len(signals), stop - start))
    first, last = max(start, 0), min(stop, frames)
    if first < last:
        for row, signal in zip(stretch, signals, strict=True):
            row[first - start : last - start] = signal[first:last]
    return stretch

"""How far a mix is from another: multi-resolution STFT distance of sum and difference.

The stereo loss of Steinmetz et al. (ICASSP 2021, arXiv 2010.10291) as a measure, without gradients
and in bounded memory: spectral convergence plus log-magnitude distance (Yamamoto et al., ICASSP
2020), averaged over three resolutions and over L + R and L − R. Swapping sides changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

from mixers.loudness import integrated_loudness
from mixers.multitrack import Samples

RESOLUTIONS = ((1024, 120, 600), (2048, 240, 1200), (512, 50, 240))
"""Transform size, hop and window, in frames."""
LEAST_POWER = 1e-8
"""Power of a bin below which it counts as silent."""
BLOCK_SPECTRA = 2_048
COMPARED_LUFS = -23.0


def stereo_distance(mix: Samples, target: Samples) -> float:
    """Distance of a mix from a target, both `(2, frames)`; 0 where they are the same."""
    sides = [
        (mix[0] + mix[1], target[0] + target[1]),
        (mix[0] - mix[1], target[0] - target[1]),
    ]
    return float(np.mean([_distance(*side, *r) for side in sides for r in RESOLUTIONS]))


def level_matched(mix: Samples, sample_rate_hz: int) -> Samples:
    """A mix at `COMPARED_LUFS`, so that no level is compared; a silent one stays silent."""
    loudness_lufs = integrated_loudness(mix, sample_rate_hz)
    if not np.isfinite(loudness_lufs):
        return mix
    return np.asarray(mix * np.float32(10 ** ((COMPARED_LUFS - loudness_lufs) / 20)))


def _distance(
    found: NDArray[np.float32], wanted: NDArray[np.float32], size: int, hop: int, window: int
) -> float:
    apart = energy = logs = 0.0
    count = 0
    for ours, theirs in zip(
        _magnitudes(found, size, hop, window), _magnitudes(wanted, size, hop, window), strict=True
    ):
        apart += float(np.sum((ours - theirs) ** 2, dtype=np.float64))
        energy += float(np.sum(theirs**2, dtype=np.float64))
        logs += float(np.sum(np.abs(np.log(ours) - np.log(theirs)), dtype=np.float64))
        count += ours.size
    return float(np.sqrt(apart / energy)) + logs / count


def _magnitudes(
    sound: NDArray[np.float32], size: int, hop: int, window: int
) -> Iterator[NDArray[np.float32]]:
    """Magnitude spectra in blocks, `(spectra, bins)`, at least the root of `LEAST_POWER`."""
    if len(sound) <= size // 2:
        sound = np.pad(sound, (0, size // 2 + 1 - len(sound)))
    shape = np.zeros(size, dtype=np.float32)
    start = (size - window) // 2
    shape[start : start + window] = signal.windows.hann(window, sym=False)
    padded = np.pad(sound, size // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    for first in range(0, len(frames), BLOCK_SPECTRA):
        spectra = fft.rfft(frames[first : first + BLOCK_SPECTRA] * shape, axis=1)
        yield np.sqrt(np.maximum(spectra.real**2 + spectra.imag**2, np.float32(LEAST_POWER)))

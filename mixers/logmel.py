"""What a learned system hears of a track: log-mel patches as VGGish takes them.

Sound at 16 kHz, Hann windows of 25 ms every 10 ms, 64 triangular bands of equal width in mel from
125 to 7500 Hz on magnitudes, the logarithm of that plus 0.01, and 96 spectra (0.96 s) to a patch
(Hershey et al., "CNN architectures for large-scale audio classification", ICASSP 2017).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import soxr
import torch
from torch import Tensor

from mixers.multitrack import Samples

RATE_HZ = 16_000
WINDOW_FRAMES, HOP_FRAMES, TRANSFORM_FRAMES = 400, 160, 512
BANDS = 64
LOWEST_HZ, HIGHEST_HZ = 125.0, 7_500.0
LEAST = 0.01
"""Added before the logarithm."""
PATCH_SPECTRA = 96
PATCH_FRAMES = PATCH_SPECTRA * HOP_FRAMES
BLOCK_PATCHES = 32
"""Patches that are made at a time, so that long tracks need little memory."""


def track_patches(samples: Samples, sample_rate_hz: int, gain_db: float) -> Iterator[Tensor]:
    """Turn a track into patches.

    Args:
        samples: `(channels, frames)`; channels are averaged. What is shorter than a patch is
            continued with silence, what is left over at the end of a longer one is not heard.
        sample_rate_hz: of the samples.
        gain_db: applied first.

    Yields:
        `(patches, 96, 64)`, at most `BLOCK_PATCHES` at a time, in order.
    """
    mono = samples.mean(axis=0) * np.float32(10 ** (gain_db / 20))
    sound = torch.from_numpy(np.ascontiguousarray(soxr.resample(mono, sample_rate_hz, RATE_HZ)))
    overlap = WINDOW_FRAMES - HOP_FRAMES
    missing = PATCH_FRAMES + overlap - len(sound)
    if missing > 0:
        sound = torch.nn.functional.pad(sound, (0, missing))
    count = (len(sound) - overlap) // PATCH_FRAMES
    for first in range(0, count, BLOCK_PATCHES):
        last = min(count, first + BLOCK_PATCHES)
        part = sound[first * PATCH_FRAMES : last * PATCH_FRAMES + overlap]
        yield log_mel(part).reshape(last - first, PATCH_SPECTRA, BANDS)


def log_mel(sound: Tensor) -> Tensor:
    """Log-mel spectra, `(spectra, 64)`, of a sound at 16 kHz, `(frames,)`; only whole windows."""
    windows = sound.unfold(0, WINDOW_FRAMES, HOP_FRAMES) * torch.hann_window(WINDOW_FRAMES)
    magnitudes = torch.fft.rfft(windows, TRANSFORM_FRAMES).abs()
    return torch.log(magnitudes @ mel_filters() + LEAST)


@lru_cache(maxsize=1)
def mel_filters() -> Tensor:
    """Weights of the bins in each band, `(257, 64)`; straight slopes over mel, not over Hz."""
    bins_mel = _mel(torch.linspace(0, RATE_HZ / 2, TRANSFORM_FRAMES // 2 + 1, dtype=torch.float64))
    lowest, highest = (
        float(_mel(torch.tensor(hz, dtype=torch.float64))) for hz in (LOWEST_HZ, HIGHEST_HZ)
    )
    edges = torch.linspace(lowest, highest, BANDS + 2, dtype=torch.float64)
    rising = (bins_mel[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins_mel[:, None]) / (edges[2:] - edges[1:-1])
    return torch.minimum(rising, falling).clamp(min=0).float()


def _mel(frequency_hz: Tensor) -> Tensor:
    """The mel scale of HTK."""
    return 1127 * torch.log1p(frequency_hz / 700)

"""Log-mel patches against the same published recipe written another way, and at their edges."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import signal

from mixers.logmel import (
    BANDS,
    BLOCK_PATCHES,
    PATCH_FRAMES,
    PATCH_SPECTRA,
    RATE_HZ,
    log_mel,
    track_patches,
)

OVERLAP = 240


def noise(frames: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal((channels, frames))).astype(np.float32)


def as_published(sound: np.ndarray) -> np.ndarray:
    """The recipe of VGGish in double precision, spectrum by spectrum and band by band."""
    window = signal.get_window("hann", 400)
    starts = range(0, len(sound) - 400 + 1, 160)
    spectra = np.array([np.abs(np.fft.rfft(sound[n : n + 400] * window, 512)) for n in starts])
    mel = 1127 * np.log(1 + np.arange(257) * 16_000 / 512 / 700)
    edges = np.linspace(1127 * np.log(1 + 125 / 700), 1127 * np.log(1 + 7_500 / 700), 66)
    bands = [
        spectra @ np.interp(mel, edges[n : n + 3], [0, 1, 0], left=0, right=0) for n in range(64)
    ]
    return np.log(np.array(bands).T + 0.01)


def test_spectra_are_those_of_the_publication() -> None:
    sound = noise(16_000)[0]
    ours = log_mel(torch.from_numpy(sound)).numpy()
    np.testing.assert_allclose(ours, as_published(sound.astype(np.float64)), atol=1e-4)


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100, 96_000])
def test_a_tone_lies_in_its_band_at_any_rate(rate_hz: int) -> None:
    time_s = np.arange(2 * rate_hz) / rate_hz
    tone = np.sin(2 * np.pi * 1_000 * time_s, dtype=np.float32)[None]
    (patches,) = track_patches(tone, rate_hz, 0.0)
    loudest = patches.mean(dim=(0, 1)).argmax()
    edges_mel = np.linspace(1127 * np.log1p(125 / 700), 1127 * np.log1p(7_500 / 700), BANDS + 2)
    nearest = np.abs(edges_mel[1:-1] - 1127 * np.log1p(1_000 / 700)).argmin()
    assert abs(int(loudest) - nearest) <= 1


@pytest.mark.parametrize(
    ("frames", "patches"),
    [
        (0, 1),
        (1, 1),
        (PATCH_FRAMES + OVERLAP, 1),
        (2 * PATCH_FRAMES + OVERLAP - 1, 1),
        (2 * PATCH_FRAMES + OVERLAP, 2),
    ],
)
def test_short_sounds_are_continued_and_what_is_over_is_left(frames: int, patches: int) -> None:
    (heard,) = track_patches(noise(frames), RATE_HZ, 0.0)
    assert heard.shape == (patches, PATCH_SPECTRA, BANDS)
    assert torch.isfinite(heard).all()


def test_blocks_are_as_one_piece() -> None:
    sound = noise((BLOCK_PATCHES + 3) * PATCH_FRAMES + OVERLAP)
    blocks = list(track_patches(sound, RATE_HZ, 0.0))
    assert [len(block) for block in blocks] == [BLOCK_PATCHES, 3]
    whole = log_mel(torch.from_numpy(sound[0])).reshape(-1, PATCH_SPECTRA, BANDS)
    torch.testing.assert_close(torch.cat(blocks), whole, atol=1e-5, rtol=0)


def test_channels_are_averaged_and_the_gain_is_applied() -> None:
    mono = noise(PATCH_FRAMES + OVERLAP)
    stereo = np.concatenate([3 * mono, -mono])
    (one,) = track_patches(mono, RATE_HZ, 0.0)
    (two,) = track_patches(stereo, RATE_HZ, 0.0)
    (soft,) = track_patches(10 * mono, RATE_HZ, -20.0)
    torch.testing.assert_close(two, one, atol=1e-5, rtol=0)
    torch.testing.assert_close(soft, one, atol=1e-5, rtol=0)

"""Block-wise correlations and filters are those of the whole sounds."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy import signal

from mixers.lags import BLOCK_FRAMES, correlate, left_over
from mixers.multitrack import Multitrack, Track
from mixers.reverse import recover_filters


@pytest.mark.parametrize("frames", [100, BLOCK_FRAMES, 2 * BLOCK_FRAMES + 777])
@pytest.mark.parametrize(("taps", "delay_frames"), [(1, 0), (40, 7)])
def test_correlations_are_those_of_the_whole(frames: int, taps: int, delay_frames: int) -> None:
    rng = np.random.default_rng(frames)
    sources = rng.standard_normal((3, frames)).astype(np.float32)
    outputs = rng.standard_normal((2, frames)).astype(np.float32)
    among, crossed = correlate(list(sources), list(outputs), taps, delay_frames)

    def whole(one: np.ndarray, other: np.ndarray, lags: range) -> np.ndarray:
        full = signal.correlate(other.astype(float), one.astype(float), "full", "fft")
        padded = np.pad(full, taps + delay_frames)
        return padded[np.array(lags) + frames - 1 + taps + delay_frames]

    for i in range(3):
        for j in range(i, 3):
            wanted = whole(sources[i], sources[j], range(1 - taps, taps))
            np.testing.assert_allclose(among[i][j - i], wanted, atol=1e-6 * frames)
        for c in range(2):
            late = range(-delay_frames, taps - delay_frames)
            wanted = whole(sources[i], outputs[c], late)
            np.testing.assert_allclose(crossed[c, i], wanted, atol=1e-6 * frames)


def test_filtered_sources_leave_what_they_leave() -> None:
    rng = np.random.default_rng(1)
    sources = rng.standard_normal((2, BLOCK_FRAMES + 500)).astype(np.float32)
    responses = rng.standard_normal((2, 2, 30))
    outputs = rng.standard_normal(sources.shape).astype(np.float32)
    late = np.array(
        [sum(np.convolve(h, x) for h, x in zip(row, sources, strict=True)) for row in responses]
    )
    early = late[:, 4 : 4 + sources.shape[1]]
    unexplained, energy = left_over(list(sources), responses, outputs, 4)
    assert unexplained == pytest.approx(np.sum((outputs - early) ** 2))
    assert energy == pytest.approx(np.sum(outputs.astype(float) ** 2))


@pytest.mark.slow
def test_memory_does_not_grow_with_the_song() -> None:
    def peak_bytes(frames: int) -> int:
        rng = np.random.default_rng(0)
        sound = rng.standard_normal((1, frames), dtype=np.float32)
        tracks = Track("a", "x", sound), Track("b", "x", np.roll(sound, 99, axis=1))
        song = Multitrack("s", 96_000, tracks)
        mix = np.concatenate([sound, sound])
        tracemalloc.start()
        recover_filters(song, mix, taps=64)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    # One track of the longer song alone would be 12 MB more.
    assert peak_bytes(4_000_000) < peak_bytes(1_000_000) + 4_000_000

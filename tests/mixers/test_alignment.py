"""The offset of a mix against its tracks is found to the sample, whatever was done to the mix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from mixers.alignment import align, estimate_offset
from mixers.multitrack import Samples

RATE_HZ = 22_050


def tracks(seed: int = 1, count: int = 3, seconds: int = 4) -> list[Samples]:
    rng = np.random.default_rng(seed)
    frames = RATE_HZ * seconds
    return [
        (rng.standard_normal((1, frames)) * np.exp(-(np.arange(frames) % 9_000) / 2_000)).astype(
            np.float32
        )
        for _ in range(count)
    ]


def equalised_mix(sources: list[Samples]) -> Samples:
    # Zero phase: a filter that delays would rightly move the offset.
    sos = signal.butter(2, 3_000, fs=RATE_HZ, output="sos")
    left = sum(gain * source[0] for gain, source in zip((0.5, -0.2, 0.9), sources, strict=True))
    return signal.sosfiltfilt(sos, np.stack([left, 0.3 * left])).astype(np.float32)


@settings(max_examples=15, deadline=None)
@given(offset=st.integers(-40_000, 40_000))
def test_the_offset_is_found_to_the_sample(offset: int) -> None:
    sources = tracks()
    mix = equalised_mix(sources)
    moved = align(mix, -offset, mix.shape[1] + max(0, offset))
    found = estimate_offset(sources, moved, RATE_HZ)
    assert found.offset_frames == offset
    assert found.confidence > 1.5


def test_aligning_undoes_the_offset() -> None:
    sources = tracks()
    mix = equalised_mix(sources)
    late = align(mix, -700, mix.shape[1] + 700)
    assert np.array_equal(align(late, 700, mix.shape[1]), mix)


def test_the_loudest_minute_of_a_long_song_decides() -> None:
    sources = [np.pad(source, ((0, 0), (RATE_HZ * 80, 0))) for source in tracks()]
    mix = align(equalised_mix(sources), -1_234, sources[0].shape[1])
    assert estimate_offset(sources, mix, RATE_HZ).offset_frames == 1_234


@pytest.mark.parametrize("silent", ["tracks", "mix"])
def test_silence_gives_no_offset_and_no_confidence(silent: str) -> None:
    sources = tracks()
    mix = equalised_mix(sources)
    if silent == "tracks":
        sources = [np.zeros_like(source) for source in sources]
    else:
        mix = np.zeros_like(mix)
    found = estimate_offset(sources, mix, RATE_HZ)
    assert (found.offset_frames, found.confidence) == (0, 0.0)

"""Descriptors say what is in a track, and do not move when it is turned up or down."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mixers.features import BAND_EDGES_HZ, VECTOR_NAMES, TrackFeatures, describe, vector
from mixers.multitrack import Multitrack, Track

RATE_HZ = 44_100
FRAMES = RATE_HZ * 2


def tone(frequency_hz: float) -> NDArray[np.float64]:
    return np.asarray(0.3 * np.sin(2 * np.pi * frequency_hz * np.arange(FRAMES) / RATE_HZ))


def noise(seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0, 0.1, FRAMES)


def features(*tracks: NDArray[np.float64]) -> tuple[TrackFeatures, ...]:
    return describe(
        Multitrack(
            "song",
            RATE_HZ,
            tuple(
                Track(f"t{i}", "unknown", np.atleast_2d(track).astype(np.float32))
                for i, track in enumerate(tracks)
            ),
        )
    )


@settings(max_examples=10, deadline=None)
@given(gain_db=st.floats(-40, 20))
def test_all_but_loudness_are_scale_free(gain_db: float) -> None:
    gain = 10 ** (gain_db / 20)
    (quiet, _), (loud, _) = features(noise(), tone(440)), features(gain * noise(), tone(440))
    assert vector(loud) == pytest.approx(vector(quiet), abs=1e-3)
    assert loud.loudness_lufs - quiet.loudness_lufs == pytest.approx(gain_db, abs=1e-3)


@pytest.mark.parametrize("frequency_hz", [100, 440, 3_000])
def test_a_tone_has_its_centroid_and_its_band(frequency_hz: float) -> None:
    (found,) = features(tone(frequency_hz))
    assert found.centroid_hz == pytest.approx(frequency_hz, abs=10)
    assert found.flatness < 1e-3
    assert found.crest_db == pytest.approx(3.01, abs=0.05)
    band = int(np.argmax(found.bands_db))
    assert BAND_EDGES_HZ[band] <= frequency_hz < BAND_EDGES_HZ[band + 1]
    assert found.bands_db[band] == pytest.approx(0.0, abs=0.2)


def test_noise_is_flat_and_in_the_middle_of_the_spectrum() -> None:
    (found,) = features(noise())
    assert found.flatness > 0.9
    assert found.centroid_hz == pytest.approx(RATE_HZ / 4, rel=0.02)


def test_hits_have_onsets_and_a_pad_has_none() -> None:
    hits = noise() * np.exp(-(np.arange(FRAMES) % 11_025) / 1_500)
    struck, sustained = features(hits, noise())
    assert struck.onsets > 2 > 0.5 > sustained.onsets
    assert struck.crest_db > sustained.crest_db


def test_activity_is_the_share_of_the_song_that_sounds() -> None:
    half = noise()
    half[FRAMES // 2 :] = 0
    assert features(half)[0].activity == pytest.approx(0.5, abs=0.03)


def test_overlap_counts_what_others_fill_more_whatever_their_level() -> None:
    alone, covered, cover = features(tone(100), tone(3_000), 0.001 * (tone(3_000) + noise(1)))
    assert alone.overlap < 0.05
    assert covered.overlap < 0.05 < 0.3 < cover.overlap


def test_width_is_the_share_of_the_difference() -> None:
    left, right = noise(1), noise(2)
    mono, wide, inverted = (
        features(np.stack(pair))[0] for pair in ((left, left), (left, right), (left, -left))
    )
    assert (mono.width, inverted.width) == (0.0, 1.0)
    assert wide.width == pytest.approx(0.5, abs=0.02)


def test_a_silent_track_is_described_as_such() -> None:
    silent, _ = features(np.zeros(FRAMES), tone(440))
    assert silent.silent
    assert np.isfinite(vector(silent)).all()
    assert vector(silent).shape == (len(VECTOR_NAMES),)

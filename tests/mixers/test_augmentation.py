"""Augmentation changes what it says and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixers.augmentation import as_array, drop_tracks, vary_level
from mixers.multitrack import Multitrack, Track

GAINS = np.array([[1.0, 0.2], [0.5, 0.5], [0.1, 2.0], [0.3, 0.0]])


def song(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    tracks = rng.standard_normal((4, 1, 3_000)).astype(np.float32)
    return tracks, np.einsum("ts,tf->sf", GAINS, tracks[:, 0]).astype(np.float32)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**31), probability=st.floats(0, 1))
def test_dropped_tracks_leave_the_mix(seed: int, probability: float) -> None:
    tracks, target = song(seed)
    kept, mix = drop_tracks(tracks, target, np.random.default_rng(seed), probability)
    expected = np.einsum("ts,tf->sf", GAINS, kept[:, 0])
    np.testing.assert_allclose(mix, expected, atol=1e-4)
    assert kept.any()
    assert kept.dtype == mix.dtype == np.float32
    np.testing.assert_array_equal(tracks, song(seed)[0])


def test_tracks_are_dropped_as_often_as_asked() -> None:
    tracks, target = song(1)
    rng = np.random.default_rng(2)
    dropped = [
        4 - np.count_nonzero(drop_tracks(tracks, target, rng, 0.25)[0].any(axis=(1, 2)))
        for _ in range(300)
    ]
    assert np.mean(dropped) == pytest.approx(1.0, abs=0.2)


def test_silent_tracks_are_no_matter() -> None:
    silent = np.zeros((3, 2, 100), dtype=np.float32)
    kept, mix = drop_tracks(silent, silent[0], np.random.default_rng(0), 1.0)
    assert not kept.any()
    assert not mix.any()


def test_gains_stay_within_their_range() -> None:
    tracks, target = song(3)
    louder, mix = vary_level(tracks, target, np.random.default_rng(1), (6, 6))
    np.testing.assert_allclose(louder, tracks * 10**0.3, rtol=1e-6)
    np.testing.assert_allclose(mix, target * 10**0.3, rtol=1e-6)
    varied, _ = vary_level(tracks, target, np.random.default_rng(1), (-3, 3))
    ratio_db = 20 * np.log10((varied / tracks).mean())
    assert 0 < abs(ratio_db) <= 3


def test_tracks_become_one_array() -> None:
    mono, stereo = np.ones((1, 5), np.float32), np.stack([np.ones(5), 3 * np.ones(5)])
    tracks = Track("a", "unknown", mono), Track("b", "unknown", stereo.astype(np.float32))
    multitrack = Multitrack("song", 44_100, tracks)
    assert as_array(multitrack, channels=1)[:, 0, 0].tolist() == [1, 2]
    assert as_array(multitrack, channels=2)[:, :, 0].tolist() == [[1, 1], [1, 3]]

"""The baselines keep a mixer's promises and do what their names say."""

from __future__ import annotations

import numpy as np
import pytest

from mixers.baselines import TRACK_LUFS
from mixers.loudness import integrated_loudness
from mixers.mixer import load_mixer
from mixers.multitrack import Multitrack, Track

RATE_HZ = 44_100
BASELINES = ("mono", "random", "target")


@pytest.fixture
def song() -> Multitrack:
    rng = np.random.default_rng(0)
    tracks = [
        Track(f"t{n}", "unknown", (level * rng.standard_normal((n, RATE_HZ))).astype(np.float32))
        for n, level in ((1, 0.3), (2, 0.001))
    ]
    target = rng.standard_normal((2, RATE_HZ)).astype(np.float32)
    return Multitrack("s", RATE_HZ, tuple(tracks), target)


def silent(song: Multitrack) -> Multitrack:
    tracks = tuple(Track(t.name, t.role, np.zeros_like(t.samples)) for t in song.tracks)
    return Multitrack("s", RATE_HZ, tracks, np.zeros((2, RATE_HZ), dtype=np.float32))


@pytest.mark.parametrize("name", BASELINES)
def test_promises(song: Multitrack, name: str) -> None:
    mixer = load_mixer(name)
    mix = mixer.mix(song, seed=1)
    assert (mix.system, mix.samples.shape) == (name, (2, song.frames))
    np.testing.assert_array_equal(mix.samples, mixer.mix(song, seed=1).samples)
    assert not mixer.mix(silent(song), seed=1).samples.any()


def test_another_seed_is_another_random_mix(song: Multitrack) -> None:
    mixes = [load_mixer("random").mix(song, seed).samples for seed in (1, 2)]
    assert np.abs(mixes[0] - mixes[1]).max() > 1e-3


def test_mono_brings_every_track_to_one_loudness(song: Multitrack) -> None:
    alone = Multitrack("s", RATE_HZ, song.tracks[:1])
    mix = load_mixer("mono").mix(alone, seed=0).samples
    assert integrated_loudness(mix[:1], RATE_HZ) == pytest.approx(TRACK_LUFS, abs=0.01)
    np.testing.assert_array_equal(mix[0], mix[1])


def test_target_needs_a_human_mix(song: Multitrack) -> None:
    with pytest.raises(ValueError, match="has no human mix"):
        load_mixer("target").mix(Multitrack("s", RATE_HZ, song.tracks), seed=0)

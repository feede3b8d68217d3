"""What every system of the table promises, whatever the song."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mixers.mixer
from mixers.mixer import MIXERS, load_mixer
from mixers.multitrack import Multitrack, Track

WEIGHTS = Path(mixers.mixer.__file__).parent / "weights"
ROLES = ("kick", "snare", "bass", "guitar", "keys", "pad", "unknown", "theremin")
USES_CHANCE = ("random", "random-console")
ITS_TRACKS = {
    "wave-u-net": (
        ("hi-hat", "kick", "overhead_L", "overhead_R", "snare", "tom_1", "tom_2", "tom_3")
    )
}
"""Systems that mix a fixed list of tracks, or some of them, in that order."""


@st.composite
def songs(draw: st.DrawFn, name: str) -> Multitrack:
    """Up to four tracks of noise at any level, mono or stereo, some silent; one of them leads."""
    rate_hz = draw(st.sampled_from([44_100, 48_000]))
    frames = draw(st.integers(rate_hz // 100, rate_hz))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    roles = ["vocals", *draw(st.lists(st.sampled_from(ROLES), max_size=3))]
    tracks = []
    names = ITS_TRACKS.get(name, [f"track {place}" for place in range(len(roles))])
    for track_name, role in zip(names, roles, strict=False):
        level = draw(st.sampled_from([0.0, 1e-4, 0.1, 0.3]))
        noise = level * rng.uniform(-1, 1, (draw(st.integers(1, 2)), frames))
        tracks.append(Track(track_name, role, noise.astype(np.float32)))
    target = (0.1 * rng.uniform(-1, 1, (2, frames))).astype(np.float32)
    return Multitrack("song", rate_hz, tuple(tracks), target)


def silenced(song: Multitrack) -> Multitrack:
    tracks = tuple(replace(track, samples=0 * track.samples) for track in song.tracks)
    return replace(song, tracks=tracks, target=np.zeros((2, song.frames), dtype=np.float32))


@pytest.mark.parametrize("name", MIXERS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), seed=st.integers(0, 2**31 - 1))
def test_a_mixer_keeps_its_promises(name: str, data: st.DataObject, seed: int) -> None:
    song = data.draw(songs(name))
    mixer = load_mixer(name)
    before = [track.samples.copy() for track in song.tracks]
    mix = mixer.mix(song, seed)
    assert mix.system == mixer.name == name
    assert mix.sample_rate_hz == song.sample_rate_hz
    assert mix.samples.shape == (2, song.frames)
    assert mix.samples.dtype == np.float32
    assert np.isfinite(mix.samples).all()
    assert mixer.mix(song, seed).samples.tobytes() == mix.samples.tobytes()
    if name not in USES_CHANCE:
        assert mixer.mix(song, seed + 1).samples.tobytes() == mix.samples.tobytes()
    assert not mixer.mix(silenced(song), seed).samples.any()
    for track, samples in zip(song.tracks, before, strict=True):
        np.testing.assert_array_equal(track.samples, samples)


@pytest.mark.parametrize("name", [name for name, entry in MIXERS.items() if entry.learnt_from])
def test_weights_that_ship_have_a_model_card(name: str) -> None:
    weights = [path for path in WEIGHTS.glob(f"{name}.*") if path.suffix != ".md"]
    assert len(weights) == 1
    card = (WEIGHTS / f"{name}.md").read_text(encoding="utf-8")
    assert card.startswith(f"# Model card: {weights[0].name}")
    assert f"flask mixers train {name} " in card
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) <= 25e6


@pytest.mark.parametrize("name", USES_CHANCE)
def test_another_seed_is_another_mix(name: str) -> None:
    rng = np.random.default_rng(0)
    tracks = tuple(
        Track(f"track {n}", "unknown", rng.uniform(-0.1, 0.1, (1, 44_100)).astype(np.float32))
        for n in range(3)
    )
    song = Multitrack("song", 44_100, tracks)
    first, second = (load_mixer(name).mix(song, seed).samples for seed in (1, 2))
    assert np.abs(first - second).max() > 1e-3

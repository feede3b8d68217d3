"""Mixes of one passage that lie late, upside down or the wrong way round are named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stimuli.anchors import low_pass
from stimuli.check import check
from stimuli.importing import import_mixes
from stimuli.likeness import same, unlike

Noise = Callable[..., NDArray[np.float32]]
Sounds = dict[str, NDArray[np.float32]]
RATE_HZ = 16_000
NAMES = ["first", "second", "third", "fourth"]


def mixes(seed: int) -> Sounds:
    """Four mixes of the same five tracks: other gains, pans that lie close to each other."""
    rng = np.random.default_rng(seed)
    tracks = rng.standard_normal((5, 2 * RATE_HZ))
    pans = rng.uniform(0, 1, 5)
    sounds = {}
    for name in NAMES:
        own = np.clip(pans + rng.uniform(-0.15, 0.15, 5), 0, 1)
        gains = rng.uniform(0.6, 1.4, 5) * np.stack([1 - own, own])
        sounds[name] = (0.05 * gains @ tracks).astype(np.float32)
    return sounds


def late(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.roll(sound, 40, axis=1)


def upside_down(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    return -sound


def exchanged(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    return sound[::-1].copy()


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=8)
def test_mixes_that_lie_on_each_other_are_not_named(seed: int) -> None:
    assert list(unlike(mixes(seed), RATE_HZ)) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("spoil", "flaw"),
    [
        (late, "is 40 frames late against its passage"),
        (upside_down, "has the opposite polarity of its passage"),
        (exchanged, "seems to have left and right exchanged against its passage"),
    ],
)
def test_the_one_that_does_not_is_named_wherever_it_stands(
    name: str, spoil: Callable[[NDArray[np.float32]], NDArray[np.float32]], flaw: str
) -> None:
    sounds = mixes(3)
    sounds[name] = spoil(sounds[name])
    assert list(unlike(sounds, RATE_HZ)) == [(name, flaw)]


def test_an_anchor_and_silence_are_no_flaw(noise: Noise) -> None:
    sound = noise(2.0, channels=2)
    sounds = {"reference": sound, "anchor": low_pass(sound, 44_100, 3_500.0), "none": 0 * sound}
    assert list(unlike(sounds, 44_100)) == []


def test_check_names_the_file(
    tmp_path: Path, noise: Noise, write_sound: Callable[..., Path]
) -> None:
    sound = noise(2.0, channels=2, seed=1)
    for name, gain in (("reference", 1.0), ("ours", 0.8), ("theirs", -0.6)):
        own = gain * sound + 0.02 * noise(2.0, channels=2, seed=len(name))
        write_sound(tmp_path / "mixes" / "verse" / f"{name}.wav", own)
    import_mixes(tmp_path / "mixes", tmp_path / "out")
    assert list(check(tmp_path / "out")) == [
        "verse/theirs.wav: has the opposite polarity of its passage"
    ]


def test_one_side_upside_down_is_named() -> None:
    sounds = mixes(3)
    sounds["third"] = sounds["third"] * np.float32([[1], [-1]])
    flaw = "has the opposite polarity of its passage on the right"
    assert list(unlike(sounds, RATE_HZ)) == [("third", flaw)]


def test_a_bass_drum_upside_down_is_no_mix_upside_down() -> None:
    sounds = mixes(3)
    boom = 0.5 * np.sin(2 * np.pi * 60 * np.arange(2 * RATE_HZ, dtype=np.float32) / RATE_HZ)
    for name in NAMES:
        sounds[name] += boom if name != "second" else -boom
    assert list(unlike(sounds, RATE_HZ)) == []


@pytest.mark.parametrize("late_s", [-1.5, 0.3])
def test_offsets_of_more_than_a_second_are_named(late_s: float) -> None:
    rng = np.random.default_rng(1)
    track = rng.standard_normal((2, 4 * RATE_HZ)).astype(np.float32)
    frames = round(late_s * RATE_HZ)
    sounds = {"first": track, "second": track, "late": np.roll(track, frames, axis=1)}
    side = "late" if late_s > 0 else "early"
    said = f"is {abs(frames)} frames {side} against its passage"
    assert list(unlike(sounds, RATE_HZ)) == [("late", said)]


def test_the_same_sound_with_another_gain_and_dither_is_named() -> None:
    sounds = mixes(3)
    dither = np.random.default_rng(1).uniform(-1, 1, sounds["first"].shape) / 32_768
    sounds["fourth"] = (0.7 * sounds["second"] + dither).astype(np.float32)
    assert list(same(sounds)) == [("fourth", "second")]

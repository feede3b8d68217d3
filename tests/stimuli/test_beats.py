"""The beat is found where there is one, and passages are cut on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from stimuli.activity import TICKS_PER_S, track_energies
from stimuli.beats import beat_near, find_beat
from stimuli.datasets.folder import open_folder
from stimuli.passages import PRE_ROLL_S, choose_passages

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]
RATE_HZ = 11_025


def clicks(bpm: float, seconds: float = 40.0, first_s: float = 0.37) -> NDArray[np.float32]:
    """Decaying bursts of noise, one a beat, over soft noise."""
    rng = np.random.default_rng(1)
    sound = 0.001 * rng.standard_normal(round(seconds * RATE_HZ))
    for beat in np.arange(first_s, seconds - 0.2, 60 / bpm):
        place = round(beat * RATE_HZ)
        burst = rng.standard_normal(1_500) * np.exp(-np.arange(1_500) / 300)
        sound[place : place + 1_500] += 0.2 * burst
    return sound[None].astype(np.float32)


@pytest.mark.parametrize("bpm", [67.0, 90.0, 120.0, 133.7, 171.0])
def test_beats_lie_where_the_clicks_are(tmp_path: Path, write_sound: Write, bpm: float) -> None:
    write_sound(tmp_path / "kick.wav", clicks(bpm), RATE_HZ)
    beat = find_beat(track_energies(open_folder(tmp_path)))
    assert beat is not None
    for at_s in (0.0, 10.0, 31.0):
        beat_s, period_s = beat_near(beat, at_s)
        clicks_between = period_s * bpm / 60
        # Every beat, or every second one, or two on each, is a fine place to cut.
        assert min(abs(clicks_between - whole) for whole in (0.5, 1.0, 2.0)) < 0.02
        off = (beat_s - 0.37) * bpm / 60 * (2 if clicks_between < 0.75 else 1)
        assert abs(off - round(off)) * 60 / bpm < 0.025


def test_noise_has_no_beat(tmp_path: Path, noise: Noise, write_sound: Write) -> None:
    write_sound(tmp_path / "pad.wav", noise(30.0, RATE_HZ), RATE_HZ)
    assert find_beat(track_energies(open_folder(tmp_path))) is None


def test_silence_has_no_beat() -> None:
    assert find_beat(np.zeros((3, 60 * TICKS_PER_S), dtype=np.float32)) is None


def test_passages_begin_before_a_beat_and_end_after_whole_ones(
    tmp_path: Path, write_sound: Write
) -> None:
    write_sound(tmp_path / "kick.wav", clicks(120.0), RATE_HZ)
    song = open_folder(tmp_path)
    passages = choose_passages(song, "a", 3, 8.0, seed=1, how="chance", on_beat=True)
    ends = [0.0]
    for passage in passages:
        beats = (passage.start_s + PRE_ROLL_S - 0.37) / 0.5
        assert beats == pytest.approx(round(beats), abs=0.06)
        assert passage.duration_s / 0.5 == pytest.approx(round(passage.duration_s / 0.5), abs=0.06)
        assert 7.0 <= passage.duration_s <= 8.0
        assert passage.start_s >= ends[-1]
        ends.append(passage.start_s + passage.duration_s)
    assert ends[-1] <= song.duration_s

"""Passages are chosen by the seed, hold sound, and do not overlap."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from stimuli.datasets.folder import open_folder
from stimuli.passages import choose_starts, fade

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]


@pytest.mark.parametrize("seed", range(8))
def test_a_passage_lies_where_something_plays(
    tmp_path: Path, noise: Noise, write_sound: Write, seed: int
) -> None:
    samples = noise(20.0, 8_000)
    samples[:, : 8 * 8_000] = 0
    samples[:, 16 * 8_000 :] *= 1e-4
    write_sound(tmp_path / "kick.wav", samples, 8_000, "FLOAT")
    song = open_folder(tmp_path)
    first, second = choose_starts(song, 2, 3.0, seed)
    assert first == choose_starts(song, 2, 3.0, seed)[0]
    assert first + 3.0 <= second
    assert first >= 7.5
    assert second + 3.0 <= 17.0
    with pytest.raises(ValueError, match=r"has room for [23] passages of 3 s"):
        choose_starts(song, 4, 3.0, seed)


def test_a_song_that_is_too_short_is_refused(
    tmp_path: Path, noise: Noise, write_sound: Write
) -> None:
    write_sound(tmp_path / "kick.wav", noise(2.0))
    with pytest.raises(ValueError, match=r"lasts 2\.00 s, too short for 10 s"):
        choose_starts(open_folder(tmp_path), 1, 10.0, seed=0)


def test_fades_are_symmetrical_and_leave_the_middle() -> None:
    faded = fade(np.ones((2, 4_410), dtype=np.float32), 44_100, 0.02)
    np.testing.assert_allclose(faded, faded[:, ::-1], atol=1e-7)
    assert faded[0, 0] < 1e-3
    assert (faded[:, 882:-882] == 1).all()
    assert (np.diff(faded[0, :882]) > 0).all()
    with pytest.raises(ValueError, match="do not fit"):
        fade(np.ones((1, 100), dtype=np.float32), 44_100, 0.02)

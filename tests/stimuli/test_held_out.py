"""No system that learns opens the songs that are kept for the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from stimuli.cli.mixing import mixers
from stimuli.splits import split_songs
from stimuli.training import TRAINERS

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]

SONGS, SEED = 6, 4
BRIEF = ("steps=1", "seconds=0.1", "check_every=1", "validation_crops=1", "batch=1")
CHOICES = {
    "ddsp": (*BRIEF, "patches=1"),
    "dmc": (*BRIEF, "patches=1"),
    "forest": (),
    "tcn": (*BRIEF, "blocks=2", "channels=2"),
    "wave-u-net": (*BRIEF, "levels=2", "filters=2"),
}


@pytest.fixture
def songs(tmp_path: Path, noise: Noise, write_sound: Write) -> Path:
    """Songs of which those kept for the test hold no sound at all, only bytes."""
    root = tmp_path / "songs"
    names = [f"song {place}" for place in range(SONGS)]
    kept = split_songs(names, SEED).test
    assert kept
    for place, name in enumerate(names):
        a, b = (0.1 * noise(2.0, seed=10 * place + n) for n in (1, 2))
        sounds = {"kick": a, "vocals": b, "mix": np.concatenate([a + 0.5 * b, 0.5 * a + b])}
        for track, samples in sounds.items():
            path = write_sound(root / name / f"{track}.wav", samples)
            if name in kept:
                path.write_bytes(b"no sound at all")
    return root


@pytest.mark.parametrize("name", TRAINERS)
def test_songs_kept_for_the_test_are_never_opened(name: str, songs: Path, tmp_path: Path) -> None:
    arguments = ["train", name, "--songs", str(songs), "-o", str(tmp_path / "weights")]
    arguments += ["--seed", str(SEED), "--device", "cpu"]
    for choice in CHOICES[name]:
        arguments += ["--set", choice]
    done = CliRunner().invoke(mixers, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "weights").is_file()


def test_a_song_of_the_training_part_is_opened(songs: Path, tmp_path: Path) -> None:
    song = split_songs([path.name for path in songs.iterdir()], SEED).training[0]
    (songs / song / "mix.wav").write_bytes(b"no sound at all")
    arguments = ["train", "forest", "--songs", str(songs), "-o", str(tmp_path / "weights")]
    with pytest.raises(ValueError, match="mix"):
        CliRunner().invoke(mixers, [*arguments, "--seed", str(SEED)], catch_exceptions=False)

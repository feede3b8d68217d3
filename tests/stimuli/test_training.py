"""Training: songs that are held out are never trained on, and the forest beats the baselines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import mean

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mixers.forest import WEIGHTS, Forest, learn_from
from stimuli.cli.mixing import mixers
from stimuli.datasets.dataset import open_dataset
from stimuli.datasets.demo.songbook import make_songs, recipes
from stimuli.splits import fingerprint, split_songs
from stimuli.train_forest import song_errors

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]


@given(ids=st.sets(st.text(min_size=1), min_size=1), seed=st.integers(0, 2**31), rng=st.randoms())
def test_every_song_is_in_one_part_whatever_the_order(
    ids: set[str], seed: int, rng: Random
) -> None:
    shuffled = sorted(ids)
    rng.shuffle(shuffled)
    split = split_songs(shuffled, seed)
    assert sorted((*split.training, *split.validation, *split.test)) == sorted(ids)
    assert split == split_songs(sorted(ids), seed)
    assert len(split.test) == round(0.2 * len(ids))


def test_another_seed_is_another_split() -> None:
    ids = [str(n) for n in range(40)]
    assert split_songs(ids, 1) != split_songs(ids, 2)


@pytest.fixture
def songs(tmp_path: Path, noise: Noise, write_sound: Write) -> Path:
    rng = np.random.default_rng(3)
    for n in range(10):
        tracks = [noise(0.7, 44_100, 1, 10 * n + k) for k in range(3)]
        for name, samples in zip(("kick", "bass", "pad"), tracks, strict=True):
            write_sound(tmp_path / "songs" / f"song {n}" / f"{name}.wav", samples)
        mix = sum(rng.uniform(0.1, 1) * samples for samples in tracks)
        write_sound(tmp_path / "songs" / f"song {n}" / "mix.wav", np.repeat(mix, 2, axis=0))
    return tmp_path / "songs"


def train(songs: Path, out: Path) -> str:
    arguments = ["train", "forest", "--songs", str(songs), "-o", str(out), "--seed", "4"]
    done = CliRunner().invoke(mixers, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


@pytest.mark.slow
def test_held_out_songs_are_never_opened(songs: Path, tmp_path: Path) -> None:
    before, after = tmp_path / "before.skops", tmp_path / "after.skops"
    output = train(songs, before)
    assert "leave one song out" in output
    held_out = split_songs([path.name for path in songs.iterdir()], 4).test
    assert len(held_out) == 2
    for song in held_out:
        for path in (songs / song).iterdir():
            path.write_bytes(b"no sound at all")
    train(songs, after)
    first, second = Forest(before), Forest(after)
    dataset = open_dataset(songs)
    song = dataset.open_song(next(name for name in dataset.song_ids() if name not in held_out))
    assert first.settings(song.load()) == second.settings(song.load())
    assert {name.partition(":")[0] for name in first.songs_}.isdisjoint(held_out)
    assert first.songs_ == second.songs_
    assert fingerprint(song, song.load()) in first.songs_


def test_what_does_not_learn_is_refused(songs: Path, tmp_path: Path) -> None:
    arguments = ["train", "mono", "--songs", str(songs), "-o", str(tmp_path / "x")]
    with pytest.raises(ValueError, match=r"'mono' does not learn; there are: .*forest"):
        CliRunner().invoke(mixers, arguments, catch_exceptions=False)


@pytest.mark.parametrize(
    ("name", "choice", "message"),
    [
        ("forest", "trees=3", "the forest leaves no choice; trees"),
        ("dmc", "batch=-1", "batch is '-1', must be 1 or more"),
        ("dmc", "steps=0", "steps is '0', must be 1 or more"),
        ("ddsp", "learning_rate=inf", "learning_rate is 'inf', must be 0 or more"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(
    songs: Path, tmp_path: Path, name: str, choice: str, message: str
) -> None:
    out = tmp_path / "x"
    arguments = ["train", name, "--songs", str(songs), "-o", str(out), "--set", choice]
    with pytest.raises(ValueError, match=message):
        CliRunner().invoke(mixers, arguments, catch_exceptions=False)
    assert not out.exists()


def test_songs_without_a_human_mix_teach_nothing(songs: Path, tmp_path: Path) -> None:
    for path in songs.glob("*/mix.wav"):
        path.unlink()
    with pytest.raises(ValueError, match="no song with a human mix"):
        train(songs, tmp_path / "x.skops")
    assert not (tmp_path / "x.skops").exists()


@pytest.mark.parametrize("content", [b"no archive", None])
def test_weights_that_are_none_are_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "weights.skops"
    if content is not None:
        path.write_bytes(content)
    silence = np.zeros((1, 44_100), dtype=np.float32)
    from mixers.multitrack import Multitrack, Track

    song = Multitrack("s", 44_100, (Track("t", "kick", silence),))
    with pytest.raises((ValueError, FileNotFoundError), match=r"weights\.skops"):
        Forest(path).mix(song, 0)


@pytest.mark.slow
def test_the_forest_that_ships_beats_mono_and_random_on_songs_it_never_saw(tmp_path: Path) -> None:
    list(make_songs(recipes(4, 8.0, 97, "both"), tmp_path, jobs=1))
    forest = Forest()
    assert WEIGHTS.stat().st_size < 3_000_000
    errors = []
    for song in open_dataset(tmp_path).songs():
        multitrack = song.load()
        assert multitrack.target is not None
        forest.settings(multitrack)
        label = fingerprint(song, multitrack)
        assert label not in forest.songs_
        errors.append(song_errors(forest, learn_from(multitrack, multitrack.target, label), 0))
    level_db = mean(error.level_db for error in errors)
    assert level_db < 0.8 * mean(error.mono_db for error in errors)
    assert level_db < 0.5 * mean(error.random_db for error in errors)

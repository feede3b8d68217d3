"""What the trainers of networks share, and the Wave-U-Net trained from the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from mixers.checkpoints import load_weights
from mixers.training import Check, Result
from mixers.waveunet import ARCHITECTURE, WaveUNetMixer
from stimuli.cli.mixing import mixers
from stimuli.datasets.dataset import open_dataset
from stimuli.deep import Crops, Schedule, chosen, draw_loss_curve
from stimuli.splits import split_songs
from stimuli.train_waveunet import common_tracks

NAMES = ("hats", "kick", "snare")
SMALL = ("levels=2", "filters=2", "seconds=0.1", "check_every=2", "validation_crops=2")


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory, noise: Callable[..., np.ndarray]) -> Path:
    """Six songs of noise with a mix; the first half of each is silent."""
    root = tmp_path_factory.mktemp("songs")
    for place in range(6):
        folder = root / f"song {place}"
        folder.mkdir()
        mix = np.zeros((2, 22_050), dtype=np.float32)
        for number, name in enumerate(NAMES):
            samples = noise(0.5, seed=10 * place + number)
            samples[:, :11_025] = 0
            mix += np.array([[0.8], [0.3 * number]], dtype=np.float32) * samples
            soundfile.write(folder / f"{name}.wav", samples.T, 44_100)
        soundfile.write(folder / "mix.wav", mix.T, 44_100)
    return root


def run(songs: Path, out: Path, *choices: str) -> str:
    arguments = ["train", "wave-u-net", "--songs", str(songs), "-o", str(out), "--device", "cpu"]
    for choice in (*SMALL, *choices):
        arguments += ["--set", choice]
    result = CliRunner().invoke(mixers, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_wave_u_net_is_trained_and_mixes(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "w.safetensors"
    output = run(songs, out, "steps=4")
    assert "4 steps in" in output
    assert "waiting for data" in output
    assert out.with_name(out.name + ".loss.png").read_bytes()[:4] == b"\x89PNG"
    header, _ = load_weights(out, ARCHITECTURE)
    assert header.configuration["tracks"] == list(NAMES)
    ids = open_dataset(songs).song_ids()
    kept = split_songs(ids, 0).test
    learnt = {label.partition(":")[0] for label in header.facts["songs"]}
    assert learnt == set(ids) - set(kept)
    assert header.facts["options"]["levels"] == "2"
    song = open_dataset(songs).open_song(kept[0]).load()
    mixer = WaveUNetMixer(out)
    assert mixer.mix(song, 0).samples.shape == (2, song.frames)


def test_the_same_command_gives_the_same_weights(songs: Path, tmp_path: Path) -> None:
    tensors = []
    for name in ("a", "b"):
        run(songs, tmp_path / name, "steps=2")
        tensors.append(load_weights(tmp_path / name, ARCHITECTURE)[1])
    assert all((tensors[0][name] == tensors[1][name]).all() for name in tensors[0])


@pytest.mark.parametrize(
    ("choice", "answer"),
    [
        ("flters=2", "no choice 'flters'; there are: steps"),
        ("filters=many", "filters is 'many', must be int"),
        ("upsampling=cubic", "say linear or transposed"),
        ("seconds=5", "the shortest song has 0.50 s"),
        ("steps", "write steps=VALUE"),
    ],
)
def test_wrong_choices_are_answered(songs: Path, tmp_path: Path, choice: str, answer: str) -> None:
    with pytest.raises(ValueError, match=answer):
        run(songs, tmp_path / "w", choice)
    assert list(tmp_path.iterdir()) == []


def test_songs_of_other_tracks_are_refused(
    songs: Path, write_sound: Callable[..., Path], noise: Callable[..., np.ndarray], tmp_path: Path
) -> None:
    known = [open_dataset(songs).open_song(i) for i in open_dataset(songs).song_ids()]
    assert common_tracks(known) == NAMES
    write_sound(tmp_path / "other" / "theremin.wav", noise())
    other = open_dataset(tmp_path).open_song("other")
    with pytest.raises(ValueError, match=r"'other' has the tracks theremin.*share one list"):
        common_tracks([*known, other])


def test_crops_lie_in_their_songs_and_sound(songs: Path) -> None:
    dataset = open_dataset(songs)
    crops = Crops(tuple(dataset.open_song(i) for i in dataset.song_ids()))
    drawn = [crops.draw(2_000, np.random.default_rng(seed)) for seed in range(20)]
    again = [crops.draw(2_000, np.random.default_rng(seed)) for seed in range(20)]
    for one, other in zip(drawn, again, strict=True):
        assert one.target is not None
        assert one.frames == 2_000
        assert one.target.any()
        assert one.song == other.song
        np.testing.assert_array_equal(one.tracks[0].samples, other.tracks[0].samples)
    assert len({crop.song for crop in drawn}) > 3
    spread = crops.spread(2_000, 12)
    assert sorted({crop.song for crop in spread}) == sorted(dataset.song_ids())
    assert len({crop.tracks[0].samples.tobytes() for crop in spread}) > 6


@dataclass(frozen=True)
class More(Schedule):
    kind: str = "a"


def test_choices_keep_their_types() -> None:
    changed = chosen(More(), {"steps": "7", "seconds": "1", "kind": "b"})
    assert changed == More(steps=7, seconds=1.0, kind="b")
    assert isinstance(changed.seconds, float)


def test_a_loss_curve_of_one_check_can_be_drawn(tmp_path: Path) -> None:
    draw_loss_curve(Result([Check(1, 2.0, 1.0)]), tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 1_000

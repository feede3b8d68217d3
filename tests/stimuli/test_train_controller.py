"""What `dmc` and `ddsp` learn from, and both trained from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from click.testing import CliRunner

from mixers.checkpoints import load_weights
from mixers.controller import LEVEL_LUFS
from mixers.ddsp import DdspMixer
from mixers.dmc import DmcConfig, DmcController, DmcMixer
from mixers.loudness import integrated_loudness
from stimuli.cli.mixing import mixers
from stimuli.datasets.dataset import open_dataset
from stimuli.lessons import SOFTEST_DB, take_lessons
from stimuli.train_controller import GAIN_SPREAD_DB, controller_loss, settings_error

RATE_HZ = 44_100
NAMES = ("bass", "guitar", "vocal")
GAINS_DB = (-3.0, 0.0, 4.0)
PANS = (0.0, -0.6, 0.4)
SMALL = ("seconds=0.1", "check_every=1", "validation_crops=2", "patches=1", "batch=2", "songs=3")
MIXERS = {"dmc": DmcMixer, "ddsp": DdspMixer}


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory, noise: Callable[..., np.ndarray]) -> Path:
    """Six songs of noises, mixed by known gains and constant-power pans; one track is silent.

    The noises can be told apart: one is plain, one bright, one comes in bursts.
    """
    root = tmp_path_factory.mktemp("songs")
    angles = (np.array(PANS) + 1) * np.pi / 4
    for place in range(6):
        folder = root / f"song {place}"
        folder.mkdir()
        mix = np.zeros((2, 2 * RATE_HZ), dtype=np.float32)
        for number, name in enumerate(NAMES):
            samples = 0.1 * (1 + place) * noise(2.0, seed=10 * place + number)
            if name == "guitar":
                samples = np.diff(samples, prepend=0)
            elif name == "vocal":
                samples = samples * (np.arange(2 * RATE_HZ) % RATE_HZ < RATE_HZ / 2)
            gain = 10 ** (GAINS_DB[number] / 20)
            sides = gain * np.array([[np.cos(angles[number])], [np.sin(angles[number])]])
            mix += (sides * samples).astype(np.float32)
            soundfile.write(folder / f"{name}.wav", samples.T, RATE_HZ, subtype="FLOAT")
        silence = np.zeros(2 * RATE_HZ)
        soundfile.write(folder / "triangle.wav", silence, RATE_HZ, subtype="FLOAT")
        soundfile.write(folder / "mix.wav", mix.T, RATE_HZ, subtype="FLOAT")
    return root


def run(name: str, songs: Path, out: Path, *choices: str) -> str:
    arguments = ["train", name, "--songs", str(songs), "-o", str(out), "--device", "cpu"]
    for choice in (*SMALL, *choices):
        arguments += ["--set", choice]
    result = CliRunner().invoke(mixers, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_lesson_tells_how_the_mix_was_made(songs: Path) -> None:
    dataset = open_dataset(songs)
    told: list[tuple[int, int]] = []
    lesson, _ = take_lessons(dataset, dataset.song_ids()[:2], lambda *done: told.append(done))
    assert told == [(0, 2), (1, 2), (2, 2)]
    assert lesson.tracks == NAMES  # The silent one is left out.
    assert lesson.patches.shape == (3, 2, 96, 64)
    multitrack = dataset.open_song(lesson.song_id).load()
    sounding = [track for track in multitrack.tracks if track.name in NAMES]
    loudness = [integrated_loudness(track.samples, RATE_HZ) for track in sounding]
    np.testing.assert_allclose(lesson.levelling_db, LEVEL_LUFS - np.array(loudness), atol=1e-4)
    wanted_db = np.array(GAINS_DB) - lesson.levelling_db.numpy()
    np.testing.assert_allclose(lesson.gain_db, wanted_db - wanted_db.mean(), atol=0.1)
    np.testing.assert_allclose(lesson.pan, PANS, atol=0.02)


def test_a_muted_track_counts_as_soft(songs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "songs" / "muted"
    folder.mkdir(parents=True)
    for name in NAMES:
        samples, _ = soundfile.read(songs / "song 0" / f"{name}.wav")
        soundfile.write(folder / f"{name}.wav", samples, RATE_HZ, subtype="FLOAT")
        if name == "bass":
            mix = np.repeat(samples[:, None], 2, axis=1)
        elif name == "guitar":
            mix = mix + samples[:, None]
    soundfile.write(folder / "mix.wav", mix, RATE_HZ, subtype="FLOAT")
    (lesson,) = take_lessons(open_dataset(tmp_path / "songs"), ("muted",), lambda *done: None)
    apart_db = lesson.gain_db[2] - lesson.gain_db.median()
    assert float(apart_db) == pytest.approx(SOFTEST_DB, abs=0.5)


def test_songs_without_a_human_mix_teach_nothing(
    tmp_path: Path, noise: Callable[..., np.ndarray], write_sound: Callable[..., Path]
) -> None:
    write_sound(tmp_path / "one" / "kick.wav", noise(1.0))
    with pytest.raises(ValueError, match="has no song with a human mix to learn from"):
        take_lessons(open_dataset(tmp_path), ("one",), lambda *done: None)


@pytest.mark.parametrize("name", ["dmc", "ddsp"])
def test_a_controller_is_trained_goes_on_and_mixes(name: str, songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "w.safetensors"
    assert "2 steps in" in run(name, songs, out, "steps=2")
    header, first = load_weights(out, name)
    assert header.configuration["sample_rate_hz"] == RATE_HZ
    learnt = {label.partition(":")[0] for label in header.facts["songs"]}
    kept = set(open_dataset(songs).song_ids()) - learnt
    song = open_dataset(songs).open_song(kept.pop()).load()
    mixer = MIXERS[name](out)
    assert mixer.mix(song, 0).samples.shape == (2, song.frames)
    settings = mixer.settings(song)
    assert [strip.track for strip in settings.tracks] == [track.name for track in song.tracks]
    run(name, songs, tmp_path / "again", "steps=2")
    again = load_weights(tmp_path / "again", name)[1]
    assert all(torch.equal(first[key], again[key]) for key in first)


@pytest.mark.slow
def test_training_brings_levels_and_places_nearer(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "w"
    plain = ("transformation=gain-pan", "settings=10", "check_every=10", "patience=99")
    run("dmc", songs, out, "steps=60", "learning_rate=0.003", *plain)
    checks = load_weights(out, "dmc")[0].metrics["checks"]
    assert min(loss for _, _, loss in checks) < 0.7 * checks[0][2]


def test_the_fader_and_exchanged_sides_are_no_error() -> None:
    wanted = {
        "gain_db": torch.tensor([[1.0, -1.0, 0.0]]),
        "pan": torch.tensor([[0.5, -0.2, 0.0]]),
        "sounds": torch.tensor([[True, True, False]]),
    }
    same = {"gain_db": wanted["gain_db"] + 7, "pan": -wanted["pan"] + torch.tensor([0, 0, 0.9])}
    assert float(settings_error(same, wanted)) == pytest.approx(0, abs=1e-6)
    half = {"gain_db": wanted["gain_db"], "pan": wanted["pan"] * torch.tensor([1, -1, 1])}
    assert float(settings_error(half, wanted)) == pytest.approx(0.4 / 2)
    apart = torch.tensor([[GAIN_SPREAD_DB, -GAIN_SPREAD_DB, 0]])
    louder = {"gain_db": wanted["gain_db"] + apart, "pan": wanted["pan"]}
    assert float(settings_error(louder, wanted)) == pytest.approx(1)


def test_how_loud_the_whole_mix_is_makes_no_difference() -> None:
    """Neither to the loss nor to its gradient, by which a fader could run away."""
    torch.manual_seed(0)
    controller = DmcController(DmcConfig()).eval()
    louder = torch.tensor(1.0, requires_grad=True)
    tracks = 0.1 * torch.randn(1, 2, 1, 8_192)
    batch = {
        "patches": torch.randn(1, 2, 1, 96, 64),
        "sounds": torch.ones(1, 2, dtype=torch.bool),
        "target": torch.randn(1, 2, 8_192),
        "gain_db": torch.zeros(1, 2),
        "pan": torch.zeros(1, 2),
    }
    at_one = controller_loss(controller, batch | {"tracks": louder * tracks}, 1.0)
    at_ten = controller_loss(controller, batch | {"tracks": 10 * tracks}, 1.0)
    at_one.backward()
    assert at_one.item() == pytest.approx(at_ten.item(), rel=1e-4)
    assert louder.grad is not None
    assert float(louder.grad) == pytest.approx(0, abs=1e-3)
    silent = controller_loss(controller, batch | {"tracks": 0 * tracks}, 1.0)
    assert torch.isfinite(silent)


def test_dmc_learns_through_a_proxy_that_was_taught_before(songs: Path, tmp_path: Path) -> None:
    proxy, out = tmp_path / "tcn", tmp_path / "dmc"
    arguments = ["train", "tcn", "--songs", str(songs), "-o", str(proxy), "--device", "cpu"]
    for choice in ("steps=1", "seconds=0.1", "validation_crops=6", "blocks=2", "channels=2"):
        arguments += ["--set", choice]
    said = CliRunner().invoke(mixers, arguments, catch_exceptions=False).output
    assert "beside the console, median of 6 held-out sounds" in said
    assert "doing nothing leaves" in said
    taught = proxy.read_bytes()
    run("dmc", songs, out, "steps=1", "transformation=tcn", f"proxy={proxy}")
    assert proxy.read_bytes() == taught
    song = open_dataset(songs).open_song(open_dataset(songs).song_ids()[0]).load()
    strips = DmcMixer(out).settings(song).tracks
    assert sum(strip.compressor is not None for strip in strips) == len(NAMES)

"""`flask mix recover` finds what demo songs were mixed with, and says what it cannot know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from scipy import signal

from mixers.console import render
from mixers.errors import compare, compare_chains
from mixers.settings import Settings, TrackSettings, settings_from_json, settings_to_json
from stimuli.audio import write_wav
from stimuli.cli.mixing import mix
from stimuli.datasets.dataset import open_dataset
from stimuli.datasets.demo.songbook import make_songs, recipes

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("book")
    list(make_songs(recipes(2, 5.0, 11, "both"), folder, jobs=1))
    return folder


def run(*arguments: str | Path) -> str:
    done = CliRunner().invoke(mix, ["recover", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def linear(settings: Settings) -> Settings:
    return Settings(
        tuple(
            TrackSettings(strip.track, gain_db=strip.gain_db, pan=strip.pan)
            for strip in settings.tracks
        )
    )


def remix_linearly(folder: Path, out: Path, late_frames: int = 0) -> Settings:
    """Write a 16-bit mix of gains and pans only, later than the tracks."""
    truth = linear(settings_from_json((folder / "settings.json").read_text(encoding="utf-8")))
    dataset = open_dataset(folder)
    rendered = render(dataset.open_song(dataset.song_ids()[0]).load(), truth).samples
    samples = 0.5 * rendered / np.abs(rendered).max()
    write_wav(out, np.pad(samples, ((0, 0), (late_frames, 0))).astype(np.float32), 44_100)
    return truth


def check_linear(folder: Path, tmp_path: Path, late_frames: int) -> None:
    truth = remix_linearly(folder, tmp_path / "mix.wav", late_frames)
    out = tmp_path / "found.json"
    output = run(folder, tmp_path / "mix.wav", "-o", out)
    found = settings_from_json(out.read_text(encoding="utf-8"))
    errors = compare(found, truth)
    assert np.median(errors.gain_db) <= 0.5
    assert errors.pan.max() <= 0.05
    assert ("after the tracks" in output) == (late_frames > 0)


@pytest.mark.parametrize(("place", "late_frames"), [(0, 0), (1, 12_345)])
def test_a_linear_mix_of_a_demo_song_is_recovered(
    book: Path, tmp_path: Path, place: int, late_frames: int
) -> None:
    check_linear(sorted(book.iterdir())[place], tmp_path, late_frames)


@pytest.mark.slow
@pytest.mark.parametrize("index", range(16))
def test_linear_mixes_of_many_demo_songs_are_recovered(index: int, tmp_path: Path) -> None:
    recipe = recipes(16, 12.0, 23, "both")[index]
    list(make_songs([recipe], tmp_path / "book", jobs=1))
    check_linear(tmp_path / "book" / recipe.song, tmp_path, 1_000 * index)


def test_filters_explain_an_equalised_mix_better_than_gains(book: Path, tmp_path: Path) -> None:
    folder = sorted(book.iterdir())[1]
    output = run(folder, folder / "mix.wav", "-o", tmp_path / "f.npz", "--method", "filters")
    filters, gains = residuals(output)
    assert filters < gains - 6
    with np.load(tmp_path / "f.npz") as stored:
        assert stored["responses"].shape[:2] == (2, len(stored["sources"]))


def residuals(output: str) -> tuple[float, float]:
    chain, baseline = (
        float(line.split(": ")[1].split(" dB")[0])
        for line in output.splitlines()
        if line.startswith("Unexplained")
    )
    return chain, baseline


@pytest.mark.parametrize("reverb", ["stereo", pytest.param("individual", marks=pytest.mark.slow)])
def test_a_chain_explains_a_demo_mix_better_than_gains_from_the_first_steps(
    book: Path, tmp_path: Path, reverb: str
) -> None:
    folder, out = sorted(book.iterdir())[1], tmp_path / "found.json"
    arguments = (folder, folder / "mix.wav", "-o", out, "--method", "chain", "--reverb", reverb)
    truth = folder / "settings.json"
    output = run(*arguments, "--steps", "3", "--truth", truth)
    chain, baseline = residuals(output)
    assert chain < baseline - 1
    assert "Medians: eq_db" in output
    assert settings_from_json(out.read_text(encoding="utf-8")).tracks[0].compressor is not None


@pytest.mark.slow
@pytest.mark.parametrize("index", range(8))
def test_a_chain_beats_gains_on_every_demo_song(index: int, tmp_path: Path) -> None:
    recipe = recipes(8, 12.0, 29, "both")[index]
    list(make_songs([recipe], tmp_path / "book", jobs=1))
    folder = tmp_path / "book" / recipe.song
    arguments = (folder, folder / "mix.wav", "-o", tmp_path / "found.json", "--method", "chain")
    chain, baseline = residuals(run(*arguments, "--steps", "60"))
    assert chain < baseline - 10


def test_the_same_seed_gives_the_same_chain(
    tmp_path: Path, noise: Noise, write_sound: Write
) -> None:
    sound = noise(2.0, 16_000)
    write_sound(tmp_path / "song" / "a.wav", sound, 16_000)
    dull = signal.lfilter([0.3], [1, -0.7], np.repeat(sound, 2, axis=0))
    path = write_sound(tmp_path / "mix.wav", dull.astype(np.float32), 16_000)
    texts = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        chain = ("--method", "chain", "--steps", "6", "--seed", str(seed))
        run(tmp_path / "song", path, "-o", tmp_path / name, *chain)
        texts.append((tmp_path / name).read_text(encoding="utf-8"))
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize("count", [1, 64])
def test_any_number_of_tracks_of_5_s(
    count: int, tmp_path: Path, noise: Noise, write_sound: Write
) -> None:
    total = 0
    for n in range(count):
        samples = noise(5.0, 8_000, 1, n)
        write_sound(tmp_path / "song" / f"t{n:02}.wav", samples, 8_000)
        total = total + samples / count
    path = write_sound(tmp_path / "mix.wav", np.repeat(total, 2, axis=0), 8_000)
    run(tmp_path / "song", path, "-o", tmp_path / "found.json")
    found = settings_from_json((tmp_path / "found.json").read_text(encoding="utf-8"))
    wanted_db = 20 * np.log10(np.sqrt(2) / count)
    gains_db = [strip.gain_db for strip in found.tracks]
    assert np.abs(np.array(gains_db) - wanted_db).max() < 0.5


@pytest.mark.parametrize("kind", ["one track", "silent track", "identical tracks"])
def test_chains_of_hard_songs(kind: str, tmp_path: Path, noise: Noise, write_sound: Write) -> None:
    sound = noise(2.0, 16_000)
    beside = {"silent track": 0 * sound, "identical tracks": sound}
    write_sound(tmp_path / "song" / "a.wav", sound, 16_000)
    if kind in beside:
        write_sound(tmp_path / "song" / "b.wav", beside[kind], 16_000)
    path = write_sound(tmp_path / "mix.wav", 0.5 * np.repeat(sound, 2, axis=0), 16_000)
    arguments = ("-o", tmp_path / "found.json", "--method", "chain", "--steps", "2")
    chain, baseline = residuals(run(tmp_path / "song", path, *arguments))
    assert chain <= baseline < -60


def test_a_chain_is_no_distance_from_itself(book: Path) -> None:
    folder = sorted(book.iterdir())[0]
    truth = settings_from_json((folder / "settings.json").read_text(encoding="utf-8"))
    same = compare_chains(truth, truth, 44_100)
    assert set(same) >= {"eq_db", "threshold_db", "ratio", "send_db", "decay_s"}
    assert set(same.values()) == {0.0}
    softer = replace(truth, bus=replace(truth.bus, fader_db=-3.0))
    assert compare(softer, truth).gain_db.max() == 0


def test_silent_and_identical_tracks(tmp_path: Path, noise: Noise, write_sound: Write) -> None:
    sound = noise(5.0, 8_000)
    for name, samples in (("a", sound), ("b", sound), ("silent", 0 * sound)):
        write_sound(tmp_path / "song" / f"{name}.wav", samples, 8_000)
    path = write_sound(tmp_path / "mix.wav", np.repeat(sound, 2, axis=0), 8_000)
    output = run(tmp_path / "song", path, "-o", tmp_path / "found.json")
    a, b, silent = settings_from_json((tmp_path / "found.json").read_text("utf-8")).tracks
    assert a.gain_db == pytest.approx(b.gain_db, abs=0.1)
    assert (silent.gain_db, silent.pan) == (0.0, 0.0)
    assert "silent: silent, so nothing is known of it" in output


def test_a_silent_mix_is_refused_and_nothing_written(
    tmp_path: Path, noise: Noise, write_sound: Write
) -> None:
    sound = noise(5.0, 8_000)
    write_sound(tmp_path / "song" / "a.wav", sound, 8_000)
    path = write_sound(tmp_path / "mix.wav", 0 * sound, 8_000)
    with pytest.raises(ValueError, match="is silent"):
        run(tmp_path / "song", path, "-o", tmp_path / "found.json")
    assert not (tmp_path / "found.json").exists()


def test_the_truth_is_compared_with(book: Path, tmp_path: Path) -> None:
    folder = sorted(book.iterdir())[1]
    truth = remix_linearly(folder, tmp_path / "mix.wav")
    (tmp_path / "truth.json").write_text(settings_to_json(truth), encoding="utf-8")
    arguments = (folder, tmp_path / "mix.wav", "-o", tmp_path / "o.json")
    assert "gain off by 0.0" in run(*arguments, "--truth", tmp_path / "truth.json")
    other = replace(truth, tracks=truth.tracks[1:])
    (tmp_path / "truth.json").write_text(settings_to_json(other), encoding="utf-8")
    with pytest.raises(ValueError, match="other tracks"):
        run(*arguments, "--truth", tmp_path / "truth.json")


def test_pan_laws_are_no_error() -> None:
    linear_law = Settings(
        (TrackSettings("a", pan=0.0), TrackSettings("b", pan=1.0)), pan_law="linear"
    )
    power = replace(linear_law, pan_law="constant_power")
    louder = replace(power, tracks=(replace(power.tracks[0], gain_db=-3.0103), power.tracks[1]))
    errors = compare(louder, linear_law)
    np.testing.assert_allclose(errors.gain_db, 0, atol=1e-3)
    np.testing.assert_allclose(errors.pan, 0, atol=1e-9)

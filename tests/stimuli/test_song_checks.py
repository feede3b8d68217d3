"""`flask songs check` and `list`: every problem is named once, with file and value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray
from scipy import signal

from stimuli.cli.songs import songs
from stimuli.datasets.check import check_song
from stimuli.datasets.dataset import open_dataset
from stimuli.datasets.index import Index, cache_folder

Sound = NDArray[np.float32]
Noise = Callable[..., Sound]
Write = Callable[..., Path]
NAMES = ("kick", "bass", "vocals")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BLINDMIX_CACHE_PATH", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def sounds() -> dict[str, Sound]:
    rng = np.random.default_rng(1)
    tracks = {name: 0.1 * rng.standard_normal((1, 3 * 44_100), np.float32) for name in NAMES}
    gains = {"kick": (0.5, 0.4), "bass": (0.6, 0.6), "vocals": (0.2, 0.7)}
    mix = sum(np.array(gains[name], dtype=np.float32)[:, None] * tracks[name] for name in NAMES)
    return {**tracks, "mix": np.asarray(mix, dtype=np.float32)}


@pytest.fixture
def write_song(tmp_path: Path, write_sound: Write) -> Callable[[dict[str, Sound]], Path]:
    def write(sounds: dict[str, Sound]) -> Path:
        for name, samples in sounds.items():
            write_sound(tmp_path / "songs" / "one" / f"{name}.wav", samples, subtype="PCM_24")
        return tmp_path / "songs"

    return write


def flaws(folder: Path) -> list[tuple[str, str]]:
    (song,) = open_dataset(folder).songs()
    return [(Path(flaw.file).name, flaw.what) for flaw in check_song(song).flaws]


def late(samples: Sound, frames: int) -> Sound:
    return np.pad(samples, ((0, 0), (frames, 0)))[:, : samples.shape[1]]


def clipped(samples: Sound) -> Sound:
    return np.clip(8 * samples, -1, 1)


def test_a_sound_song_has_no_flaw(
    write_song: Callable[[dict[str, Sound]], Path], sounds: dict[str, Sound]
) -> None:
    assert flaws(write_song(sounds)) == []


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("bass", lambda s: s + np.float32(0.02), [("bass.wav", r"DC: mean \+0.0")]),
        ("bass", lambda s: -s, [("bass.wav", "polarity: upside down in the mix, gain -0.60")]),
        (
            "bass",
            lambda s: s[:, :-4410],
            [("bass.wav", "length: 0.100 s shorter than the others")],
        ),
        (
            "bass",
            lambda s: np.pad(s, ((0, 0), (0, 4410))),
            [("bass.wav", "length: 0.100 s longer than the others")],
        ),
        ("kick", clipped, [("kick.wav", r"clipped: \d+ flat tops")]),
        (
            "mix",
            lambda s: late(s, 441),
            [("mix.wav", r"misaligned: .* 441 frames \(10.0 ms\) late")],
        ),
        ("vocals", lambda s: late(s, 882), [("vocals.wav", "misaligned: .* 882 frames .* early")]),
    ],
    ids=["DC", "polarity", "shorter", "longer", "clipped", "late mix", "late track"],
)
def test_a_flaw_is_named_with_file_and_value(
    write_song: Callable[[dict[str, Sound]], Path],
    sounds: dict[str, Sound],
    name: str,
    change: Callable[[Sound], Sound],
    expected: list[tuple[str, str]],
) -> None:
    found = flaws(write_song({**sounds, name: change(sounds[name])}))
    assert [file for file, _ in found] == [file for file, _ in expected]
    for (_, what), (_, pattern) in zip(found, expected, strict=True):
        assert re.search(pattern, what), what


@pytest.mark.parametrize("turned", NAMES)
def test_polarity_is_told_in_the_mix_of_an_engineer(
    write_song: Callable[[dict[str, Sound]], Path], sounds: dict[str, Sound], turned: str
) -> None:
    """High-passes and a room leave most of the mix unexplained; two tracks are nearly the same."""
    rng = np.random.default_rng(2)
    tracks = {name: sounds[name] for name in NAMES}
    tracks["double"] = tracks["kick"] + 1e-4 * rng.standard_normal((1, 3 * 44_100), np.float32)
    tail = rng.standard_normal(4_410) * np.exp(-np.arange(4_410) / 1_000) / 40
    tail[0] = 0.6
    mix = np.zeros(3 * 44_100)
    for place, samples in enumerate(tracks.values()):
        cut = signal.butter(2, 100 + 60 * place, "highpass", fs=44_100, output="sos")
        mix += signal.oaconvolve(signal.sosfilt(cut, samples[0]), tail)[: len(mix)]
    both = np.stack([mix, 0.8 * mix]).astype(np.float32) / 4
    folder = write_song({**tracks, turned: -tracks[turned], "mix": both})
    polarity = [file for file, what in flaws(folder) if what.startswith("polarity")]
    assert polarity == [f"{turned}.wav"]


def test_silence_rates_and_another_mix_are_named(
    write_song: Callable[[dict[str, Sound]], Path],
    sounds: dict[str, Sound],
    noise: Noise,
    write_sound: Write,
) -> None:
    other = np.repeat(noise(3.0, seed=99), 2, axis=0)
    folder = write_song({**sounds, "kick": 0 * sounds["kick"], "mix": other})
    write_sound(folder / "one" / "bass.wav", noise(3.0, 48_000, seed=1), 48_000)
    found = flaws(folder)
    assert ("bass.wav", "rate: 48000 Hz, the others 44100 Hz") in found
    assert ("kick.wav", "silent: every sample is 0") in found
    assert any(file == "mix.wav" and what.startswith("not the sum") for file, what in found)


def check(folder: Path) -> Result:
    return CliRunner().invoke(songs, ["check", str(folder), "--jobs", "1"])


def test_what_was_found_is_kept_while_the_files_stay(
    write_song: Callable[[dict[str, Sound]], Path], sounds: dict[str, Sound], cache: Path
) -> None:
    folder = write_song({**sounds, "bass": -sounds["bass"]})
    first = check(folder)
    assert first.exit_code != 0
    assert "one: " in first.output
    assert "bass.wav: polarity" in first.output
    (file,) = cache.rglob("*.json")
    assert cache_folder() == cache
    # What the index says is believed, so nothing was read again.
    data = json.loads(file.read_text())
    digests = [state["sha256"] for state in data["songs"]["one"]["files"].values()]
    assert len(digests) == 4
    assert all(len(digest) == 64 for digest in digests)
    stamp = file.stat().st_mtime_ns
    assert check(folder).output == first.output
    assert file.stat().st_mtime_ns == stamp
    listed = CliRunner().invoke(songs, ["list", str(folder)])
    assert listed.output.splitlines()[1].split()[:2] == ["one", "3"]
    write_song({"bass": sounds["bass"]})
    assert "not checked" in CliRunner().invoke(songs, ["list", str(folder)]).output
    again = check(folder)
    assert again.exit_code == 0
    assert "No problems." in again.output


@pytest.mark.parametrize("damage", ["", "{", '{"format": 0}', '{"format": 1, "sha256": ""}'])
def test_a_damaged_index_is_made_anew(
    write_song: Callable[[dict[str, Sound]], Path],
    sounds: dict[str, Sound],
    cache: Path,
    damage: str,
) -> None:
    folder = write_song(sounds)
    assert check(folder).exit_code == 0
    (file,) = cache.rglob("*.json")
    whole = file.read_text()
    file.write_text(damage)
    assert Index(open_dataset(folder)).songs == {}
    assert check(folder).exit_code == 0
    assert file.read_text() == whole


def test_a_song_that_cannot_be_read_stops_no_other(
    write_song: Callable[[dict[str, Sound]], Path], sounds: dict[str, Sound]
) -> None:
    folder = write_song(sounds)
    (folder / "bad").mkdir()
    (folder / "bad" / "kick.wav").write_bytes(b"no sound")
    found = check(folder)
    assert found.exit_code != 0
    assert "bad: " in found.output
    assert "kick.wav" in found.output
    (report,) = Index(open_dataset(folder)).songs.values()
    assert asdict(report)["flaws"] == ()

"""`flask mix` writes one song by one system; `flask mixers list` names the systems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from mixers.loudness import true_peak
from mixers.mixer import MIXERS, load_mixer
from mixers.settings import Settings, TrackSettings, settings_to_json
from stimuli.audio import read
from stimuli.cli.mixing import mix, mixers
from stimuli.mixing import mix_song

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]


@pytest.fixture
def song(tmp_path: Path, noise: Noise, write_sound: Write) -> Path:
    for name, channels in (("kick", 1), ("mix", 2)):
        samples = noise(2.0, 48_000, channels)
        write_sound(tmp_path / "song" / f"{name}.wav", 20 * samples, 48_000, "FLOAT")
    return tmp_path / "song"


def test_every_system_is_listed() -> None:
    output = CliRunner().invoke(mixers, ["list"]).output
    assert [line.split()[0] for line in output.splitlines()] == list(MIXERS)


@pytest.mark.parametrize("system", ["mono", "random", "target"])
def test_a_mix_is_the_whole_song_below_the_ceiling(song: Path, tmp_path: Path, system: str) -> None:
    out = tmp_path / "new" / "out.wav"
    done = CliRunner().invoke(mix, [str(song), "--mixer", system, "-o", str(out), "--seed", "2"])
    assert (done.exit_code, done.exception) == (0, None)
    samples, rate_hz = read(out)
    assert (samples.shape, rate_hz) == ((2, 96_000), 48_000)
    assert -40 < true_peak(samples, rate_hz) <= -1.0
    assert ("lowered by" in done.output) == (mix_song(song, load_mixer(system), out, 2).gain_db < 0)


def test_a_loud_target_is_lowered_as_a_whole(song: Path, tmp_path: Path) -> None:
    written = mix_song(song, load_mixer("target"), tmp_path / "out.wav")
    expected = written.mix.samples * 10 ** (written.gain_db / 20)
    assert written.gain_db < -10
    assert np.abs(read(tmp_path / "out.wav")[0] - expected).max() <= 1.6 / 32_768


def test_several_songs_are_not_one(song: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "kick.wav").write_bytes((song / "kick.wav").read_bytes())
    with pytest.raises(ValueError, match="holds 2 songs"):
        mix_song(tmp_path, load_mixer("mono"), tmp_path / "out.wav")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("song/kick.wav", "is a file of the song"),
        ("song/../song/mix.wav", "is a file of the song"),
        ("mix.mp3", "mixes are written as WAV; call it mix.wav"),
    ],
)
def test_a_mix_replaces_nothing_of_its_song(
    song: Path, tmp_path: Path, name: str, message: str
) -> None:
    before = {path: path.read_bytes() for path in song.iterdir()}
    with pytest.raises(ValueError, match=message):
        mix_song(song, load_mixer("mono"), tmp_path / name)
    assert {path: path.read_bytes() for path in song.iterdir()} == before


def test_settings_are_rendered_as_they_say(song: Path, tmp_path: Path) -> None:
    stated, saved, out = tmp_path / "in.json", tmp_path / "saved.json", tmp_path / "out.wav"
    text = settings_to_json(Settings((TrackSettings("kick", gain_db=-40.0, pan=-1.0),)))
    stated.write_text(text, encoding="utf-8")
    arguments = [str(song), "--settings", str(stated), "-o", str(out)]
    done = CliRunner().invoke(mix, [*arguments, "--save-settings", str(saved)])
    assert (done.exit_code, done.exception) == (0, None)
    assert saved.read_text(encoding="utf-8") == text
    samples = read(out)[0]
    kick = read(song / "kick.wav")[0][0]
    assert np.abs(samples[0] - kick / 100).max() <= 1.6 / 32_768
    assert np.abs(samples[1]).max() <= 1.6 / 32_768
    with pytest.raises(ValueError, match="either --mixer or --settings"):
        CliRunner().invoke(mix, [*arguments, "--mixer", "mono"], catch_exceptions=False)


def test_the_expert_explains_itself(song: Path, tmp_path: Path) -> None:
    arguments = [str(song), "-o", str(tmp_path / "out.wav"), "--explain", "--mixer"]
    lines = CliRunner().invoke(mix, [*arguments, "expert"]).output.splitlines()[1:]
    assert any(line.startswith("kick: gain") for line in lines)
    (tmp_path / "out.wav").unlink()
    with pytest.raises(ValueError, match="mono cannot explain"):
        CliRunner().invoke(mix, [*arguments, "mono"], catch_exceptions=False)
    assert not (tmp_path / "out.wav").exists()


def test_without_settings_to_save_nothing_is_written(song: Path, tmp_path: Path) -> None:
    out, saved = tmp_path / "out.wav", tmp_path / "settings.json"
    arguments = [str(song), "--mixer", "mono", "-o", str(out), "--save-settings", str(saved)]
    with pytest.raises(ValueError, match="mono works without a console"):
        CliRunner().invoke(mix, arguments, catch_exceptions=False)
    assert not out.exists()
    assert not saved.exists()

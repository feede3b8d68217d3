"""Folders of sound files become multitracks by stated rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from app import create_app
from stimuli.datasets.dataset import open_dataset
from stimuli.datasets.folder import open_folder
from stimuli.datasets.roles import guess_role

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]


@pytest.fixture
def song_folder(tmp_path: Path, noise: Noise, write_sound: Write) -> Path:
    """A song whose files differ in everything that is allowed to differ."""
    folder = tmp_path / "set" / "night bus"
    write_sound(folder / "01_Kick.wav", noise(1.0, 22_050, seed=1), 22_050)
    write_sound(folder / "Bass DI.flac", noise(1.5, 48_000, seed=2), 48_000)
    write_sound(folder / "overheads.aiff", noise(2.0, 44_100, 2, seed=3), 44_100)
    write_sound(folder / "gtr.ogg", noise(1.25, 44_100, 2, seed=4), 44_100)
    write_sound(folder / "mix.wav", noise(2.5, 44_100, 1, seed=5), 44_100, "PCM_24")
    return folder


@pytest.mark.parametrize("name", ["..", ".", "song/..", "song/kick.wav", "nowhere", ""])
def test_only_songs_of_the_folder_are_opened(
    tmp_path: Path, noise: Noise, write_sound: Write, name: str
) -> None:
    write_sound(tmp_path / "songs" / "song" / "kick.wav", noise())
    write_sound(tmp_path / "kick.wav", noise())
    dataset = open_dataset(tmp_path / "songs")
    assert dataset.open_song("song").id == "song"
    with pytest.raises(ValueError, match="holds no song"):
        dataset.open_song(name)


def test_rates_lengths_and_channels_are_brought_together(song_folder: Path) -> None:
    multitrack = open_folder(song_folder).load()
    assert multitrack.song == "night bus"
    assert multitrack.sample_rate_hz == 48_000
    assert multitrack.frames == 2 * 48_000
    channels = {track.name: len(track.samples) for track in multitrack.tracks}
    assert channels == {"01_Kick": 1, "Bass DI": 1, "overheads": 2, "gtr": 2}
    kick = multitrack.tracks[0].samples[0]
    assert kick[:48_000].any()
    assert not kick[48_000 + 500 :].any()
    assert multitrack.target is not None
    np.testing.assert_array_equal(multitrack.target[0], multitrack.target[1])


def test_a_passage_equals_that_part_of_the_whole_song(song_folder: Path) -> None:
    song = open_folder(song_folder)
    whole, part = song.load(), song.load(start_s=0.4001, duration_s=0.9)
    start = round(0.4001 * 48_000)
    for in_whole, in_part in zip(whole.tracks, part.tracks, strict=True):
        expected = in_whole.samples[:, start : start + part.frames]
        np.testing.assert_allclose(in_part.samples, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("start_s", "duration_s"), [(-0.1, 1.0), (1.5, 1.0), (0.0, 0.0), (3, None)]
)
def test_a_passage_outside_the_song_is_refused(
    song_folder: Path, start_s: float, duration_s: float | None
) -> None:
    with pytest.raises(ValueError, match=r"song 'night bus' lasts 2\.00 s; there is no passage"):
        open_folder(song_folder).load(start_s, duration_s)


def test_the_band_is_a_song_without_a_human_mix(band: Path) -> None:
    song = open_folder(band)
    roles = {track.name: track.role for track in song.tracks}
    assert roles == {
        "bassguitar": "bass", "clav": "keys", "drums": "drums", "horns": "brass",
        "leadguitar": "guitar",
    }  # fmt: skip
    assert song.target is None
    multitrack = song.load(start_s=79.0)
    assert multitrack.duration_s == pytest.approx(83.2522 - 79.0, abs=1e-3)
    assert not multitrack.tracks[0].samples[:, -44_100:].any()


def test_song_yaml_states_what_names_do_not(song_folder: Path) -> None:
    (song_folder / "mix.wav").rename(song_folder / "master.wav")
    (song_folder / "song.yaml").write_text(
        "title: The Night Bus\nlicence: CC BY 4.0\ntarget: master.wav\n"
        "roles: {gtr.ogg: lead}\nignore: [Bass DI]\n"
    )
    song = open_folder(song_folder)
    assert (song.title, dict(song.notes)) == ("The Night Bus", {"licence": "CC BY 4.0"})
    assert song.target is not None
    assert {track.name: track.role for track in song.tracks} == {
        "01_Kick": "kick", "gtr": "lead", "overheads": "overhead",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("roles: [kick]", "roles is .* must be a mapping"),
        ("roles: {flute: woodwind}", "roles are given for flute, which are no tracks"),
        ("target: gone.wav", "target 'gone.wav' is no sound file"),
        ("ignore: Bass DI", "ignore is 'Bass DI', must be a list"),
        ("a: [", "is not YAML"),
        ("- a", "must be a mapping"),
    ],
)
def test_a_wrong_song_yaml_is_refused(song_folder: Path, text: str, message: str) -> None:
    (song_folder / "song.yaml").write_text(text)
    with pytest.raises(ValueError, match=rf"song\.yaml.* {message}"):
        open_folder(song_folder)


def test_two_mixes_need_a_word(song_folder: Path) -> None:
    (song_folder / "target.wav").write_bytes((song_folder / "mix.wav").read_bytes())
    with pytest.raises(ValueError, match=r"several mixes \(mix\.wav, target\.wav\)"):
        open_folder(song_folder)


def test_more_than_two_channels_are_refused(
    tmp_path: Path, noise: Noise, write_sound: Write
) -> None:
    write_sound(tmp_path / "room.wav", noise(channels=4))
    with pytest.raises(ValueError, match=r"room\.wav has 4 channels"):
        open_folder(tmp_path)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("01_Kick In", "kick"), ("BassDrum", "kick"), ("SNR_top", "snare"), ("hi-hat", "hi-hat"),
        ("tom_2", "tom"), ("overhead_L", "overhead"), ("LeadVox", "vocals"),
        ("BVs 1", "backing_vocals"),
        ("bass guitar", "bass"), ("EGtr2", "guitar"), ("Rhodes", "keys"), ("strings", "strings"),
        ("OHL", "overhead"), ("02_OH_R", "overhead"), ("BVox2", "backing_vocals"),
        ("high hat", "hi-hat"), ("synthesizer", "synth"), ("male rapper", "vocals"),
        ("vocalists", "vocals"), ("female singer", "vocals"), ("banjo", "guitar"),
        ("timpani", "percussion"), ("bass clarinet", "woodwind"), ("bass trombone", "brass"),
        ("double bass", "bass"), ("bass drum", "kick"), ("synth bass", "bass"),
        ("french horn", "brass"), ("english horn", "woodwind"), ("lap steel guitar", "guitar"),
        ("baritone saxophone", "woodwind"), ("violin section", "strings"), ("harp", "strings"),
        ("vibraphone", "keys"), ("beatboxing", "drums"), ("fx/processed sound", "fx"),
        ("auxiliary percussion", "percussion"), ("drum machine", "drums"), ("loop", "drums"),
        ("Trumpet", "brass"), ("pad", "pad"), ("07", "unknown"), ("Zither", "unknown"),
    ],
)  # fmt: skip
def test_roles_are_guessed_from_names(name: str, role: str) -> None:
    assert guess_role(name) == role


def test_songs_list_shows_the_good_and_names_the_bad(song_folder: Path) -> None:
    (song_folder.parent / "broken").mkdir()
    (song_folder.parent / "broken" / "kick.wav").write_bytes(b"")
    app = create_app({"INSTANCE_PATH": str(song_folder.parent.parent / "instance")})
    command = app.cli.get_command(None, "songs")  # type: ignore[arg-type]
    done = CliRunner().invoke(command, ["list", str(song_folder.parent)])
    (line,) = (line for line in done.output.splitlines() if line.startswith("night bus"))
    assert line.split()[2:8] == ["4", "2.0", "48000", "Hz", "night", "bus/mix.wav"]
    assert "kick.wav is empty" in done.output
    assert done.exit_code == 1


def test_an_empty_folder_holds_no_songs(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no songs"):
        open_dataset(tmp_path).song_ids()


def test_no_song_is_left_out_in_silence(song_folder: Path) -> None:
    (song_folder.parent / "no tracks yet").mkdir()
    (song_folder.parent / "phone").mkdir()
    (song_folder.parent / "phone" / "vocals.m4a").write_bytes(b"sound")
    (song_folder.parent / "artwork").mkdir()
    (song_folder.parent / "artwork" / "cover.txt").write_text("blue")
    dataset = open_dataset(song_folder.parent)
    assert set(dataset.song_ids()) == {song_folder.name, "no tracks yet", "phone"}
    with pytest.raises(ValueError, match="no tracks yet holds no tracks"):
        dataset.open_song("no tracks yet")
    with pytest.raises(ValueError, match=r"vocals.m4a: .m4a cannot be read"):
        dataset.open_song("phone")


def test_no_track_is_left_out_in_silence(song_folder: Path) -> None:
    (song_folder / "lost.wav").symlink_to(song_folder / "nowhere.wav")
    with pytest.raises(OSError, match=r"there is no file .*lost\.wav"):
        open_folder(song_folder)
    (song_folder / "lost.wav").unlink()
    (song_folder / "voice.m4a").write_bytes(b"sound")
    with pytest.raises(ValueError, match=r"voice\.m4a: \.m4a cannot be read; convert it"):
        open_folder(song_folder)
    (song_folder / "song.yaml").write_text("ignore: [voice.m4a]\n")
    assert "voice" not in [track.name for track in open_folder(song_folder).tracks]


def test_a_link_to_a_song_is_a_song_of_its_own_name(song_folder: Path) -> None:
    (song_folder.parent / "again").symlink_to(song_folder)
    names = open_dataset(song_folder.parent).song_ids()
    assert names == sorted(["again", song_folder.name])
    assert open_folder(song_folder.parent / "again").id == "again"


def test_an_error_of_yaml_is_one_line(song_folder: Path) -> None:
    (song_folder / "song.yaml").write_text("roles: {kick: [\n")
    with pytest.raises(ValueError, match=r"song\.yaml is not YAML: .*line 2") as caught:
        open_folder(song_folder)
    assert "\n" not in str(caught.value)

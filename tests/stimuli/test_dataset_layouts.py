"""Each dataset is recognised in its exact layout, and its songs load."""

from __future__ import annotations

import math
import shutil
import subprocess
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mixers.alignment import estimate_offset
from stimuli.datasets.dataset import LAYOUTS, open_dataset
from stimuli.datasets.demo.songbook import make_song, recipes
from stimuli.datasets.folder import open_folder
from stimuli.datasets.options import DatasetOptions
from stimuli.datasets.roles import guess_role
from stimuli.datasets.song import Song

Noise = Callable[..., NDArray[np.float32]]
Make = Callable[[str, int], None]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, NDArray[np.float32]]:
    """A second of a composed drum take and of a band, by role; `mix` is what an engineer made."""
    folder = tmp_path_factory.mktemp("recorded")
    sounds: dict[str, NDArray[np.float32]] = {}
    for recipe in recipes(2, 5.0, 7, "both"):
        make_song(recipe, folder)
        song = open_folder(folder / recipe.song).load(2.0, 1.0)
        assert song.target is not None
        sounds |= {track.role: track.samples for track in song.tracks}
        sounds |= {f"{recipe.family} mix": song.target}
    return sounds


@pytest.fixture
def make(
    tmp_path: Path, recorded: dict[str, NDArray[np.float32]], write_sound: Callable[..., Path]
) -> Make:
    """Write one second of what a file is called after into it, below the dataset's folder."""

    def write(path: str, channels: int) -> None:
        names = [Path(path).stem, Path(path).parent.name]
        role = next((role for name in names if (role := guess_role(name)) in recorded), "lead")
        mixed = any(word in path.lower().rsplit("/", 2)[-1] for word in ("mix", "one.wav"))
        if mixed or "_mix/" in path or "accompaniment/" in path:
            role = "drums mix" if "drummer" in path else "band mix"
        sound = recorded[role].mean(axis=0, keepdims=True)
        write_sound(tmp_path / path, np.repeat(sound, channels, axis=0))

    return write


def assert_sounds_together(song: Song) -> None:
    """What is loaded is what was recorded: no track but a missing one silent, the mix on them."""
    loaded = song.load()
    assert loaded.target is not None
    heard = [track.samples for track in loaded.tracks if track.samples.any()]
    assert len(heard) >= len(loaded.tracks) - 1
    assert estimate_offset(heard, loaded.target, loaded.sample_rate_hz, 0.1).offset_frames == 0


@pytest.mark.parametrize("root", ["ENST-drums-public/", ""])
def test_enst_drums(tmp_path: Path, make: Make, root: str) -> None:
    for take in ("001_hits_snare", "036_phrase_disco", "036_phrase_disco_norm"):
        for channel in ("kick", "snare", "hi-hat", "tom_1", "tom_2", "overhead_L", "overhead_R"):
            make(f"{root}drummer_1/audio/{channel}/{take}.wav", 1)
        for mix in ("dry_mix", "wet_mix", "accompaniment"):
            make(f"{root}drummer_1/audio/{mix}/{take}.wav", 2)
    dataset = open_dataset(tmp_path)
    assert dataset.layout == "enst-drums"
    assert dataset.song_ids() == ["drummer_1/036_phrase_disco"]
    song = dataset.open_song("drummer_1/036_phrase_disco")
    assert [track.role for track in song.tracks] == [
        "kick", "snare", "hi-hat", "tom", "tom", "tom", "overhead", "overhead",
    ]  # fmt: skip
    third_tom = song.load().tracks[5]
    assert third_tom.name == "tom_3"
    assert third_tom.samples.shape == (1, 44_100)
    assert not third_tom.samples.any()
    dry = open_dataset(tmp_path, options=DatasetOptions(target="dry"))
    dry_target = dry.open_song(song.id).target
    assert dry_target is not None
    assert dry_target.path.parent.name == "dry_mix"
    assert song.target is not None
    assert song.target.path.parent.name == "wet_mix"
    assert song.load(0.2, 0.5).frames == 22_050
    assert_sounds_together(song)


def test_musdb18_hq(tmp_path: Path, make: Make) -> None:
    for name in ("mixture", "drums", "bass", "other", "vocals"):
        make(f"train/Band - Song/{name}.wav", 2)
        make(f"test/Other - One/{name}.wav", 2)
    dataset = open_dataset(tmp_path)
    assert dataset.song_ids() == ["test/Other - One", "train/Band - Song"]
    song = dataset.open_song("train/Band - Song")
    assert (song.title, song.notes["artist"], song.notes["split"]) == ("Song", "Band", "train")
    assert [track.role for track in song.tracks] == ["drums", "bass", "unknown", "vocals"]
    assert_sounds_together(song)


def test_dsd100(tmp_path: Path, make: Make) -> None:
    make("Mixtures/Dev/051 - Band - Song/mixture.wav", 2)
    for name in ("drums", "bass", "other", "vocals"):
        make(f"Sources/Dev/051 - Band - Song/{name}.wav", 2)
    dataset = open_dataset(tmp_path)
    assert dataset.song_ids() == ["Dev/051 - Band - Song"]
    song = dataset.open_song("Dev/051 - Band - Song")
    assert (song.title, song.notes["artist"]) == ("Song", "Band")
    assert len(song.tracks) == 4
    assert_sounds_together(song)


@pytest.mark.parametrize("place", ["Audio", "V1", "."])
def test_medleydb(tmp_path: Path, make: Make, place: str) -> None:
    base = f"{place}/Band_Song"
    make(f"{base}/Band_Song_MIX.wav", 2)
    make(f"{base}/Band_Song_STEMS/Band_Song_STEM_01.wav", 2)
    for number in (1, 2):
        make(f"{base}/Band_Song_RAW/Band_Song_RAW_01_0{number}.wav", 1)
    (tmp_path / base / "Band_Song_METADATA.yaml").write_text(
        "title: Song\nartist: Band\nhas_bleed: 'yes'\nstems:\n  S01:\n"
        "    filename: Band_Song_STEM_01.wav\n    instrument: drum set\n    raw:\n"
        "      R01: {filename: Band_Song_RAW_01_01.wav, instrument: kick drum}\n"
        "      R02: {filename: Band_Song_RAW_01_02.wav, instrument: [electric bass, synth]}\n"
    )
    dataset = open_dataset(tmp_path)
    assert dataset.layout == "medleydb"
    song = dataset.open_song("Band_Song")
    assert [track.role for track in song.tracks] == ["kick", "bass"]
    assert dict(song.notes) == {"artist": "Band", "has_bleed": "yes"}
    (stem,) = open_dataset(tmp_path, options=DatasetOptions(stems=True)).open_song(song.id).tracks
    assert (stem.name, stem.role) == ("Band_Song_STEM_01", "drums")
    assert_sounds_together(song)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_song_that_is_not_there_is_refused(tmp_path: Path, layout: str) -> None:
    with pytest.raises(ValueError, match=r"holds no (song|take) 'gone/x'"):
        open_dataset(tmp_path, layout).open_song("gone/x")


def medley_song(make: Make, root: Path, name: str, raw: int, bleed: str) -> None:
    make(f"Audio/{name}/{name}_MIX.wav", 2)
    for number in range(raw):
        make(f"Audio/{name}/{name}_RAW/{name}_RAW_01_{number:02}.wav", 1)
    (root / "Metadata").mkdir(exist_ok=True)
    (root / f"Metadata/{name}_METADATA.yaml").write_text(f"has_bleed: {bleed}\n")


def test_medleydb_songs_by_raw_channels_and_bleed(tmp_path: Path, make: Make) -> None:
    medley_song(make, tmp_path, "A_Small", 2, "'no'")
    medley_song(make, tmp_path, "B_Bleeding", 3, "yes")
    medley_song(make, tmp_path, "C_Large", 4, "no")
    make("Audio/C_Large/C_Large_RAW/._C_Large_RAW_01_09.wav", 1)

    def ids(**choices: Any) -> list[str]:
        return open_dataset(tmp_path, options=DatasetOptions(**choices)).song_ids()

    assert ids() == ["A_Small", "B_Bleeding", "C_Large"]
    assert ids(max_channels=3) == ["A_Small", "B_Bleeding"]
    assert ids(without_bleed=True) == ["A_Small", "C_Large"]
    assert ids(without_bleed=True, max_channels=4) == ["A_Small", "C_Large"]
    with pytest.raises(ValueError, match="no songs with this max_channels"):
        ids(max_channels=1)


def test_bleed_that_no_metadata_state_is_no_guess(tmp_path: Path, make: Make) -> None:
    make("V2/Band_Song/Band_Song_MIX.wav", 2)
    make("V2/Band_Song/Band_Song_RAW/Band_Song_RAW_01_01.wav", 1)
    dataset = open_dataset(tmp_path, options=DatasetOptions(without_bleed=True))
    with pytest.raises(ValueError, match="Band_Song say whether"):
        dataset.song_ids()


@pytest.mark.parametrize(
    ("tracks", "mix"),
    [
        ("TheBand_NightBus/tracks", "TheBand_NightBus/mixes/one.wav"),
        ("TheBand_NightBus_Full", "TheBand_NightBus_Full/TheBand_NightBus_UnmasteredMix.wav"),
        ("TheBand_NightBus_Full", "TheBand_NightBus_Full_Preview.wav"),
    ],
    ids=["parts", "mix among the tracks", "mix beside the folder"],
)
def test_cambridge(tmp_path: Path, make: Make, tracks: str, mix: str) -> None:
    for name in ("01_Kick", "02_LeadVox"):
        make(f"{tracks}/{name}.wav", 1)
    make(mix, 2)
    dataset = open_dataset(tmp_path)
    assert dataset.layout == "cambridge-mt"
    (song,) = dataset.songs()
    assert [track.role for track in song.tracks] == ["kick", "vocals"]
    assert (song.title, song.notes["artist"]) == ("Night Bus", "The Band")
    assert song.target is not None
    assert song.target.path == tmp_path / mix
    assert_sounds_together(song)


@pytest.fixture
def stem_file(tmp_path: Path) -> Path:
    """A song of MUSDB18: a mixture and its stems, which are tones of 200, 300, 400 and 500 Hz."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    path = tmp_path / "train" / "Band - Song.stem.mp4"
    path.parent.mkdir()
    tones = [f"sine=frequency={hz}:sample_rate=44100:duration=3" for hz in (100, *STEM_HZ)]
    inputs = [word for tone in tones for word in ("-f", "lavfi", "-i", tone)]
    maps = [word for place in range(5) for word in ("-map", str(place))]
    command = ["ffmpeg", "-v", "error", *inputs, *maps, "-c:a", "aac", "-ac", "2", str(path)]
    subprocess.run(command, check=True)
    return path


STEM_HZ = (200, 300, 400, 500)


def test_musdb18(stem_file: Path) -> None:
    dataset = open_dataset(stem_file.parents[1])
    assert (dataset.layout, dataset.song_ids()) == ("musdb18", ["train/Band - Song"])
    song = dataset.open_song("train/Band - Song")
    assert (song.title, song.notes["artist"], song.notes["split"]) == ("Song", "Band", "train")
    assert [track.name for track in song.tracks] == ["drums", "bass", "other", "vocals"]
    assert math.isclose(song.duration_s, 3.0, abs_tol=0.1)
    whole, part = song.load(), song.load(1.25, 0.5)
    for track, cut, hz in zip(whole.tracks, part.tracks, STEM_HZ, strict=True):
        spectrum = np.abs(np.fft.rfft(track.samples[0, 44_100:88_200]))
        assert np.argmax(spectrum) == hz
        np.testing.assert_array_equal(cut.samples, track.samples[:, 55_125:77_175])


def test_musdb18_without_ffmpeg_says_what_to_do(
    stem_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match=r"Song.stem.mp4 can only be read with ffmpeg.*install"):
        open_dataset(tmp_path).open_song("train/Band - Song")


def test_a_damaged_stem_file_is_named(stem_file: Path) -> None:
    stem_file.write_bytes(stem_file.read_bytes()[:2_000])
    with pytest.raises(ValueError, match=r"Song.stem.mp4 cannot be decoded"):
        open_dataset(stem_file.parents[1]).open_song("train/Band - Song")


def test_a_choice_that_a_layout_does_not_know_is_refused(tmp_path: Path, make: Make) -> None:
    make("song/kick.wav", 1)
    with pytest.raises(ValueError, match="read as folder, which knows no choice of stems"):
        open_dataset(tmp_path, options=DatasetOptions(stems=True))


def test_a_song_of_90_tracks_costs_the_memory_of_its_passage(
    tmp_path: Path, noise: Noise, write_sound: Callable[..., Path]
) -> None:
    base = tmp_path / "Audio" / "Big_Song"
    sound = noise(10.0)
    write_sound(base / "Big_Song_MIX.wav", np.repeat(sound, 2, axis=0))
    first = write_sound(base / "Big_Song_RAW/Big_Song_RAW_01_01.wav", sound)
    for number in range(2, 91):
        first.with_name(f"Big_Song_RAW_01_{number:02}.wav").hardlink_to(first)
    song = open_dataset(tmp_path).open_song("Big_Song")
    passage = (90 + 2) * 22_050 * 4
    tracemalloc.start()
    loaded = song.load(4.0, 0.5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert loaded.frames == 22_050
    assert len(loaded.tracks) == 90
    assert peak < 1.3 * passage


@pytest.mark.parametrize("stems", ["[1, 2]", "{S01: drums}", "{S01: {raw: [1]}}"])
def test_metadata_of_another_shape_are_named(tmp_path: Path, make: Make, stems: str) -> None:
    make("Audio/Band_Song/Band_Song_MIX.wav", 2)
    make("Audio/Band_Song/Band_Song_RAW/Band_Song_RAW_01_01.wav", 1)
    (tmp_path / "Audio/Band_Song/Band_Song_METADATA.yaml").write_text(f"stems: {stems}\n")
    with pytest.raises(ValueError, match="metadata of Band_Song: stems are not as MedleyDB's"):
        open_dataset(tmp_path).open_song("Band_Song")

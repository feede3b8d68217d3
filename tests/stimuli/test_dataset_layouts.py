"""Each dataset is recognised in its exact layout, and its songs load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from stimuli.datasets.dataset import open_dataset

Noise = Callable[..., NDArray[np.float32]]
Make = Callable[[str, int], None]


@pytest.fixture
def make(tmp_path: Path, noise: Noise, write_sound: Callable[..., Path]) -> Make:
    """Write one second of sound into a file below the dataset's folder."""

    def write(path: str, channels: int) -> None:
        write_sound(tmp_path / path, noise(1.0, channels=channels, seed=len(path)))

    return write


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
        "kick", "snare", "hi-hat", "tom", "tom", "overhead", "overhead",
    ]  # fmt: skip
    assert song.target is not None
    assert song.target.path.parent.name == "wet_mix"
    assert song.load(0.2, 0.5).frames == 22_050


def test_musdb18_hq(tmp_path: Path, make: Make) -> None:
    for name in ("mixture", "drums", "bass", "other", "vocals"):
        make(f"train/Band - Song/{name}.wav", 2)
        make(f"test/Other - One/{name}.wav", 2)
    dataset = open_dataset(tmp_path)
    assert dataset.song_ids() == ["test/Other - One", "train/Band - Song"]
    song = dataset.open_song("train/Band - Song")
    assert (song.title, song.notes["artist"], song.notes["split"]) == ("Song", "Band", "train")
    assert [track.role for track in song.tracks] == ["drums", "bass", "unknown", "vocals"]
    assert song.load().target is not None


def test_dsd100(tmp_path: Path, make: Make) -> None:
    make("Mixtures/Dev/051 - Band - Song/mixture.wav", 2)
    for name in ("drums", "bass", "other", "vocals"):
        make(f"Sources/Dev/051 - Band - Song/{name}.wav", 2)
    dataset = open_dataset(tmp_path)
    assert dataset.song_ids() == ["Dev/051 - Band - Song"]
    assert len(dataset.open_song("Dev/051 - Band - Song").load().tracks) == 4


@pytest.mark.parametrize("place", ["Audio", "V1", "."])
def test_medleydb(tmp_path: Path, make: Make, place: str) -> None:
    base = f"{place}/Band_Song"
    make(f"{base}/Band_Song_MIX.wav", 2)
    make(f"{base}/Band_Song_STEMS/Band_Song_STEM_01.wav", 2)
    for number in (1, 2):
        make(f"{base}/Band_Song_RAW/Band_Song_RAW_01_0{number}.wav", 1)
    (tmp_path / base / "Band_Song_METADATA.yaml").write_text(
        "title: Song\nartist: Band\nhas_bleed: 'yes'\nstems:\n  S01:\n    raw:\n"
        "      R01: {filename: Band_Song_RAW_01_01.wav, instrument: kick drum}\n"
        "      R02: {filename: Band_Song_RAW_01_02.wav, instrument: [electric bass, synth]}\n"
    )
    dataset = open_dataset(tmp_path)
    assert dataset.layout == "medleydb"
    song = dataset.open_song("Band_Song")
    assert [track.role for track in song.tracks] == ["kick", "bass"]
    assert dict(song.notes) == {"artist": "Band", "has_bleed": "yes"}
    assert song.load().target is not None


@pytest.mark.parametrize("layout", ["enst-drums", "medleydb", "stems", "folder"])
def test_a_song_that_is_not_there_is_refused(tmp_path: Path, layout: str) -> None:
    with pytest.raises(ValueError, match=r"holds no (song|take) 'gone/x'"):
        open_dataset(tmp_path, layout).open_song("gone/x")

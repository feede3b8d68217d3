"""MUSDB18 as it is published: `{train,test}/<Artist - Title>.stem.mp4`, five sounds in each file.

Rafii et al., 2017. The order is Native Instruments' stem format: mixture, drums, bass, other,
vocals. ffmpeg decodes them. MUSDB18-HQ, whose files are WAV, is read by `stems`.
"""

from __future__ import annotations

from pathlib import Path

from stimuli.audio import probe_container
from stimuli.datasets.options import DatasetOptions
from stimuli.datasets.song import Song, TrackFile
from stimuli.datasets.stems import STEMS

SUFFIX = ".stem.mp4"
OPTIONS: frozenset[str] = frozenset()


def recognises(root: Path) -> bool:
    """Whether stem files lie in train or test."""
    return bool(_files(root))


def song_ids(root: Path, options: DatasetOptions) -> list[str]:
    """`train/<Artist - Title>` and `test/<Artist - Title>`: the split is part of the id."""
    return sorted(_files(root))


def open_song(root: Path, song_id: str, options: DatasetOptions) -> Song:
    """Open one song.

    Raises:
        ValueError: there is none of that name, ffmpeg is not installed, or the file does not hold
            a mixture and four stems.
    """
    path = _files(root).get(song_id)
    if path is None:
        raise ValueError(f"{root} holds no song {song_id!r}")
    sounds = probe_container(path)
    if len(sounds) != 1 + len(STEMS):
        raise ValueError(f"{path} holds {len(sounds)} sounds, must be a mixture and 4 stems")
    mixture, *stems = sounds
    split, _, name = song_id.partition("/")
    artist, _, title = name.partition(" - ")
    return Song(
        id=song_id,
        title=title or name,
        tracks=tuple(
            TrackFile(stem, role, sound)
            for (stem, role), sound in zip(STEMS.items(), stems, strict=True)
        ),
        target=mixture,
        summed=True,
        notes={"artist": artist, "split": split},
    )


def _files(root: Path) -> dict[str, Path]:
    return {
        f"{split}/{path.name.removesuffix(SUFFIX)}": path
        for split in ("train", "test")
        for path in (root / split).glob(f"*{SUFFIX}")
        if not path.name.startswith(".")
    }

"""Datasets of four stems and their mixture: MUSDB18-HQ and DSD100.

- MUSDB18-HQ: `{train,test}/<track>/{mixture,drums,bass,other,vocals}.wav`
- DSD100: `Mixtures/{Dev,Test}/<track>/mixture.wav` beside
  `Sources/{Dev,Test}/<track>/{bass,drums,other,vocals}.wav`
"""

from __future__ import annotations

import re
from pathlib import Path

from stimuli.audio import probe
from stimuli.datasets.options import DatasetOptions
from stimuli.datasets.song import Song, TrackFile

STEMS: dict[str, str] = {
    "drums": "drums",
    "bass": "bass",
    "other": "unknown",
    "vocals": "vocals",
}
"""File -> role."""
MIXTURE = "mixture.wav"
OPTIONS: frozenset[str] = frozenset()


def recognises(root: Path) -> bool:
    """Whether mixtures lie where one of the two datasets has them."""
    return bool(_mixtures(root))


def song_ids(root: Path, options: DatasetOptions) -> list[str]:
    """`train/<track>`, `Dev/<track>` and so on: the split is part of the id."""
    return sorted(_mixtures(root))


def open_song(root: Path, song_id: str, options: DatasetOptions) -> Song:
    """Open one song; raises ValueError where there is none of that name."""
    mixture = _mixtures(root).get(song_id)
    if mixture is None:
        raise ValueError(f"{root} holds no song {song_id!r}")
    split, _, track = song_id.partition("/")
    sources = root / "Sources" / split / track
    folder = sources if sources.is_dir() else mixture.parent
    artist, _, title = re.sub(r"^\d+ - ", "", track).partition(" - ")
    return Song(
        id=song_id,
        title=title or track,
        tracks=tuple(
            TrackFile(stem, role, probe(folder / f"{stem}.wav")) for stem, role in STEMS.items()
        ),
        target=probe(mixture),
        summed=True,
        notes={"artist": artist, "split": split},
    )


def _mixtures(root: Path) -> dict[str, Path]:
    """Song id -> its mixture."""
    bases = [root / "train", root / "test", root / "Mixtures/Dev", root / "Mixtures/Test"]
    return {
        f"{base.name}/{path.parent.name}": path
        for base in bases
        for path in base.glob(f"*/{MIXTURE}")
    }

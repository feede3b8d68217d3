"""ENST-Drums: `drummer_N/audio/<channel>/<take>.wav`, one base name in every channel's folder.

Gillet and Richard, ISMIR 2006. Single hits and normalised copies are left out. The target is the
wet mix, or the dry one where there is no wet one.
"""

from __future__ import annotations

from pathlib import Path

from stimuli.audio import probe
from stimuli.datasets.song import Song, TrackFile

CHANNELS: dict[str, str] = {
    "kick": "kick",
    "snare": "snare",
    "hi-hat": "hi-hat",
    "tom_1": "tom",
    "tom_2": "tom",
    "tom_3": "tom",
    "overhead_L": "overhead",
    "overhead_R": "overhead",
}
"""Folder -> role. The first drummer has no third tom; that track is absent then."""
TARGETS = ("wet_mix", "dry_mix")


def recognises(root: Path) -> bool:
    """Whether a drummer's folder of kick drums is there."""
    return any(_base(root).glob("drummer_*/audio/kick"))


def song_ids(root: Path) -> list[str]:
    """`drummer_1/NNN_phrase_…` of every take that is neither single hits nor normalised."""
    return sorted(
        f"{path.parents[2].name}/{path.stem}"
        for path in _base(root).glob("drummer_*/audio/kick/*.wav")
        if not path.stem.endswith("_norm") and "_hits_" not in f"{path.stem}_"
    )


def open_song(root: Path, song_id: str) -> Song:
    """Open one take; raises ValueError where there is none of that name."""
    drummer, _, take = song_id.partition("/")
    audio = _base(root) / drummer / "audio"
    if song_id not in song_ids(root):
        raise ValueError(f"{root} holds no take {song_id!r}")
    tracks = tuple(
        TrackFile(channel, role, probe(path))
        for channel, role in CHANNELS.items()
        if (path := audio / channel / f"{take}.wav").is_file()
    )
    mixes = [path for name in TARGETS if (path := audio / name / f"{take}.wav").is_file()]
    return Song(
        id=song_id,
        title=take.replace("_", " "),
        tracks=tracks,
        target=probe(mixes[0]) if mixes else None,
        notes={"artist": drummer},
    )


def _base(root: Path) -> Path:
    public = root / "ENST-drums-public"
    return public if public.is_dir() else root

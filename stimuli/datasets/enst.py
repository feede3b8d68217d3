"""ENST-Drums: `drummer_N/audio/<channel>/<take>.wav`, one base name in every channel's folder.

Gillet and Richard, ISMIR 2006. Single hits and normalised copies are left out. A take always has
eight tracks: the first drummer has no third tom, which is a silent track then, as the published
systems have it, whose inputs are bound to their places.
"""

from __future__ import annotations

from pathlib import Path

from stimuli.audio import SoundInfo, probe, silence
from stimuli.datasets.options import DatasetOptions
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
"""Folder -> role."""
OPTIONAL = "tom_3"
TARGETS = {"wet": "wet_mix", "dry": "dry_mix"}
OPTIONS = frozenset({"target"})


def recognises(root: Path) -> bool:
    """Whether a drummer's folder of kick drums is there."""
    return any(_base(root).glob("drummer_*/audio/kick"))


def song_ids(root: Path, options: DatasetOptions) -> list[str]:
    """`drummer_1/NNN_phrase_…` of every take that is neither single hits nor normalised."""
    return sorted(
        f"{path.parents[2].name}/{path.stem}"
        for path in _base(root).glob("drummer_*/audio/kick/*.wav")
        if _is_take(path)
    )


def open_song(root: Path, song_id: str, options: DatasetOptions) -> Song:
    """Open one take.

    Raises:
        ValueError: there is none of that name.
        OSError: a microphone other than the third tom's is missing.
    """
    drummer, _, take = song_id.partition("/")
    audio = _base(root) / drummer / "audio"
    path = audio / "kick" / f"{take}.wav"
    inside = drummer.startswith("drummer_") and path.name == f"{take}.wav"
    if not (inside and path.is_file() and _is_take(path)):
        raise ValueError(f"{root} holds no take {song_id!r}")
    kick = probe(path)
    mix = audio / TARGETS[options.target] / f"{take}.wav"
    return Song(
        id=song_id,
        title=take.replace("_", " "),
        tracks=tuple(
            TrackFile(channel, role, _microphone(audio / channel / f"{take}.wav", kick))
            for channel, role in CHANNELS.items()
        ),
        target=probe(mix) if mix.is_file() else None,
        notes={"artist": drummer},
    )


def _is_take(path: Path) -> bool:
    return not path.stem.endswith("_norm") and "_hits_" not in f"{path.stem}_"


def _microphone(path: Path, kick: SoundInfo) -> SoundInfo:
    missing = path.parent.name == OPTIONAL and not path.is_file()
    return silence(path, like=kick) if missing else probe(path)


def _base(root: Path) -> Path:
    public = root / "ENST-drums-public"
    return public if public.is_dir() else root

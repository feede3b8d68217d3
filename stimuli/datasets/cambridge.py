"""Multitracks of the Cambridge Music Technology library, in the three ways they are kept.

- `<song>/tracks/*` beside `<song>/mixes/*`
- `<Artist_Title_Full>/*` with the mix among the tracks
- `<Artist_Title_Full>/*` with the mix beside the folder, called like it

Mixes are often not aligned with the tracks, and lengths and rates vary: `flask songs check` says by
how much.
"""

from __future__ import annotations

import re
from pathlib import Path

from stimuli.audio import is_sound, probe
from stimuli.datasets.options import DatasetOptions
from stimuli.datasets.roles import guess_role
from stimuli.datasets.song import Song, TrackFile, unique_names

FULL = "_Full"
MIX_WORDS = re.compile(
    r"(?:^|[^a-z])(?:(?:un)?mastered|master|mix(?:down|ed)?|preview)(?:$|[^a-z])"
)
OPTIONS: frozenset[str] = frozenset()


def recognises(root: Path) -> bool:
    """Whether a song has folders of tracks and mixes, or is called …_Full."""
    return any(_has_parts(folder) or folder.name.endswith(FULL) for folder in _folders(root))


def song_ids(root: Path, options: DatasetOptions) -> list[str]:
    """The names of the songs' folders."""
    return [folder.name for folder in _folders(root)]


def open_song(root: Path, song_id: str, options: DatasetOptions) -> Song:
    """Open one song; where there are several mixes, the first by name is the target.

    Raises:
        ValueError: there is none of that name, or it has no tracks.
    """
    folder = next((found for found in _folders(root) if found.name == song_id), None)
    if folder is None:
        raise ValueError(f"{root} holds no song {song_id!r}")
    tracks, mixes = _tracks_and_mixes(folder)
    if not tracks:
        raise ValueError(f"{folder} holds no tracks beside its mix")
    names = unique_names(tracks)
    artist, _, title = song_id.removesuffix(FULL).partition("_")
    return Song(
        id=song_id,
        title=_spaced(title or artist),
        tracks=tuple(TrackFile(names[path], guess_role(path.stem), probe(path)) for path in tracks),
        target=probe(mixes[0]) if mixes else None,
        notes={"artist": _spaced(artist)} if title else {},
    )


def _folders(root: Path) -> list[Path]:
    """The songs' folders; root itself where it is the folder of one song."""
    if _has_parts(root) or (root.name.endswith(FULL) and _sounds(root)):
        return [root]
    return sorted(
        path for path in root.iterdir() if path.is_dir() and (_has_parts(path) or _sounds(path))
    )


def _has_parts(folder: Path) -> bool:
    return bool(_sounds(folder / "tracks"))


def _tracks_and_mixes(folder: Path) -> tuple[list[Path], list[Path]]:
    if _has_parts(folder):
        return _sounds(folder / "tracks"), _sounds(folder / "mixes")
    files = _sounds(folder)
    mixes = [path for path in files if MIX_WORDS.search(_spaced(path.stem).lower())]
    beside = [path for path in _sounds(folder.parent) if path.stem.startswith(folder.name)]
    return [path for path in files if path not in mixes], [*mixes, *beside]


def _sounds(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if is_sound(path)) if folder.is_dir() else []


def _spaced(name: str) -> str:
    """`TheNightBus` -> `The Night Bus`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ")

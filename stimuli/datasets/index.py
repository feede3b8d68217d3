"""What is known of a dataset's files: one index per dataset, with checksums, in the user's cache.

Datasets often lie where nobody may write, so the index lies in `BLINDMIX_CACHE_PATH`, or else in
`blindmix` within `XDG_CACHE_HOME` (`~/.cache`). What it says of a song holds while the song has the
same files, of the same size and time of change.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mixers.whole import whole
from stimuli.audio import SILENT
from stimuli.datasets.dataset import Dataset
from stimuli.datasets.song import Song

FORMAT = 2
"""Raised when other things are measured; an index of another format is made anew."""


@dataclass(frozen=True)
class FileState:
    """A file as it was when it was read; `sha256` is empty where only its state was asked."""

    size: int
    changed_ns: int
    sha256: str = ""


@dataclass(frozen=True)
class Flaw:
    """Something wrong: the file, and what with which value."""

    file: str
    what: str


@dataclass(frozen=True)
class Report:
    """What was found out about a song.

    Attributes:
        files: by path, as they were.
        flaws: what is wrong.
        notes: what is good to know.
    """

    files: dict[str, FileState]
    flaws: tuple[Flaw, ...]
    notes: tuple[str, ...]

    def holds_for(self, song: Song) -> bool:
        """Whether the song has the same files in the same state."""
        now = {str(path): state_of(path) for path in paths_of(song)}
        then = {path: FileState(s.size, s.changed_ns) for path, s in self.files.items()}
        return now == then


class Index:
    """The index of one dataset read in one way.

    Attributes:
        path: of its file.
        songs: song id -> what was found out.
    """

    def __init__(self, dataset: Dataset) -> None:
        root = dataset.root.resolve()
        about = [str(root), dataset.layout, asdict(dataset.options)]
        digest = hashlib.sha256(json.dumps(about).encode()).hexdigest()
        self.path = cache_folder() / "datasets" / f"{root.name}-{digest[:16]}.json"
        self.songs = _read(self.path)

    def report(self, song: Song) -> Report | None:
        """What is known of a song as it is now."""
        known = self.songs.get(song.id)
        return known if known is not None and known.holds_for(song) else None

    def keep(self, song_id: str, report: Report) -> None:
        """Add a song, and write the index, whole or not at all."""
        if self.songs.get(song_id) == report:
            return
        self.songs[song_id] = report
        songs = {name: asdict(found) for name, found in sorted(self.songs.items())}
        text = json.dumps({"format": FORMAT, "sha256": _digest(songs), "songs": songs}, indent=1)
        with whole(self.path) as partial:
            partial.write_text(text, encoding="utf-8")


def cache_folder() -> Path:
    """Where Blindmix keeps what can be found out again."""
    if stated := os.environ.get("BLINDMIX_CACHE_PATH"):
        return Path(stated)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "blindmix"


def state_of(path: Path) -> FileState:
    """Size and time of change of a file."""
    status = path.stat()
    return FileState(status.st_size, status.st_mtime_ns)


def paths_of(song: Song) -> set[Path]:
    """The files that a song is read from."""
    sounds = [track.sound for track in song.tracks if track.sound.subtype != SILENT]
    return {sound.path for sound in (sounds if song.target is None else [*sounds, song.target])}


def _read(path: Path) -> dict[str, Report]:
    """The songs of an index; none where there is no index, or a damaged or older one."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT or data["sha256"] != _digest(data["songs"]):
            return {}
        return {name: _report(found) for name, found in data["songs"].items()}
    except (FileNotFoundError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError):
        return {}


def _report(found: dict[str, Any]) -> Report:
    return Report(
        files={path: FileState(**state) for path, state in found["files"].items()},
        flaws=tuple(Flaw(**flaw) for flaw in found["flaws"]),
        notes=tuple(found["notes"]),
    )


def _digest(songs: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(songs, sort_keys=True).encode()).hexdigest()

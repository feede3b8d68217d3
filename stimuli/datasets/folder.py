"""Songs as plain folders of sound files.

A song is a folder whose sound files are its tracks. `mix.*` or `target.*` is the human mix, where
there is one. An optional `song.yaml` beside them may state:

    title: The Night Bus
    licence: CC BY 4.0
    target: master.flac          # where it is not called mix or target
    roles: {gt1: guitar, x7: bass}   # by file name, with or without suffix
    ignore: [click.wav]          # files that are no tracks

Other keys are kept as notes. A folder that holds such folders is a dataset.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from stimuli.audio import is_sound, probe
from stimuli.datasets.options import DatasetOptions
from stimuli.datasets.roles import guess_role
from stimuli.datasets.song import Song, TrackFile, unique_names

SONG_FILE = "song.yaml"
TARGET_NAMES = ("mix", "target")
FOREIGN = frozenset({".m4a", ".aac", ".wma", ".opus", ".ape", ".wv", ".alac", ".caf", ".mp4"})
"""Sound that people keep songs in and that is not read here."""
OPTIONS: frozenset[str] = frozenset()


def recognises(root: Path) -> bool:
    """Plain folders are what any folder is taken for."""
    return root.is_dir()


def song_ids(root: Path, options: DatasetOptions) -> list[str]:
    """The folder's own name where it holds sound files, else those of the folders in it.

    A folder without a sound is a song, too, if it is empty, has a song.yaml, or holds sound that
    cannot be read: whoever opens it is told. Other folders hold other things.
    """
    if _sound_files(root):
        return [_name(root)]
    return sorted(path.name for path in root.iterdir() if path.is_dir() and _is_song(path))


def open_song(root: Path, song_id: str, options: DatasetOptions) -> Song:
    """Open one song of a dataset; only headers are read.

    Raises:
        ValueError: there is no such song, or as `open_folder`.
    """
    # Not looked up among all songs: each would be listed as often as there are songs.
    if _sound_files(root):
        folder, known = root, song_id == _name(root)
    else:
        folder = root / song_id
        inside = folder.parent == root and song_id != ".."
        known = inside and folder.is_dir() and _is_song(folder)
    if not known:
        raise ValueError(f"{root} holds no song {song_id!r}")
    return open_folder(folder)


def open_folder(folder: Path) -> Song:
    """Open the folder of one song; only headers are read.

    Raises:
        ValueError: a track cannot be read, there is none, or song.yaml is wrong; the message
            names the file.
    """
    stated = _song_file(folder / SONG_FILE)
    ignored = {str(name) for name in _list(stated.pop("ignore", []), folder / SONG_FILE, "ignore")}
    roles = _mapping(stated.pop("roles", {}), folder / SONG_FILE, "roles")
    _check_readable(folder, ignored)
    files = [path for path in _sound_files(folder) if not {path.name, path.stem} & ignored]
    target = _target(files, stated.pop("target", None), folder)
    tracks = [path for path in files if path != target]
    if not tracks:
        raise ValueError(f"{folder} holds no tracks{' beside its mix' if target else ''}")
    _check_names(roles, tracks, folder / SONG_FILE)
    names = unique_names(tracks)
    return Song(
        id=_name(folder),
        title=str(stated.pop("title", _name(folder))),
        tracks=tuple(TrackFile(names[path], _role(path, roles), probe(path)) for path in tracks),
        target=None if target is None else probe(target),
        notes={str(key): str(value) for key, value in stated.items()},
    )


def _name(folder: Path) -> str:
    """A folder's own name, also where it is a link to another or is called `.`."""
    return Path(os.path.abspath(folder)).name  # noqa: PTH100 - resolve() would follow links


def _sound_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if is_sound(path))


def _is_song(folder: Path) -> bool:
    if folder.name.startswith("."):
        return bool(_sound_files(folder))
    shown = [path for path in folder.iterdir() if not path.name.startswith(".")]
    said = any(is_sound(path) or _is_foreign(path) or path.name == SONG_FILE for path in shown)
    return said or not shown


def _is_foreign(path: Path) -> bool:
    return path.suffix.lower() in FOREIGN and not path.name.startswith(".")


def _check_readable(folder: Path, ignored: set[str]) -> None:
    """No track is left out in silence because of its format."""
    for path in sorted(folder.iterdir()):
        if _is_foreign(path) and not {path.name, path.stem} & ignored:
            raise ValueError(
                f"{path}: {path.suffix} cannot be read; convert it to WAV or FLAC, or list it "
                f"under ignore in {SONG_FILE}"
            )


def _target(files: list[Path], stated: object, folder: Path) -> Path | None:
    if stated is not None:
        found = [path for path in files if path.name == stated]
        if not found:
            raise ValueError(f"{folder / SONG_FILE}: target {stated!r} is no sound file beside it")
        return found[0]
    found = [path for path in files if path.stem.lower() in TARGET_NAMES]
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise ValueError(f"{folder} has several mixes ({names}); state one as target in song.yaml")
    return found[0] if found else None


def _role(path: Path, roles: dict[str, Any]) -> str:
    return str(roles.get(path.name) or roles.get(path.stem) or guess_role(path.stem))


def _song_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        said = " ".join(str(error).split())
        raise ValueError(f"{path} is not YAML: {said}") from None
    return _mapping({} if data is None else data, path, "the file")


def _check_names(roles: dict[str, Any], tracks: list[Path], path: Path) -> None:
    known = {name for track in tracks for name in (track.name, track.stem)}
    unknown = sorted(set(roles) - known)
    if unknown:
        raise ValueError(f"{path}: roles are given for {', '.join(unknown)}, which are no tracks")


def _mapping(value: Any, path: Path, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{path}: {what} is {value!r}, must be a mapping")
    return {str(key): entry for key, entry in value.items()}


def _list(value: Any, path: Path, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{path}: {what} is {value!r}, must be a list")
    return value

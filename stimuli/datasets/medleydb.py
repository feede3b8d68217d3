"""MedleyDB V1 and V2: `<id>_MIX.wav`, `<id>_STEMS/` and `<id>_RAW/` in a folder per song.

Bittner et al., ISMIR 2014. Tracks are the RAW ones, which is what the papers count as channels.
The folders lie in `Audio/`, or in `V1/` and `V2/`; the metadata beside the sound, or in
`Metadata/`. Its yes and no are strings, and an instrument is a string or a list.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from stimuli.audio import probe
from stimuli.datasets.roles import guess_role
from stimuli.datasets.song import Song, TrackFile

PLACES = ("Audio", "V1", "V2", ".")


def recognises(root: Path) -> bool:
    """Whether a folder of a song with its mix is there."""
    return bool(_folders(root))


def song_ids(root: Path) -> list[str]:
    """The ids of all songs, such as `AClassicEducation_NightOwl`."""
    return sorted(_folders(root))


def open_song(root: Path, song_id: str) -> Song:
    """Open one song.

    Raises:
        ValueError: there is no such song, it has no RAW tracks, or its metadata are no YAML.
    """
    folder = _folders(root).get(song_id)
    if folder is None:
        raise ValueError(f"{root} holds no song {song_id!r}")
    files = sorted(
        path for path in (folder / f"{song_id}_RAW").glob("*.wav") if path.name[0] != "."
    )
    if not files:
        raise ValueError(f"{folder} holds no raw tracks in {song_id}_RAW")
    metadata = _metadata(root, folder, song_id)
    instruments = _instruments(metadata)
    return Song(
        id=song_id,
        title=str(metadata.get("title", song_id)),
        tracks=tuple(
            TrackFile(path.stem, guess_role(instruments.get(path.name, "")), probe(path))
            for path in files
        ),
        target=probe(folder / f"{song_id}_MIX.wav"),
        notes={
            key: str(metadata[key]) for key in ("artist", "genre", "has_bleed") if key in metadata
        },
    )


def _folders(root: Path) -> dict[str, Path]:
    return {
        path.parent.name: path.parent
        for place in PLACES
        for path in (root / place).glob("*/*_MIX.wav")
        if path.name == f"{path.parent.name}_MIX.wav"
    }


def _metadata(root: Path, folder: Path, song_id: str) -> dict[str, Any]:
    name = f"{song_id}_METADATA.yaml"
    for path in (folder / name, root / "Metadata" / name):
        if path.is_file():
            try:
                data = yaml.safe_load(path.read_text(encoding="utf-8"))
            except (yaml.YAMLError, UnicodeDecodeError) as error:
                raise ValueError(f"{path} is not YAML: {error}") from None
            if not isinstance(data, dict):
                raise ValueError(f"{path} is no mapping")
            return data
    return {}


def _instruments(metadata: dict[str, Any]) -> dict[str, str]:
    """File name of a raw track -> what plays on it."""
    found: dict[str, str] = {}
    for stem in (metadata.get("stems") or {}).values():
        for raw in (stem.get("raw") or {}).values():
            instrument = raw.get("instrument") or ""
            first = instrument[0] if isinstance(instrument, list) else instrument
            found[str(raw.get("filename"))] = str(first)
    return found

"""MedleyDB V1 and V2: `<id>_MIX.wav`, `<id>_STEMS/` and `<id>_RAW/` in a folder per song.

Bittner et al., ISMIR 2014. Tracks are the RAW ones, which is what the papers count as channels, or
the stems, whose sum is the mix. The folders lie in `Audio/`, or in `V1/` and `V2/`; the metadata
beside the sound, or in `Metadata/`. Its yes and no are strings, or YAML's own, and an instrument is
a string or a list.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from stimuli.audio import probe
from stimuli.datasets.options import DatasetOptions
from stimuli.datasets.roles import guess_role
from stimuli.datasets.song import Song, TrackFile

PLACES = ("Audio", "V1", "V2", ".")
OPTIONS = frozenset({"stems", "max_channels", "without_bleed"})


def recognises(root: Path) -> bool:
    """Whether a folder of a song with its mix is there."""
    return bool(_folders(root))


def song_ids(root: Path, options: DatasetOptions) -> list[str]:
    """The ids of the songs that the options leave, such as `AClassicEducation_NightOwl`.

    Raises:
        ValueError: songs without bleed are wanted, and metadata cannot be read or do not say.
    """
    return sorted(
        song_id
        for song_id, folder in _folders(root).items()
        if _few_enough(folder, options.max_channels)
        and not (options.without_bleed and _bleeds(root, folder))
    )


def open_song(root: Path, song_id: str, options: DatasetOptions) -> Song:
    """Open one song.

    Raises:
        ValueError: there is no such song, it has no tracks of the wanted kind, or its metadata
            are no YAML or of another shape.
    """
    folder = _folders(root).get(song_id)
    if folder is None:
        raise ValueError(f"{root} holds no song {song_id!r}")
    kind = "STEMS" if options.stems else "RAW"
    files = _files(folder, kind)
    if not files:
        raise ValueError(f"{folder} holds no tracks in {song_id}_{kind}")
    metadata = _metadata(root, folder)
    try:
        instruments = _instruments(metadata)
    except (AttributeError, TypeError) as error:
        raise ValueError(f"metadata of {song_id}: stems are not as MedleyDB's: {error}") from None
    known = [key for key in ("artist", "genre") if key in metadata]
    notes = {str(key): str(metadata[key]) for key in known}
    if "has_bleed" in metadata:
        notes["has_bleed"] = "yes" if _truth(metadata["has_bleed"]) else "no"
    return Song(
        id=song_id,
        title=str(metadata.get("title", song_id)),
        tracks=tuple(
            TrackFile(path.stem, guess_role(instruments.get(path.name, "")), probe(path))
            for path in files
        ),
        target=probe(folder / f"{song_id}_MIX.wav"),
        summed=options.stems,
        notes=notes,
    )


def _files(folder: Path, kind: str) -> list[Path]:
    """The sound files of one kind, without the hidden twins that macOS leaves behind."""
    found = (folder / f"{folder.name}_{kind}").glob("*.wav")
    return sorted(path for path in found if not path.name.startswith("."))


def _few_enough(folder: Path, most: int | None) -> bool:
    return most is None or 0 < len(_files(folder, "RAW")) <= most


def _bleeds(root: Path, folder: Path) -> bool:
    metadata = _metadata(root, folder)
    if "has_bleed" not in metadata:
        raise ValueError(f"no metadata of {folder.name} say whether its tracks bleed (has_bleed)")
    return _truth(metadata["has_bleed"])


def _truth(value: object) -> bool:
    """Whether yes is meant, which MedleyDB writes as a string and YAML may read as a truth."""
    return str(value).strip().lower() in ("yes", "true")


def _folders(root: Path) -> dict[str, Path]:
    return {
        path.parent.name: path.parent
        for place in PLACES
        for path in (root / place).glob("*/*_MIX.wav")
        if path.name == f"{path.parent.name}_MIX.wav"
    }


def _metadata(root: Path, folder: Path) -> dict[str, Any]:
    name = f"{folder.name}_METADATA.yaml"
    for path in (folder / name, root / "Metadata" / name):
        if path.is_file():
            try:
                data = yaml.safe_load(path.read_text(encoding="utf-8"))
            except (yaml.YAMLError, UnicodeDecodeError) as error:
                said = " ".join(str(error).split())
                raise ValueError(f"{path} is not YAML: {said}") from None
            if not isinstance(data, dict):
                raise ValueError(f"{path} is no mapping")
            return data
    return {}


def _instruments(metadata: dict[str, Any]) -> dict[str, str]:
    """File name of a stem or raw track -> what plays on it; of several, the first."""
    found: dict[str, str] = {}
    for stem in (metadata.get("stems") or {}).values():
        for part in (stem, *(stem.get("raw") or {}).values()):
            instrument = part.get("instrument") or ""
            first = instrument[0] if isinstance(instrument, list) else instrument
            found[str(part.get("filename"))] = str(first)
    return found

"""The manifest: what a set of stimuli holds and where each of them came from.

This module is the door between the rooms that make sound and the room that plays it, so it needs
the standard library only.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from math import isnan
from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args

FORMAT_VERSION = 1
MANIFEST_NAME = "manifest.json"

Role = Literal["system", "reference", "open_reference", "anchor"]
"""What a stimulus is in a test: a system's mix; the hidden reference; the reference that listeners
know as such (the same mix, written with its own dither, so that no comparison of bytes finds the
hidden one); an anchor."""


@dataclass(frozen=True)
class Stimulus:
    """One system's mix of one passage, as a sound file.

    Attributes:
        id: unique within its manifest.
        song: the song it is from.
        passage: the excerpt; stimuli of one passage are compared with each other.
        system: who mixed it, or the name of the anchor.
        role: what it is in a test.
        path: of the sound file, relative to the manifest, with forward slashes.
        sha256: of the sound file, in hexadecimal.
        sample_rate_hz: of the sound file.
        start_s: where the passage starts in the song.
        duration_s: the length of the sound file.
        loudness_lufs: integrated loudness of the sound file as it was written (ITU-R BS.1770).
        gain_db: applied to the mix to reach that loudness.
        settings: path of the JSON file with what the console was set to, as `path`; None where
            the mix was not made with a console.
    """

    id: str
    song: str
    passage: str
    system: str
    role: Role
    path: str
    sha256: str
    sample_rate_hz: int
    start_s: float
    duration_s: float
    loudness_lufs: float
    gain_db: float
    settings: str | None = None

    def __post_init__(self) -> None:
        for name in ("id", "song", "passage", "system", "path", "sha256"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value:
                raise ValueError(f"stimulus {self.id!r}: {name} is {value!r}, must be a text")
        for name in ("sample_rate_hz", "start_s", "duration_s", "loudness_lufs", "gain_db"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or isinstance(value, bool) or isnan(value):
                raise ValueError(f"stimulus {self.id!r}: {name} is {value!r}, must be a number")
        if not (self.sample_rate_hz > 0 and self.duration_s > 0):
            raise ValueError(
                f"stimulus {self.id!r}: {self.duration_s} s at {self.sample_rate_hz} Hz is no sound"
            )
        if self.role not in get_args(Role):
            raise ValueError(
                f"stimulus {self.id!r}: role {self.role!r} is none of {get_args(Role)}"
            )
        for named in filter(None, (self.path, self.settings)):
            path = PurePosixPath(named)
            if path.is_absolute() or ".." in path.parts or "\\" in named:
                raise ValueError(f"stimulus {self.id!r}: path {named!r} leads out of its folder")


@dataclass(frozen=True)
class Manifest:
    """A rendered or imported set of stimuli.

    Attributes:
        title: for people.
        seed: of everything random in it.
        code_version: of the Blindmix that made it.
        created_at: ISO 8601, UTC.
        stimuli: ordered by passage, then system.
    """

    title: str
    seed: int
    code_version: str
    created_at: str
    stimuli: tuple[Stimulus, ...]

    def __post_init__(self) -> None:
        for name in ("id", "path"):
            values = [getattr(stimulus, name) for stimulus in self.stimuli]
            doubled = sorted({value for value in values if values.count(value) > 1})
            if doubled:
                raise ValueError(f"manifest: two stimuli with {name} {', '.join(doubled)}")


def write_manifest(manifest: Manifest, folder: Path) -> Path:
    """Write the manifest into its folder, whole or not at all, and return its path."""
    path = folder / MANIFEST_NAME
    data = {"blindmix_manifest": FORMAT_VERSION, **asdict(manifest)}
    # As `mixers.whole` does; the other rooms read this module, which imports none of ours.
    partial = path.with_suffix(".json.part")
    partial.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
    return path


def replace_manifest(manifest: Manifest, folder: Path) -> Manifest:
    """Write the manifest, and remove the files that only the manifest before it named.

    Folders that nothing is left in go with them.

    Returns:
        What is in the folder now: the manifest before it, where nothing has changed but the time.
    """
    before = read_manifest(folder) if (folder / MANIFEST_NAME).is_file() else None
    if before is not None and replace(before, created_at=manifest.created_at) == manifest:
        return before
    write_manifest(manifest, folder)
    if before is not None:
        for path in _files(before) - _files(manifest):
            (folder / path).unlink(missing_ok=True)
            passage = (folder / path).parent
            if passage.is_dir() and not any(passage.iterdir()):
                passage.rmdir()
    return manifest


def _files(manifest: Manifest) -> set[str]:
    named = {path for stimulus in manifest.stimuli for path in (stimulus.path, stimulus.settings)}
    return {path for path in named if path}


def make_folder(folder: Path) -> None:
    """Make the folder for stimuli where it is missing.

    Raises:
        ValueError: it holds a Python package, as `stimuli` does where Blindmix itself lies.
        OSError: it cannot be made.
    """
    if (folder / "__init__.py").exists():
        raise ValueError(f"{folder} holds the code of a Python package; give another folder")
    folder.mkdir(parents=True, exist_ok=True)


def read_manifest(path: Path) -> Manifest:
    """Read a manifest from its file, or from the folder that holds it.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is not a manifest that this version reads; the message names the place.
    """
    if path.is_dir():
        path = path / MANIFEST_NAME
        if not path.exists():
            raise FileNotFoundError(
                f"{path.parent} holds no {MANIFEST_NAME}; make stimuli with `flask stimuli render` "
                "or `import`"
            )
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    version = data.get("blindmix_manifest") if isinstance(data, dict) else None
    if version != FORMAT_VERSION:
        raise ValueError(
            f"{path} has manifest version {version!r}, this Blindmix reads {FORMAT_VERSION}"
        )
    try:
        stimuli = tuple(Stimulus(**_known(Stimulus, entry)) for entry in data["stimuli"])
        return Manifest(**{**_known(Manifest, data), "stimuli": stimuli})
    except KeyError as error:
        raise ValueError(f"{path} holds no {error}") from None
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from None


def _known(kind: type[Stimulus] | type[Manifest], data: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {key: value for key, value in data.items() if key in names}

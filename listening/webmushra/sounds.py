"""Where the sound files of a configuration lie."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from listening.study_file import Problem
from listening.webmushra.pages import Comparison, Sound


def default_root(config: Path) -> Path:
    """What paths are relative to: the folder of webMUSHRA, whose `configs/` holds the file."""
    folder = config.resolve().parent
    return folder.parent if folder.name == "configs" else folder


def missing_sounds(comparisons: Iterable[Comparison], root: Path) -> list[Problem]:
    """The sounds that are no files below a folder, each with the line that names it."""
    found = []
    for comparison in comparisons:
        for sound in sounds_of(comparison):
            message = _problem(sound, root)
            if message:
                found.append(Problem(sound.line, sound.key, message))
    return found


def sounds_of(comparison: Comparison) -> list[Sound]:
    """All sounds of a passage."""
    reference = [comparison.reference] if comparison.reference else []
    return [*reference, *comparison.systems.values()]


def path_of(sound: Sound, root: Path) -> Path:
    """Where a sound lies."""
    return root / sound.path.lstrip("/")


def _problem(sound: Sound, root: Path) -> str | None:
    if "://" in sound.path:
        return f"{sound.path} is an address; download the file and name its path"
    path = path_of(sound, root).resolve()
    if not path.is_relative_to(root.resolve()):
        return f"{sound.path} leads out of {root}"
    return None if path.is_file() else f"there is no {path_of(sound, root)}"

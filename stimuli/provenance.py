"""Which code made a sound file."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOMS = ("mixers", "stimuli")


@lru_cache(maxsize=1)
def code_version() -> str:
    """The installed version and a digest of what can change a sound: code and shipped weights.

    The digest tells apart two states of the code that carry the same version, so that sound made
    by an earlier state is never taken for that of this one.
    """
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parent.parent
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    try:
        released = version("blindmix")
    except PackageNotFoundError:
        released = "0"
    return f"{released}+{digest.hexdigest()[:12]}"

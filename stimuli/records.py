"""What earlier runs found out: small JSON files, named after all that the finding depends on."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, cast


class Records:
    """A folder of findings; asked with what they depend on.

    Processes may share it: a record is written whole or not at all, and two that write the same
    write the same.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, *about: object) -> dict[str, Any] | None:
        """The finding, or None where there is none that can be read."""
        path = self._path(about)
        try:
            return cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    def put(self, finding: dict[str, Any], *about: object) -> None:
        """Keep a finding."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(about)
        partial = path.with_name(f"{path.name}.{os.getpid()}.part")
        partial.write_text(json.dumps(finding), encoding="utf-8")
        partial.replace(path)

    def _path(self, about: tuple[object, ...]) -> Path:
        name = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
        return self.folder / f"{name}.json"

"""What earlier runs found out: small JSON files, named after all that the finding depends on."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, cast

from mixers.whole import whole


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
        with whole(self._path(about)) as partial:
            partial.write_text(json.dumps(finding), encoding="utf-8")

    def _path(self, about: tuple[object, ...]) -> Path:
        name = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
        return self.folder / f"{name}.json"

"""What is installed works from any folder, whatever else lies there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("analysis", "listening", "mixers", "stimuli")


def test_folders_named_as_ours_do_not_stand_in_the_way(tmp_path: Path) -> None:
    for room in ROOMS:
        (tmp_path / room).mkdir()
    imported = (
        f"import {', '.join(ROOMS)}; print({', '.join(f'{room}.__file__' for room in ROOMS)})"
    )
    found = subprocess.run(
        [sys.executable, "-c", imported], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == [str(ROOT / room / "__init__.py") for room in ROOMS]

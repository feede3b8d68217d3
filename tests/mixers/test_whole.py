"""What is being written is never seen half-written, and costs nothing that was there."""

from __future__ import annotations

from pathlib import Path

import pytest

from mixers.whole import whole


def fail(path: Path) -> None:
    with whole(path) as partial:
        partial.write_text("half", encoding="utf-8")
        raise OSError("the disk is full")


def test_the_file_is_there_at_the_end_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.json"
    with whole(path) as partial:
        partial.write_text("all", encoding="utf-8")
        assert not path.exists()
    assert path.read_text(encoding="utf-8") == "all"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("before", [None, "before"])
def test_where_writing_fails_all_is_as_before(tmp_path: Path, before: str | None) -> None:
    path = tmp_path / "file"
    if before is not None:
        path.write_text(before, encoding="utf-8")
    with pytest.raises(OSError, match="full"):
        fail(path)
    assert [file.read_text(encoding="utf-8") for file in tmp_path.iterdir()] == [
        text for text in [before] if text is not None
    ]

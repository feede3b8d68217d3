"""Whatever goes wrong in a command, a person reads one line that says where and what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from app import create_app, in_one_line


def refused(code: int) -> OSError:
    return OSError(code, os.strerror(code), "/some/file")


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (errno.ENOENT, "check the path"),
        (errno.EACCES, "choose a place where you may write"),
        (errno.ENOTDIR, "a file is where a folder is needed"),
        (errno.ENOSPC, "make room"),
    ],
)
def test_a_refused_file_is_named_with_what_helps(code: int, advice: str) -> None:
    line = in_one_line(refused(code))
    assert line.startswith(f"/some/file: {os.strerror(code)}; {advice}")


def test_other_refusals_are_said_as_the_system_says_them() -> None:
    assert in_one_line(refused(errno.EIO)) == f"/some/file: {os.strerror(errno.EIO)}"
    assert in_one_line(OSError("the disk is gone")) == "the disk is gone"


def test_a_message_is_one_line_that_fits_a_screen() -> None:
    assert in_one_line(ValueError("first\n\tsecond")) == "first second"
    line = in_one_line(ValueError(f"score {'9' * 5000} is no number"))
    assert len(line) <= 1003
    assert line.startswith("score 999")
    assert line.endswith("999 is no number")


def test_an_instance_that_is_a_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "instance"
    path.write_text("no folder")
    monkeypatch.setenv("BLINDMIX_INSTANCE_PATH", str(path))
    with pytest.raises(FileExistsError) as caught:
        create_app()
    assert in_one_line(caught.value).startswith(f"{path}: File exists; a file is where")

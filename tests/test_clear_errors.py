"""Whatever goes wrong in a command, a person reads one line that says where and what to do."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import create_app, in_one_line

ROOT = Path(__file__).resolve().parent.parent


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
    nowhere = OSError(errno.ENOSPC, "No space left")
    assert in_one_line(nowhere).startswith("No space left; make room")


def test_a_message_is_one_line_that_fits_a_screen() -> None:
    assert in_one_line(ValueError("first\n\tsecond")) == "first second"
    line = in_one_line(ValueError(f"score {'9' * 5000} is no number"))
    assert len(line) <= 1003
    assert line.startswith("score 999")
    assert line.endswith("999 is no number")


def test_a_new_instance_is_said_to_be_new(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if "BLINDMIX" not in key}
    command = [sys.executable, "-m", "flask", "--app", str(ROOT / "app.py"), "study", "list"]
    first, second = (
        subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        for _ in range(2)
    )
    assert first.stderr == f"A new instance, without studies: {tmp_path / 'instance'}\n"
    assert second.stderr == ""


def test_a_wrong_setting_is_one_line(tmp_path: Path) -> None:
    environment = os.environ | {
        "BLINDMIX_TRUSTED_PROXIES": "many", "BLINDMIX_INSTANCE_PATH": str(tmp_path / "instance"),
    }  # fmt: skip
    command = [sys.executable, "-m", "flask", "study", "list"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert "Error: BLINDMIX_TRUSTED_PROXIES is 'many'" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_instance_that_is_a_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "instance"
    path.write_text("no folder")
    monkeypatch.setenv("BLINDMIX_INSTANCE_PATH", str(path))
    with pytest.raises(FileExistsError) as caught:
        create_app()
    assert in_one_line(caught.value).startswith(f"{path}: File exists; a file is where")

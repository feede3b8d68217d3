"""Tasks beside the process leave their files, and their errors are not lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from analysis.aside import Aside

MOST = [0, 1, 3]


def write(path: Path) -> None:
    path.write_text(str(os.getpid()), encoding="utf-8")


def end_by_signal() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def divide() -> float:
    return 1 / 0


def run(most: int, *tasks: Callable[[], object], after: Exception | None = None) -> None:
    with Aside(most) as aside:
        for task in tasks:
            aside.do(task)
        if after is not None:
            raise after


@pytest.mark.parametrize("most", MOST)
def test_all_is_there_when_it_ends(tmp_path: Path, most: int) -> None:
    paths = [tmp_path / str(n) for n in range(7)]
    run(most, *(partial(write, path) for path in paths))
    done_by = [int(path.read_text(encoding="utf-8")) for path in paths]
    if most == 0:
        assert set(done_by) == {os.getpid()}
    else:
        assert len(set(done_by)) > 1


@pytest.mark.parametrize("most", MOST)
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, most: int) -> None:
    good, bad = tmp_path / "good", tmp_path / "missing" / "file"
    with pytest.raises(FileNotFoundError, match=f"No such file or directory: .*{bad}"):
        run(most, partial(write, bad), partial(write, good))


def test_where_there_are_no_forks_the_work_is_done_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "fork")
    # Nor can pipes be watched there.
    monkeypatch.delattr("select.select")
    run(3, partial(write, tmp_path / "file"))
    assert (tmp_path / "file").read_text(encoding="utf-8") == str(os.getpid())


def test_other_errors_come_with_their_traceback() -> None:
    with pytest.raises(RuntimeError, match=r"in divide(.|\n)*ZeroDivisionError"):
        run(2, divide)


def test_a_process_that_is_killed_is_no_success() -> None:
    with pytest.raises(RuntimeError, match="was ended"):
        run(2, end_by_signal)


def test_an_error_of_ones_own_waits_for_the_others_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with pytest.raises(KeyError, match="own"):
        run(2, partial(write, path), divide, after=KeyError("own"))
    child = int(path.read_text(encoding="utf-8"))
    with pytest.raises(ChildProcessError):
        os.waitpid(child, os.WNOHANG)

"""The analysis of a study, run for the desk in a process of its own.

It takes seconds to minutes and libraries that the server should not hold, so the server hands a
process the ratings and looks whether it has written its results.

Beside the folder of the results there may be `.lock`, which the process holds while it works,
`.part`, in which it works, and `.failed`, which says why the newest analysis came to nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from listening.export import TidyRating

REAL, SIMULATED = KINDS = ("real", "simulated")
REQUEST, FAILURE = "request.json", "failure.txt"
GONE = ".gone"
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Request:
    """What an analysis is about.

    Attributes:
        scales: the lowest and highest score of each attribute.
        plan: the study file's `analysis`.
        declared_at: when the plan was made.
    """

    rows: Sequence[TidyRating]
    scales: Mapping[str, tuple[float, float]]
    plan: Mapping[str, Any]
    declared_at: str


@dataclass(frozen=True)
class Results:
    """How far the analysis of a study is.

    Attributes:
        state: of the newest analysis.
        failure: why it failed; empty where it did not.
        answer: the short answer of the newest one that did not fail, line by line.
        figures: names of PNG files in its folder `figures`.
        made_at: when it was written; None where there is none.
        ratings: how many it is about.
    """

    state: Literal["none", "running", "failed", "done"]
    failure: str = ""
    answer: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    made_at: datetime | None = None
    ratings: int = 0


def results_folder(instance: Path, slug: str, simulated: bool) -> Path:
    """Where the results of a study are."""
    return instance / "results" / slug / (SIMULATED if simulated else REAL)


def read_results(folder: Path) -> Results:
    """What is there now."""
    if _is_running(folder):
        return Results("running")
    failure = ""
    if (_partial(folder) / REQUEST).is_file():
        failure = "It was interrupted. Please start it again."
    elif _failure(folder).is_file():
        failure = _failure(folder).read_text(encoding="utf-8")
    written = folder / "results.json"
    try:
        made_at = datetime.fromtimestamp(written.stat().st_mtime, UTC)
        found = json.loads(written.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Results("failed" if failure else "none", failure)
    return Results(
        "failed" if failure else "done",
        failure,
        tuple(found["answer"]),
        tuple(sorted(path.name for path in (folder / "figures").glob("*.png"))),
        made_at,
        found["counts"]["ratings"],
    )


def start_analysis(folder: Path, ask: Callable[[], Request]) -> None:
    """Begin to analyse; what is there already stays until the new results are whole.

    Nothing happens while an analysis is running: of two that are asked for at once, one begins.

    Args:
        folder: where the results belong.
        ask: reads what they are to be about. It is called once `forget_results` would end this
            analysis, so that nothing comes of ratings which are deleted while they are read.
    """
    partial = _partial(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock_path(folder).open("w") as lock:
        if not _may_begin(lock):
            return
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        asked = ask()
        request = {**vars(asked), "rows": [vars(row) for row in asked.rows]}
        try:
            (partial / REQUEST).write_text(json.dumps(request), encoding="utf-8")
        except FileNotFoundError:
            return  # the folder was taken away: the results were forgotten
        # The process inherits the lock and holds it until it ends, however it ends.
        process = subprocess.Popen(
            [sys.executable, "-c", "from listening.results import main; main()", str(folder)],
            cwd=ROOT,
            env={**os.environ, "MPLBACKEND": "agg"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[lock.fileno()],
        )
    threading.Thread(target=process.wait, daemon=True).start()


def forget_results(folder: Path) -> None:
    """Delete results, which list participants; an analysis that is running leaves none.

    It moves its own folder to the place of the results as its last step. Where that folder is
    gone, it cannot; where it was there already, the results are found here.
    """
    for path in (_partial(folder), _failure(folder), folder):
        _remove(path)
    # What a killed process was deleting, and what versions before this one kept one level higher.
    root = folder.parent.parent
    for path in (*root.glob("*/*"), *root.glob("*.*")):
        if path.suffix == GONE or path.name.partition(".")[0] not in KINDS:
            _remove(path)


def analyse_request(folder: Path) -> None:
    """Do what `start_analysis` asked for; what went wrong is written down."""
    partial = _partial(folder)
    failure = _analyse(partial)
    try:
        (partial / REQUEST).unlink()
        if failure:
            (partial / FAILURE).write_text(failure, encoding="utf-8")
            (partial / FAILURE).replace(_failure(folder))
        else:
            _remove(folder)
            partial.replace(folder)
            _failure(folder).unlink(missing_ok=True)
    except FileNotFoundError:
        pass  # what it was about was deleted meanwhile
    shutil.rmtree(partial, ignore_errors=True)


def _analyse(partial: Path) -> str:
    """Write the results into a folder; returns why that cannot be, and nothing where it can."""
    try:
        from analysis.analyse import analyse
        from analysis.plan import plan_from
        from analysis.ratings import from_table
        from analysis.report import write_report

        request = json.loads((partial / REQUEST).read_text(encoding="utf-8"))
        if not request["rows"]:
            raise ValueError("There are no ratings yet.")
        plan = plan_from(request["plan"], request["declared_at"])
        scales = {name: (low, high) for name, (low, high) in request["scales"].items()}
        write_report(analyse(from_table(request["rows"], scale=scales), plan), partial)
    except (ValueError, OSError) as error:
        return str(error)
    except Exception as error:
        traceback.print_exc()
        what = " ".join(f"{type(error).__name__}: {error}".split())
        return f"Blindmix made a mistake ({what}); the log of the server says where."
    return ""


def _partial(folder: Path) -> Path:
    return folder.with_name(folder.name + ".part")


def _failure(folder: Path) -> Path:
    return folder.with_name(folder.name + ".failed")


def _lock_path(folder: Path) -> Path:
    return folder.with_name(folder.name + ".lock")


def _remove(path: Path) -> None:
    """Delete a file or a folder, which is gone as a whole before the first part of it is."""
    gone = path.with_name(f"{path.name}.{secrets.token_hex(8)}{GONE}")
    with suppress(FileNotFoundError):
        path.rename(gone)
        if gone.is_dir():
            shutil.rmtree(gone)
        else:
            gone.unlink()


def _is_running(folder: Path) -> bool:
    try:
        with _lock_path(folder).open() as lock:
            return not _locked(lock, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def _may_begin(lock: IO[str]) -> bool:
    """Take the lock of an analysis, unless one is running."""
    while not _locked(lock, fcntl.LOCK_EX):
        # A page that looks whether one is running shares the lock, and only for a moment.
        if not _locked(lock, fcntl.LOCK_SH):
            return False
    return True


def _locked(lock: IO[str], kind: int) -> bool:
    """Whether the lock could be had now."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def main() -> None:
    """What the process does that `start_analysis` starts."""
    analyse_request(Path(sys.argv[1]))

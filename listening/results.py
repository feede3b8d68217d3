"""The analysis of a study, run for the desk in a process of its own.

It takes seconds to minutes and libraries that the server should not hold, so the server hands a
process the ratings and looks whether it has written its results.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from listening.export import TidyRating

REQUEST, FAILURE = "request.json", "failure.txt"
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Results:
    """How far the analysis of a study is.

    Attributes:
        answer: the short answer, line by line; or why there is none.
        figures: names of PNG files in its folder `figures`.
        made_at: when it was written.
        ratings: how many it is about.
    """

    state: Literal["none", "running", "failed", "done"]
    answer: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    made_at: datetime | None = None
    ratings: int = 0


def results_folder(instance: Path, slug: str, simulated: bool) -> Path:
    """Where the results of a study are."""
    return instance / "results" / f"{slug}{'-simulated' if simulated else ''}"


def read_results(folder: Path) -> Results:
    """What is there now."""
    if _is_running(folder):
        return Results("running")
    if (_partial(folder) / REQUEST).is_file():
        return Results("failed", ("It was interrupted. Please start it again.",))
    if (folder / FAILURE).is_file():
        return Results("failed", ((folder / FAILURE).read_text(encoding="utf-8"),))
    written = folder / "results.json"
    if not written.is_file():
        return Results("none")
    found = json.loads(written.read_text(encoding="utf-8"))
    return Results(
        "done",
        tuple(found["answer"]),
        tuple(sorted(path.name for path in (folder / "figures").glob("*.png"))),
        datetime.fromtimestamp(written.stat().st_mtime, UTC),
        found["counts"]["ratings"],
    )


def start_analysis(
    folder: Path,
    rows: Sequence[TidyRating],
    scales: Mapping[str, tuple[float, float]],
    plan: dict[str, Any],
    declared_at: str,
) -> None:
    """Begin to analyse; what is there already stays until the new results are whole.

    Nothing happens while an analysis is running: of two that are asked for at once, one begins.
    """
    partial = _partial(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock_path(folder).open("w") as lock:
        if not _locked(lock, fcntl.LOCK_EX):
            return
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        request = {
            "rows": [vars(row) for row in rows],
            "scales": dict(scales),
            "plan": plan,
            "declared_at": declared_at,
        }
        (partial / REQUEST).write_text(json.dumps(request), encoding="utf-8")
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


def forget_results(instance: Path, slug: str) -> None:
    """Delete the results of a study, which list participants."""
    for simulated in (False, True):
        folder = results_folder(instance, slug, simulated)
        for path in (folder, _partial(folder)):
            shutil.rmtree(path, ignore_errors=True)


def analyse_request(folder: Path) -> None:
    """Do what `start_analysis` asked for; what went wrong is written down."""
    from analysis.analyse import analyse
    from analysis.plan import plan_from
    from analysis.ratings import from_table
    from analysis.report import write_report

    partial = _partial(folder)
    request = json.loads((partial / REQUEST).read_text(encoding="utf-8"))
    try:
        if not request["rows"]:
            raise ValueError("There are no ratings yet.")
        plan = plan_from(request["plan"], request["declared_at"])
        scales = {name: (low, high) for name, (low, high) in request["scales"].items()}
        write_report(analyse(from_table(request["rows"], scale=scales), plan), partial)
    except (ValueError, OSError) as error:
        (partial / FAILURE).write_text(str(error), encoding="utf-8")
    (partial / REQUEST).unlink()
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)


def _partial(folder: Path) -> Path:
    return folder.with_name(folder.name + ".part")


def _lock_path(folder: Path) -> Path:
    return folder.with_name(folder.name + ".lock")


def _is_running(folder: Path) -> bool:
    try:
        with _lock_path(folder).open() as lock:
            return not _locked(lock, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


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

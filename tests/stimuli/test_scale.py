"""Many passages: memory stays, a bad song costs itself alone, an interruption costs nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import joblib
import numpy as np
import pytest
from numpy.typing import NDArray

from stimuli.datasets.dataset import open_dataset
from stimuli.plan import Plan
from stimuli.render import render
from stimuli.workers import in_parallel, workers

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]
ROOT = Path(__file__).resolve().parents[2]
SYSTEMS = ("mono", "random", "expert", "target")
PLAN = Plan(SYSTEMS, passages_per_song=2, duration_s=2.0)
SONGS = 8


@pytest.fixture
def songs(tmp_path: Path, noise: Noise, write_sound: Write) -> Path:
    """Eight songs of four tracks, and one that cannot be read."""
    folder = tmp_path / "songs"
    for number in range(SONGS):
        for seed, name in enumerate(("kick", "bass", "guitar", "mix")):
            sound = noise(6.0, channels=2 if name == "mix" else 1, seed=10 * number + seed)
            write_sound(folder / f"song {number:02d}" / f"{name}.wav", sound)
    (folder / "broken").mkdir()
    (folder / "broken" / "kick.wav").write_text("no sound")
    return folder


def sounds(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*.wav"))}


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_passages(songs: Path, tmp_path: Path) -> None:
    peaks: list[int] = []

    def measure(step: str, done: int, total: int) -> None:
        if step == "Rendering":
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.reset_peak()

    tracemalloc.start()
    try:
        report = render(open_dataset(songs), PLAN, tmp_path / "out", on_progress=measure)
    finally:
        tracemalloc.stop()
    assert len(report.manifest.stimuli) == 2 * SONGS * len(SYSTEMS)
    assert [failure.what for failure in report.failures] == ["broken"]
    # The first passage loads what all of them share.
    early, late = max(peaks[2:6]), max(peaks[-4:])
    assert late < early + 500_000


@pytest.mark.slow
def test_a_run_that_was_interrupted_goes_on_where_it_was(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["stimuli", "render", str(songs), "-o", str(out), "--systems", ",".join(SYSTEMS)]
    arguments += ["--passages-per-song", "2", "--seconds", "2", "--jobs", "2"]
    command = [sys.executable, "-m", "flask", *arguments]
    environment = {**os.environ, "BLINDMIX_INSTANCE_PATH": str(tmp_path / "instance")}
    running = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    while len(sounds(out)) < 8:
        assert running.poll() is None, running.communicate()[1]
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)
    running.communicate(timeout=60)
    assert running.returncode == 130
    assert not (out / "manifest.json").exists()
    made = {path: path.stat().st_mtime_ns for path in out.rglob("*.wav")}
    assert 0 < len(made) < 2 * SONGS * len(SYSTEMS)
    again = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert again.returncode == 1
    assert "Failed: broken: " in again.stderr
    remade = [path for path in made if path.stat().st_mtime_ns != made[path]]
    # A file may have been written and not yet recorded by each of the two processes.
    assert len(remade) <= 2
    plan = Plan(SYSTEMS, passages_per_song=2, duration_s=2.0, on_beat=True)
    render(open_dataset(songs), plan, tmp_path / "at once")
    assert sounds(out) == sounds(tmp_path / "at once")


@pytest.mark.slow
def test_a_process_that_dies_is_one_clear_error() -> None:
    tasks = [(os.getpid, ()), (os._exit, (1,)), (os.getpid, ())]
    with pytest.raises(OSError, match=r"a process at work died.* fewer than 2 --jobs"):
        list(in_parallel(tasks, 2, lambda done, total: None))


@pytest.fixture
def cluster() -> Iterator[str]:
    """The address of a Dask scheduler with two workers, each its own process."""
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as made:
        yield made.scheduler_address


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_cluster_of_two_workers_renders_the_same_bytes(
    songs: Path, tmp_path: Path, cluster: str
) -> None:
    with workers(cluster) as count:
        assert count == 2
        at_work = joblib.Parallel(n_jobs=2)(joblib.delayed(os.getpid)() for _ in range(8))
        assert os.getpid() not in at_work
        report = render(open_dataset(songs), PLAN, tmp_path / "cluster", count)
    assert [failure.what for failure in report.failures] == ["broken"]
    render(open_dataset(songs), PLAN, tmp_path / "here")
    assert sounds(tmp_path / "cluster") == sounds(tmp_path / "here")


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_scheduler_that_does_not_answer_is_said() -> None:
    pytest.importorskip("distributed", reason="Dask is not installed")
    with pytest.raises(OSError, match=r"127\.0\.0\.1:1"), workers("tcp://127.0.0.1:1"):
        pass

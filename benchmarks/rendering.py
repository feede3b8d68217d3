"""Rendering many passages: time and memory of 8 systems on every core, and of doing it again.

`BLINDMIX_BENCH_PASSAGES` says how many passages; 200 is what a large study has. Memory is that of
this process and of its workers together; what counts is that it does not grow on the way.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import soundfile

from stimuli.datasets.dataset import open_dataset
from stimuli.plan import Plan
from stimuli.render import render

SYSTEMS = ("mono", "random", "random-console", "expert", "unmask-level", "unmask-pan", "forest",
           "target")  # fmt: skip
TRACKS = ("kick", "snare", "overheads", "bass", "guitar", "keys", "vocals", "mix")
SONG_S, RATE_HZ, PASSAGES_PER_SONG = 50.0, 44_100, 4


def main() -> None:
    """Print seconds a stimulus, memory after a tenth and at the end, and the cost of a rerun."""
    passages = int(os.environ.get("BLINDMIX_BENCH_PASSAGES", "8"))
    with tempfile.TemporaryDirectory() as folder:
        songs = Path(folder, "songs")
        for number in range(max(1, passages // PASSAGES_PER_SONG)):
            _write_song(songs / f"song {number:03d}", number)
        plan = Plan(SYSTEMS, min(passages, PASSAGES_PER_SONG), 10.0)
        first_s, memory_mb, stimuli = _run(songs, plan, Path(folder, "out"))
        again_s, _, _ = _run(songs, plan, Path(folder, "out"))
    early = memory_mb[max(1, len(memory_mb) // 10)]
    print(f"{stimuli} stimuli of 10 s: {first_s:.0f} s, {first_s / stimuli:.2f} s each")
    print(f"memory after a tenth {early:.0f} MB, at the end {memory_mb[-1]:.0f} MB, "
          f"most {max(memory_mb):.0f} MB")  # fmt: skip
    print(f"the same again: {again_s:.0f} s, ratio {again_s / first_s:.3f}")


def _run(songs: Path, plan: Plan, out: Path) -> tuple[float, list[float], int]:
    memory_mb: list[float] = []

    def note(step: str, done: int, total: int) -> None:
        if step == "Rendering":
            memory_mb.append(_memory_mb())

    started = time.perf_counter()
    report = render(open_dataset(songs), plan, out, os.cpu_count() or 1, note)
    for failure in report.failures:
        print(f"failed: {failure.what}: {failure.reason}")
    return time.perf_counter() - started, memory_mb, len(report.manifest.stimuli)


def _memory_mb() -> float:
    here = psutil.Process()
    return sum(process.memory_info().rss for process in (here, *here.children(True))) / 2**20


def _write_song(folder: Path, seed: int) -> None:
    """Noise in bursts, so that compressors have something to do."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    frames = round(SONG_S * RATE_HZ)
    for name in TRACKS:
        channels = 2 if name in ("overheads", "mix") else 1
        bursts = 0.02 + np.abs(np.sin(np.arange(frames) / RATE_HZ * rng.uniform(2, 9)))
        sound = 0.05 * bursts[:, None] * rng.standard_normal((frames, channels))
        soundfile.write(folder / f"{name}.wav", sound, RATE_HZ, subtype="PCM_16")

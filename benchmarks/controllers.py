"""DMC and DDSP on a song of three minutes and eight tracks: speed and memory.

Each system mixes in a process of its own, on every core, with the weights that ship: hearing the
tracks, deciding and rendering are all in. The first mix is of a second, to load what is loaded
once. Nobody offers a peer that can be downloaded.
"""

from __future__ import annotations

import resource
import time
from multiprocessing import get_context

import numpy as np

from mixers.mixer import load_mixer
from mixers.multitrack import Multitrack, Track

RATE_HZ, SECONDS, TRACKS = 44_100, 180, 8
KIB_A_MB = 1e6 / 1024


def main() -> None:
    """Print a line per system."""
    sound_mb = (TRACKS + 2) * SECONDS * RATE_HZ * 4 / 1e6
    print(f"{TRACKS} tracks × {SECONDS} s; tracks and mix hold {sound_mb:.0f} MB")
    print(f"{'':8}{'s':>8}{'× real time':>14}{'peak MB':>10}")
    for name in ("dmc", "ddsp"):
        with get_context("spawn").Pool(1) as pool:
            seconds, peak_mb = pool.apply(_measure, (name,))
        print(f"{name:8}{seconds:8.1f}{SECONDS / seconds:14.1f}{peak_mb:10.0f}")


def _measure(name: str) -> tuple[float, float]:
    mixer = load_mixer(name)
    mixer.mix(_song(1), 0)
    song = _song(SECONDS)
    started = time.perf_counter()
    mixer.mix(song, 0)
    seconds = time.perf_counter() - started
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_A_MB


def _song(seconds: int) -> Multitrack:
    rng = np.random.default_rng(0)
    frames = seconds * RATE_HZ
    tracks = (
        Track(f"track {n}", "unknown", 0.1 * rng.standard_normal((1, frames), np.float32))
        for n in range(TRACKS)
    )
    return Multitrack("song", RATE_HZ, tuple(tracks))


if __name__ == "__main__":
    main()

"""The offline console beside pedalboard: 8 tracks × 30 s, the same chain, in one run.

Each track has six bands of EQ, a compressor and a pan, and all share a stereo reverb of 1.5 s.
pedalboard's compressor and reverb are other algorithms of the same purpose (JUCE's, Freeverb); it
has no pan, which numpy does for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pedalboard

from mixers.console import pan_gains, render
from mixers.multitrack import Multitrack, Samples, Track
from mixers.settings import BusSettings, Compressor, EqBand, Reverb, Settings, TrackSettings

RATE_HZ, SECONDS, TRACKS = 44_100, 30, 8
EQ = (
    EqBand("low_shelf", 100, 3),
    EqBand("peak", 250, -4, 1),
    EqBand("peak", 800, 2, 2),
    EqBand("peak", 2500, -3, 1),
    EqBand("peak", 6000, 3, 1.5),
    EqBand("high_shelf", 10_000, 2),
)
COMPRESSOR = Compressor(threshold_db=-24, ratio=4, attack_ms=5, release_ms=100)
SEND_DB = -12.0
PEERS = {
    "low_shelf": pedalboard.LowShelfFilter,
    "peak": pedalboard.PeakFilter,
    "high_shelf": pedalboard.HighShelfFilter,
}


def song() -> Multitrack:
    """Bursts of noise, at the level of music."""
    rng = np.random.default_rng(1)
    frames = RATE_HZ * SECONDS
    fall = np.exp(-(np.arange(frames) % (RATE_HZ // 2)) / 6000)
    noise = (0.2 * fall * rng.standard_normal((TRACKS, 1, frames))).astype(np.float32)
    return Multitrack(
        "noise", RATE_HZ, tuple(Track(f"t{i}", "unknown", x) for i, x in enumerate(noise))
    )


def console_settings(bands: int, compressed: bool, room: bool) -> Settings:
    """The console with a part of the chain."""
    strips = tuple(
        TrackSettings(
            f"t{i}",
            eq=EQ[:bands],
            compressor=COMPRESSOR if compressed else None,
            pan=i / 4 - 0.9,
            send_db=SEND_DB if room else None,
        )
        for i in range(TRACKS)
    )
    return Settings(strips, BusSettings(Reverb(1.5, 10) if room else None))


def peer_track(bands: int, compressed: bool, samples: Samples) -> Samples:
    """One track through pedalboard."""
    chain = [PEERS[b.kind](b.frequency_hz, b.gain_db, b.q) for b in EQ[:bands]]
    if compressed:
        c = COMPRESSOR
        chain.append(pedalboard.Compressor(c.threshold_db, c.ratio, c.attack_ms, c.release_ms))
    return np.asarray(pedalboard.Pedalboard(chain)(samples, RATE_HZ)) if chain else samples


def peer_mix(
    multitrack: Multitrack, bands: int, compressed: bool, room: bool, workers: int
) -> Samples:
    """The whole mix through pedalboard."""
    chain = partial(peer_track, bands, compressed)
    with ThreadPoolExecutor(workers) as pool:
        sounds = list(pool.map(chain, [track.samples for track in multitrack.tracks]))
    mix = np.zeros((2, multitrack.frames), dtype=np.float32)
    for i, sound in enumerate(sounds):
        mix += pan_gains(i / 4 - 0.9, "constant_power").astype(np.float32)[:, None] * sound
    if room:
        reverb = pedalboard.Reverb(room_size=0.6, wet_level=1.0, dry_level=0.0)
        mix += reverb(mix * np.float32(10 ** (SEND_DB / 20)), RATE_HZ)
    return mix


def seconds(calls: list[Callable[[], object]], repeats: int = 5) -> list[float]:
    """The fastest of some runs of each, taken in turns after one to warm up."""
    best = [np.inf] * len(calls)
    for turn in range(repeats + 1):
        for i, call in enumerate(calls):
            start = time.perf_counter()
            call()
            if turn:
                best[i] = min(best[i], time.perf_counter() - start)
    return best


def main() -> None:
    """Print ours, pedalboard and their ratio."""
    multitrack = song()
    print(f"{f'{TRACKS} tracks × {SECONDS} s':40}{'ours ms':>10}{'pedalboard ms':>16}{'ratio':>8}")
    for name, bands, compressed, room, workers in (
        ("gain and pan", 0, False, False, 1),
        ("+ six-band EQ", 6, False, False, 1),
        ("compressor alone", 0, True, False, 1),
        ("bus reverb alone", 0, False, True, 1),
        ("all", 6, True, True, 1),
        ("all, two threads", 6, True, True, 2),
    ):
        settings = console_settings(bands, compressed, room)
        ours, theirs = seconds(
            [
                partial(render, multitrack, settings, workers),
                partial(peer_mix, multitrack, bands, compressed, room, workers),
            ]
        )
        print(f"{name:40}{1e3 * ours:10.1f}{1e3 * theirs:16.1f}{theirs / ours:8.2f}")


if __name__ == "__main__":
    main()

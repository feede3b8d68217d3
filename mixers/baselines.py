"""The baselines: what every system is compared with."""

from __future__ import annotations

import numpy as np

from mixers.loudness import integrated_loudness
from mixers.multitrack import Mix, Multitrack, Samples, Track

TRACK_LUFS = -30.0
"""Every track's loudness before a baseline sets its level."""
GAIN_RANGE_DB = (-12.0, 12.0)
"""`Random` draws a track's gain from this range, uniformly."""
PAN_RANGE = (-1.0, 1.0)
"""`Random` draws a track's pan from this range, uniformly: -1 is left, 1 is right."""


class Mono:
    """Every track equally loud, summed to both channels alike; no panning."""

    name = "mono"

    def mix(self, multitrack: Multitrack, seed: int) -> Mix:
        """Mix the multitrack; the seed is not used."""
        total = np.zeros(multitrack.frames, dtype=np.float32)
        for track in multitrack.tracks:
            total += _levelled(track, multitrack.sample_rate_hz).mean(axis=0)
        return Mix(self.name, multitrack.sample_rate_hz, np.stack([total, total]))


class Random:
    """Every track equally loud, then a random gain and a random pan (constant power)."""

    name = "random"

    def mix(self, multitrack: Multitrack, seed: int) -> Mix:
        """Mix the multitrack with the gains and pans of this seed."""
        rng = np.random.default_rng(seed)
        total = np.zeros((2, multitrack.frames), dtype=np.float32)
        for track in multitrack.tracks:
            gain = 10 ** (rng.uniform(*GAIN_RANGE_DB) / 20)
            angle = (rng.uniform(*PAN_RANGE) + 1) * np.pi / 4
            sides = np.sqrt(2) * gain * np.array([np.cos(angle), np.sin(angle)])
            total += sides[:, None].astype(np.float32) * _levelled(track, multitrack.sample_rate_hz)
        return Mix(self.name, multitrack.sample_rate_hz, total)


class Target:
    """The human mix that came with the song."""

    name = "target"

    def mix(self, multitrack: Multitrack, seed: int) -> Mix:
        """Hand over the human mix; the seed is not used.

        Raises:
            ValueError: the song has none.
        """
        if multitrack.target is None:
            raise ValueError(f"song {multitrack.song!r} has no human mix, so Target cannot mix it")
        return Mix(self.name, multitrack.sample_rate_hz, multitrack.target.copy())


def _levelled(track: Track, sample_rate_hz: int) -> Samples:
    """A track at `TRACK_LUFS`; one that is silent by BS.1770 stays as it is."""
    loudness_lufs = integrated_loudness(track.samples, sample_rate_hz)
    if not np.isfinite(loudness_lufs):
        return track.samples
    gain = np.float32(10 ** ((TRACK_LUFS - loudness_lufs) / 20))
    return np.asarray(track.samples * gain, dtype=np.float32)

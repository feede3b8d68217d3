"""The full-console variant of the random baseline."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mixers.baselines import GAIN_RANGE_DB, PAN_RANGE, TRACK_LUFS
from mixers.console import render
from mixers.loudness import integrated_loudness
from mixers.multitrack import Mix, Multitrack, Track
from mixers.settings import (
    RANGES,
    BusSettings,
    Compressor,
    EqBand,
    Reverb,
    Settings,
    TrackSettings,
)

EQ_GAIN_RANGE_DB = (-12.0, 12.0)
Q_RANGE = (0.3, 4.0)
THRESHOLD_RANGE_DB = (-50.0, 0.0)
RATIO_RANGE = (1.0, 10.0)
ATTACK_RANGE_MS = (0.1, 100.0)
RELEASE_RANGE_MS = (20.0, 1_000.0)
SEND_RANGE_DB = (-30.0, 0.0)
DECAY_RANGE_S = (0.3, 4.0)
PREDELAY_RANGE_MS = (0.0, 60.0)


class RandomConsole:
    """Every track equally loud, then every knob of the console at random.

    Levels, pans and logarithms of frequencies, times, ratios and q are uniform over the ranges of
    this module. The ranges are those in which an engineer would turn, not the console's widest.
    """

    name = "random-console"

    def mix(self, multitrack: Multitrack, seed: int) -> Mix:
        """Mix the multitrack with the settings of this seed."""
        return replace(render(multitrack, draw_settings(multitrack, seed)), system=self.name)


def draw_settings(multitrack: Multitrack, seed: int) -> Settings:
    """Draw settings of every strip and the reverb."""
    rng = np.random.default_rng(seed)
    rate_hz = multitrack.sample_rate_hz
    return Settings(
        tracks=tuple(_strip(track, rate_hz, rng) for track in multitrack.tracks),
        bus=BusSettings(
            reverb=Reverb(
                decay_s=_by_factors(rng, DECAY_RANGE_S),
                predelay_ms=float(rng.uniform(*PREDELAY_RANGE_MS)),
                brightness=float(rng.uniform(0, 1)),
            )
        ),
    )


def _strip(track: Track, rate_hz: int, rng: np.random.Generator) -> TrackSettings:
    loudness_lufs = integrated_loudness(track.samples, rate_hz)
    levelling_db = TRACK_LUFS - loudness_lufs if np.isfinite(loudness_lufs) else 0.0
    return TrackSettings(
        track.name,
        gain_db=float(np.clip(levelling_db + rng.uniform(*GAIN_RANGE_DB), *RANGES["gain_db"])),
        eq=(
            EqBand("low_shelf", _by_factors(rng, (60, 300)), _eq_gain_db(rng)),
            *(_peak(rng, range_hz) for range_hz in ((200, 800), (800, 3_000), (3_000, 10_000))),
            EqBand("high_shelf", _by_factors(rng, (5_000, 12_000)), _eq_gain_db(rng)),
        ),
        compressor=Compressor(
            threshold_db=float(rng.uniform(*THRESHOLD_RANGE_DB)),
            ratio=_by_factors(rng, RATIO_RANGE),
            attack_ms=_by_factors(rng, ATTACK_RANGE_MS),
            release_ms=_by_factors(rng, RELEASE_RANGE_MS),
        ),
        pan=float(rng.uniform(*PAN_RANGE)),
        send_db=float(rng.uniform(*SEND_RANGE_DB)),
    )


def _peak(rng: np.random.Generator, range_hz: tuple[float, float]) -> EqBand:
    return EqBand("peak", _by_factors(rng, range_hz), _eq_gain_db(rng), _by_factors(rng, Q_RANGE))


def _eq_gain_db(rng: np.random.Generator) -> float:
    return float(rng.uniform(*EQ_GAIN_RANGE_DB))


def _by_factors(rng: np.random.Generator, ends: tuple[float, float]) -> float:
    """Uniform in the logarithm."""
    return float(np.clip(np.exp(rng.uniform(*np.log(ends))), *ends))

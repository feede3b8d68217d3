"""One loudness for all stimuli of a passage, and no peak above the ceiling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mixers.loudness import integrated_loudness, true_peak
from mixers.multitrack import Samples

TARGET_LUFS = -23.0
CEILING_DBTP = -1.0
DITHER_MARGIN_DB = 0.01
"""Kept below the ceiling, for dither and rounding come after it was measured."""


@dataclass(frozen=True)
class Level:
    """How loud a mix is: integrated loudness and true peak (ITU-R BS.1770-4)."""

    loudness_lufs: float
    peak_dbtp: float


@dataclass(frozen=True)
class Matched:
    """A mix at the loudness of its passage.

    Attributes:
        samples: `(2, frames)`.
        gain_db: what was applied.
    """

    samples: Samples
    gain_db: float


def measure_level(samples: Samples, sample_rate_hz: int, name: str) -> Level:
    """Measure a mix.

    Raises:
        ValueError: it is silent; no gain makes silence as loud as the others.
    """
    loudness_lufs = integrated_loudness(samples, sample_rate_hz)
    if not np.isfinite(loudness_lufs):
        raise ValueError(f"{name} is silent here and cannot be matched in loudness")
    return Level(loudness_lufs, true_peak(samples, sample_rate_hz))


def matching_gains_db(
    levels: Mapping[str, Level],
    target_lufs: float = TARGET_LUFS,
    ceiling_dbtp: float = CEILING_DBTP,
) -> dict[str, float]:
    """Find the gains that bring the mixes of one passage to one loudness.

    Where one of them would exceed the ceiling then, all are lowered by one common gain: they stay
    equally loud, and no limiter touches a system's sound.

    Args:
        levels: of the mixes, by name.
        target_lufs: wanted integrated loudness.
        ceiling_dbtp: the highest true peak allowed.
    """
    gains_db = {name: target_lufs - level.loudness_lufs for name, level in levels.items()}
    room_db = (
        ceiling_dbtp - DITHER_MARGIN_DB - levels[name].peak_dbtp - gain_db
        for name, gain_db in gains_db.items()
    )
    lowered_db = min([0.0, *room_db])
    return {name: gain_db + lowered_db for name, gain_db in gains_db.items()}


def match_loudness(
    mixes: Mapping[str, Samples],
    sample_rate_hz: int,
    target_lufs: float = TARGET_LUFS,
    ceiling_dbtp: float = CEILING_DBTP,
) -> dict[str, Matched]:
    """Bring the mixes of one passage, `(2, frames)` each, to one loudness; see above.

    Raises:
        ValueError: a mix is silent.
    """
    levels = {name: measure_level(mix, sample_rate_hz, name) for name, mix in mixes.items()}
    return {
        name: Matched(amplify(mixes[name], gain_db), gain_db)
        for name, gain_db in matching_gains_db(levels, target_lufs, ceiling_dbtp).items()
    }


def amplify(samples: Samples, gain_db: float) -> Samples:
    """Apply a gain."""
    return (samples * 10 ** (gain_db / 20)).astype(np.float32)

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
class Matched:
    """A mix at the loudness of its passage.

    Attributes:
        samples: `(2, frames)`.
        gain_db: what was applied.
        loudness_lufs: what came out.
    """

    samples: Samples
    gain_db: float
    loudness_lufs: float


def match_loudness(
    mixes: Mapping[str, Samples],
    sample_rate_hz: int,
    target_lufs: float = TARGET_LUFS,
    ceiling_dbtp: float = CEILING_DBTP,
) -> dict[str, Matched]:
    """Bring the mixes of one passage to one loudness (ITU-R BS.1770-4).

    Where one of them would exceed the ceiling then, all are lowered by one common gain: they stay
    equally loud, and no limiter touches a system's sound.

    Args:
        mixes: name -> `(2, frames)`.
        sample_rate_hz: of all of them.
        target_lufs: wanted integrated loudness.
        ceiling_dbtp: the highest true peak allowed.

    Raises:
        ValueError: a mix is silent; no gain makes silence as loud as the others.
    """
    gains_db: dict[str, float] = {}
    headroom_db = 0.0
    for name, samples in mixes.items():
        loudness_lufs = integrated_loudness(samples, sample_rate_hz)
        if not np.isfinite(loudness_lufs):
            raise ValueError(f"{name} is silent here and cannot be matched in loudness")
        gains_db[name] = target_lufs - loudness_lufs
        peak_dbtp = true_peak(samples, sample_rate_hz) + gains_db[name]
        headroom_db = min(headroom_db, ceiling_dbtp - DITHER_MARGIN_DB - peak_dbtp)
    return {
        name: Matched(
            (samples * 10 ** ((gains_db[name] + headroom_db) / 20)).astype(np.float32),
            gains_db[name] + headroom_db,
            target_lufs + headroom_db,
        )
        for name, samples in mixes.items()
    }

"""What is wrong with the sound of one file, found while reading it piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stimuli.audio import SILENT, SoundInfo, read_frames

READ_S = 30
FULL_SCALE = 1 - 2**-15
"""The largest value of 16 bits, above and below."""
FLAT_TOP = 3
"""So many neighbours at full scale are a clipped peak; one alone may be an honest one."""
DC = 0.005
SILENCE = 1e-4
"""A peak of -80 dBFS: below the noise of any microphone."""


@dataclass(frozen=True)
class Levels:
    """What was measured in a file.

    Attributes:
        peak: largest magnitude.
        mean: of the channel with the largest mean; DC.
        flat_tops: runs of at least `FLAT_TOP` samples at full scale.
        loudest_s: where the second with the most energy begins.
    """

    peak: float
    mean: float
    flat_tops: int
    loudest_s: int


def measure(sound: SoundInfo) -> Levels:
    """Measure a file; `READ_S` seconds of it are in memory at a time.

    Raises:
        ValueError, OSError: it cannot be read; the message names it.
    """
    rate_hz = sound.sample_rate_hz
    peak, flat_tops = 0.0, 0
    sums = np.zeros(sound.channels)
    energies: list[float] = []
    for first in range(0, sound.frames, READ_S * rate_hz):
        samples = read_frames(sound, first, READ_S * rate_hz)
        peak = max(peak, float(np.abs(samples).max()))
        sums += samples.sum(axis=1, dtype=np.float64)
        flat_tops += _flat_tops(np.abs(samples) >= FULL_SCALE)
        seconds = range(0, samples.shape[1], rate_hz)
        energies += [float(np.square(samples[:, at : at + rate_hz]).sum()) for at in seconds]
    means = sums / sound.frames
    return Levels(peak, float(means[np.abs(means).argmax()]), flat_tops, int(np.argmax(energies)))


def level_flaws(sound: SoundInfo, levels: Levels) -> Iterator[str]:
    """Name what is wrong with the levels of a file, with the value."""
    if sound.subtype == SILENT:
        return
    if levels.peak < SILENCE:
        below = f"{20 * np.log10(levels.peak):.0f} dBFS" if levels.peak else "every sample is 0"
        yield f"silent: {below}"
    if levels.peak > 1.0:
        yield f"exceeds full scale: peak {levels.peak:.3f}"
    if levels.flat_tops:
        yield f"clipped: {levels.flat_tops} flat tops"
    if abs(levels.mean) > DC:
        yield f"DC: mean {levels.mean:+.4f}"


def _flat_tops(at_top: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> int:
    """How many runs of `FLAT_TOP` or more begin in a block of `(channels, frames)`."""
    length = at_top.shape[1] - FLAT_TOP + 1
    if length < 1:
        return 0
    runs = np.logical_and.reduce([at_top[:, place : place + length] for place in range(FLAT_TOP)])
    return int((runs[:, 1:] & ~runs[:, :-1]).sum() + runs[:, 0].sum())

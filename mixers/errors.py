"""How far settings are from the settings that they are meant to be."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixers.console import pan_gains
from mixers.settings import Settings

SOFTEST_DB = -60.0
"""Gains this far below the loudest of a mix are as good as zero, and all alike."""


@dataclass(frozen=True)
class SettingsErrors:
    """Differences per track, in the order of the true settings.

    Attributes:
        tracks: names.
        gain_db: absolute differences of gain, after the whole mix was turned to where it fits best:
            a fader is no error.
        pan: absolute differences of pan, 0..2.
    """

    tracks: tuple[str, ...]
    gain_db: NDArray[np.float64]
    pan: NDArray[np.float64]


def compare(found: Settings, true: Settings, leave_out: Collection[str] = ()) -> SettingsErrors:
    """Compare gains and pans, whatever pan laws the two sets of settings are written in.

    EQ, compressor and reverb are not compared: several of their settings sound alike.

    Args:
        found: of the same tracks as `true`.
        true: what is right.
        leave_out: names of tracks about which nothing could be found, as of silent ones.

    Raises:
        ValueError: the settings are of other tracks, or no track is left.
    """
    if {strip.track for strip in found.tracks} != {strip.track for strip in true.tracks}:
        raise ValueError("the settings to be compared are of other tracks")
    names = tuple(strip.track for strip in true.tracks if strip.track not in leave_out)
    if not names:
        raise ValueError("there is no track left to compare")
    ours, theirs = _levels(found, names), _levels(true, names)
    off_db = ours[0] - theirs[0]
    return SettingsErrors(names, np.abs(off_db - np.median(off_db)), np.abs(ours[1] - theirs[1]))


def _levels(settings: Settings, names: tuple[str, ...]) -> NDArray[np.float64]:
    """Gain in dB over both sides, and pan by constant power: `(2, tracks)`."""
    strips = {strip.track: strip for strip in settings.tracks}
    gain_db, pans = [], []
    for name in names:
        left, right = pan_gains(strips[name].pan, settings.pan_law)
        gain_db.append(strips[name].gain_db + 20 * np.log10(np.hypot(left, right)))
        pans.append(4 / np.pi * np.arctan2(right, left) - 1)
    return np.stack([np.maximum(gain_db, np.max(gain_db) + SOFTEST_DB), pans])

"""How far settings are from the settings that they are meant to be."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixers.console import pan_gains
from mixers.cookbook import biquad
from mixers.settings import EqBand, Settings

SOFTEST_DB = -60.0
"""Gains this far below the loudest of a mix are as good as zero, and all alike."""


CURVE_HZ = np.geomspace(50, 16_000, 50)
"""Where equalisers are compared."""


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


def compare_chains(found: Settings, true: Settings, sample_rate_hz: int) -> dict[str, float]:
    """Median absolute errors over tracks of the parameters that both settings have.

    `eq_db` is the root mean square difference of the equalisers' curves around their means, since
    several sets of bands have the same curve, and its mean is a gain. A threshold says little
    where the ratio is near 1, and neither does a gain where make-up and bands can stand in for it.
    """
    ours = {strip.track: strip for strip in found.tracks}
    pairs = [(ours[strip.track], strip) for strip in true.tracks if strip.track in ours]
    errors: dict[str, list[float]] = {}

    def note(name: str, one: float | None, other: float | None) -> None:
        if one is not None and other is not None:
            errors.setdefault(name, []).append(abs(one - other))

    for mine, theirs in pairs:
        curves = [_curve_db(strip.eq, sample_rate_hz) for strip in (mine, theirs)]
        note("eq_db", float(np.std(curves[0] - curves[1])), 0.0)
        note("send_db", mine.send_db, theirs.send_db)
        if mine.compressor is not None and theirs.compressor is not None:
            for name in ("threshold_db", "ratio", "attack_ms", "release_ms"):
                note(name, getattr(mine.compressor, name), getattr(theirs.compressor, name))
    if found.bus.reverb is not None and true.bus.reverb is not None:
        for name in ("decay_s", "predelay_ms", "brightness"):
            note(name, getattr(found.bus.reverb, name), getattr(true.bus.reverb, name))
    return {name: float(np.median(values)) for name, values in errors.items()}


def _curve_db(bands: tuple[EqBand, ...], sample_rate_hz: int) -> NDArray[np.float64]:
    """Gain of an equaliser at the frequencies of `CURVE_HZ`."""
    heard_hz = CURVE_HZ[: np.searchsorted(CURVE_HZ, 0.45 * sample_rate_hz)]
    delay = np.exp(-2j * np.pi * heard_hz / sample_rate_hz)
    curve = np.ones(len(heard_hz), dtype=np.complex128)
    for band in bands:
        b0, b1, b2, a1, a2 = biquad(band, sample_rate_hz)
        curve *= (b0 + delay * (b1 + delay * b2)) / (1 + delay * (a1 + delay * a2))
    # Below -60 dB nothing is heard that could be compared.
    return np.asarray(20 * np.log10(np.maximum(np.abs(curve), 1e-3)))

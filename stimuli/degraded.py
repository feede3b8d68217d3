"""Degraded anchors of mixing: mixes that are wrong in one known way.

A low-pass anchor says what a bad codec is; these say what a bad mix is. Their tracks are those of
the song, equally loud unless a recipe says otherwise, so they need no human mix. The overheads
alone are the anchor of Martínez Ramírez et al. (2021), Deep learning for the intelligent mixing of
drums, JAES 69(3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mixers.loudness import integrated_loudness
from mixers.multitrack import Multitrack, Samples, Track

PREFIX = "anchor_"
TRACK_LUFS = -30.0
WRONG_BY_DB = 12.0
DRIVE_DB = 15.0


@dataclass(frozen=True)
class Recipe:
    """How a mix is spoilt.

    Attributes:
        summary: one line for people.
        make: a multitrack and a generator -> `(2, frames)`.
    """

    summary: str
    make: Callable[[Multitrack, np.random.Generator], Samples]


def make_degraded(recipe: str, multitrack: Multitrack, seed: int) -> Samples:
    """Make the degraded mix `(2, frames)` of that name.

    Raises:
        ValueError: there is no such recipe, or the song has no tracks for it.
    """
    return RECIPES[recipe_name(recipe)].make(multitrack, np.random.default_rng(seed))


def recipe_name(text: str) -> str:
    """The name as `RECIPES` has it.

    Raises:
        ValueError: there is no such recipe.
    """
    if text not in RECIPES:
        raise ValueError(f"there is no recipe {text!r}; there are: {', '.join(RECIPES)}")
    return text


def anchor_name(recipe: str) -> str:
    """What the anchor of a recipe is called as a stimulus."""
    return PREFIX + recipe.replace("-", "_")


def _wrong_balance(multitrack: Multitrack, rng: np.random.Generator) -> Samples:
    """Half of the tracks, drawn by chance, are far too loud, the other half far too soft."""
    count = len(multitrack.tracks)
    signs = rng.permutation(np.where(np.arange(count) < (count + 1) // 2, 1.0, -1.0))
    gains = 10 ** (signs * WRONG_BY_DB / 20)
    return _sum(multitrack, [_stereo(gain) for gain in gains])


def _hard_panned(multitrack: Multitrack, rng: np.random.Generator) -> Samples:
    """Every track wholly on one side, in turn."""
    order = rng.permutation(len(multitrack.tracks))
    sides = [np.array([1.0, 0.0]) if place % 2 else np.array([0.0, 1.0]) for place in order]
    return _sum(multitrack, sides)


def _overheads(multitrack: Multitrack, rng: np.random.Generator) -> Samples:
    return _only(multitrack, ("overhead",), "overheads")


def _lead_buried(multitrack: Multitrack, rng: np.random.Generator) -> Samples:
    """What leads, 20 dB below all else."""
    leads = [track.role in ("vocals", "lead") for track in multitrack.tracks]
    if not any(leads) or all(leads):
        raise ValueError(f"song {multitrack.song!r} has no lead above a band that could be buried")
    return _sum(multitrack, [_stereo(0.1 if lead else 1.0) for lead in leads])


def _clipped(multitrack: Multitrack, rng: np.random.Generator) -> Samples:
    """The equally loud sum, driven hard into clipping."""
    mono = _sum(multitrack, [_stereo(1.0)] * len(multitrack.tracks))
    ceiling = float(np.abs(mono).max()) * 10 ** (-DRIVE_DB / 20)
    return np.clip(mono, -ceiling, ceiling)


RECIPES: dict[str, Recipe] = {
    "wrong-balance": Recipe(
        "half of the tracks 12 dB too loud, the others too soft", _wrong_balance
    ),
    "hard-panned": Recipe("every track wholly on the left or on the right", _hard_panned),
    "overheads": Recipe("the overheads of the drums alone", _overheads),
    "lead-buried": Recipe("what leads is 20 dB below all else", _lead_buried),
    "clipped": Recipe("the sum of all tracks, clipped by 15 dB", _clipped),
}


def _only(multitrack: Multitrack, roles: tuple[str, ...], what: str) -> Samples:
    kept = [track.role in roles for track in multitrack.tracks]
    if not any(kept):
        raise ValueError(f"song {multitrack.song!r} has no {what}")
    return _sum(multitrack, [_stereo(float(keep)) for keep in kept])


def _stereo(gain: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.full(2, gain)


def _sum(
    multitrack: Multitrack, sides: list[np.ndarray[tuple[int], np.dtype[np.float64]]]
) -> Samples:
    """Equally loud tracks, each with its gains for left and right."""
    total = np.zeros((2, multitrack.frames))
    for track, gains in zip(multitrack.tracks, sides, strict=True):
        level = _level_gain(track, multitrack.sample_rate_hz)
        total += gains[:, None] * level * track.samples
    return total.astype(np.float32)


def _level_gain(track: Track, sample_rate_hz: int) -> float:
    loudness_lufs = integrated_loudness(track.samples, sample_rate_hz)
    return 10 ** ((TRACK_LUFS - loudness_lufs) / 20) if np.isfinite(loudness_lufs) else 1.0

"""Whether the mixes of one passage lie on each other: in time, in polarity, left on left.

Systems mix the same tracks, so their mixes have much in common; a mix that came late, upside down
or with its sides exchanged shows in how it correlates with the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from mixers.alignment import align, estimate_offset
from mixers.multitrack import Samples

MOST_OFFSET_S = 0.25
"""How far an offset is looked for."""
OFFSET_S = 0.000_5
"""Filters may delay a mix by so much; a larger offset is heard when switching."""
SURE = 1.5
"""The confidence of an offset from which it is believed; see `mixers.alignment`."""
SURE_OF_POLARITY = 0.3
SURE_OF_SIDES = 0.7


def unlike(sounds: Mapping[str, Samples], sample_rate_hz: int) -> Iterator[tuple[str, str]]:
    """Name the mixes that do not lie on the others.

    The majority decides what is right; between equals, the first.

    Args:
        sounds: by name, `(2, frames)` each, equally long; the first is what others are held to.
        sample_rate_hz: of all.

    Yields:
        The name, and a sentence on what is wrong with it.
    """
    names = list(sounds)
    heard = [name for name in names if sounds[name].any()]
    if len(heard) < 2:
        return
    first = sounds[heard[0]]
    offsets = [_offset(first, sounds[name], sample_rate_hz) for name in heard]
    aligned = [
        align(sounds[name], offset, first.shape[1])
        for name, offset in zip(heard, offsets, strict=True)
    ]
    middle = [_likeness(_mid(first), _mid(sound)) for sound in aligned]
    sides = [_likeness(_side(first), _side(sound)) for sound in aligned]
    usual = _middle(offsets)
    for name, offset in zip(heard, offsets, strict=True):
        if abs(offset - usual) > OFFSET_S * sample_rate_hz:
            side = "late" if offset > usual else "early"
            yield name, f"is {abs(offset - usual)} frames {side} against its passage"
    for name in _minority(heard, middle, SURE_OF_POLARITY):
        yield name, "has the opposite polarity of its passage"
    # Exchanged are the sides of a mix that is alike in the middle and opposite at the sides.
    signs = [
        side * np.sign(mid) if abs(mid) > SURE_OF_SIDES else 0.0
        for mid, side in zip(middle, sides, strict=True)
    ]
    for name in _minority(heard, signs, SURE_OF_SIDES):
        yield name, "seems to have left and right exchanged against its passage"


def _offset(first: Samples, other: Samples, sample_rate_hz: int) -> int:
    """How many frames the other is late; 0 where they have too little in common to tell."""
    if other is first:
        return 0
    found = estimate_offset([first], other, sample_rate_hz, MOST_OFFSET_S)
    return found.offset_frames if found.confidence > SURE else 0


def _middle(offsets: list[int]) -> int:
    """The offset of the majority; the first one's where there is none."""
    ordered = sorted(offsets)
    lower, upper = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return lower if lower == upper else offsets[0]


def _minority(names: list[str], likeness: list[float], sure: float) -> list[str]:
    """Whose likeness to the first has the rarer sign, among those that are sure."""
    opposite = [name for name, value in zip(names, likeness, strict=True) if value < -sure]
    same = [name for name, value in zip(names, likeness, strict=True) if value > sure]
    return opposite if len(opposite) <= len(same) else same


def _likeness(first: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The correlation, -1..1; 0 where one is silent."""
    power = float(np.sum(first**2) * np.sum(other**2))
    return float(np.sum(first * other)) / power**0.5 if power > 0 else 0.0


def _mid(samples: Samples) -> NDArray[np.float64]:
    return np.asarray(samples.sum(axis=0, dtype=np.float64))


def _side(samples: Samples) -> NDArray[np.float64]:
    if len(samples) < 2:
        return np.zeros(samples.shape[1])
    return np.asarray(samples[0].astype(np.float64) - samples[1])

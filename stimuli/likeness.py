"""Whether the mixes of one passage lie on each other: in time, in polarity, left on left.

Systems mix the same tracks, so their mixes have much in common; a mix that came late, upside down
or with its sides exchanged shows in how it correlates with the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from mixers.alignment import align, estimate_offset
from mixers.multitrack import Samples

MOST_OFFSET_S = 2.0
"""How far an offset is looked for."""
OFFSET_S = 0.000_5
"""Filters may delay a mix by so much; a larger offset is heard when switching."""
SURE = 1.5
"""The confidence of an offset from which it is believed; see `mixers.alignment`."""
SIGNS_ABOVE_HZ = 500.0
"""Where polarity is told: high-passes and shelves turn the phase of what is lower, and one bass
drum upside down can outweigh all else there."""
SURE_OF_POLARITY = 0.3
SURE_OF_SIDES = 0.75
"""Systems that pan as it happens come to 0.7: a mirror image of a mix is a mix, too."""
SAME_DB = -50.0
"""What is left of a mix without the other is dither, not a mix of its own."""


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
    usual = _middle(offsets)
    for name, offset in zip(heard, offsets, strict=True):
        if abs(offset - usual) > OFFSET_S * sample_rate_hz:
            side = "late" if offset > usual else "early"
            yield name, f"is {abs(offset - usual)} frames {side} against its passage"
    middle = [_sign(_mid(first), _mid(sound), sample_rate_hz) for sound in aligned]
    turned = set(_minority(heard, middle, SURE_OF_POLARITY))
    left, right = (
        set(_minority(heard, signs, SURE_OF_POLARITY))
        for signs in (
            [_sign(_channel(first, at), _channel(sound, at), sample_rate_hz) for sound in aligned]
            for at in (0, -1)
        )
    )
    for name in heard:
        if name in left ^ right:
            where = "left" if name in left else "right"
            yield name, f"has the opposite polarity of its passage on the {where}"
        elif name in turned | left:
            yield name, "has the opposite polarity of its passage"
    sides = [_likeness(_side(first), _side(sound)) for sound in aligned]
    # Exchanged are the sides of a mix that is alike in the middle and opposite at the sides.
    signs = [
        side * np.sign(mid) if abs(mid) > SURE_OF_SIDES else 0.0
        for mid, side in zip(middle, sides, strict=True)
    ]
    for name in _minority(heard, signs, SURE_OF_SIDES):
        yield name, "seems to have left and right exchanged against its passage"


def same(sounds: Mapping[str, Samples]) -> Iterator[tuple[str, str]]:
    """Name the sounds that are the same but for gain and dither, each with the one before it.

    Args:
        sounds: by name, of one shape; silent ones are left out.
    """
    heard = {name: sound.astype(np.float64).ravel() for name, sound in sounds.items()}
    heard = {
        name: sound / norm for name, sound in heard.items() if (norm := np.sum(sound**2) ** 0.5)
    }
    names = list(heard)
    for place, name in enumerate(names):
        for other in names[:place]:
            # Of unit energy each: what the best gain leaves of one without the other.
            if 1 - float(heard[name] @ heard[other]) ** 2 < 10 ** (SAME_DB / 10):
                yield name, other
                break


def _sign(first: NDArray[np.float64], other: NDArray[np.float64], sample_rate_hz: int) -> float:
    """How surely two sounds have the same polarity, -1..1; 0 where it cannot be told."""
    cut_hz = min(SIGNS_ABOVE_HZ, sample_rate_hz / 4)
    sections = signal.butter(4, cut_hz, "highpass", fs=sample_rate_hz, output="sos")
    bright = _likeness(signal.sosfilt(sections, first), signal.sosfilt(sections, other))
    whole = _likeness(first, other)
    # A mix that is too few frames late to be named is turned at high frequencies alone.
    return 0.0 if whole * bright < 0 and abs(whole) > SURE_OF_POLARITY else bright


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


def _channel(samples: Samples, at: int) -> NDArray[np.float64]:
    return np.asarray(samples[at], dtype=np.float64)


def _mid(samples: Samples) -> NDArray[np.float64]:
    return np.asarray(samples.sum(axis=0, dtype=np.float64))


def _side(samples: Samples) -> NDArray[np.float64]:
    if len(samples) < 2:
        return np.zeros(samples.shape[1])
    return np.asarray(samples[0].astype(np.float64) - samples[1])

"""Excerpts of songs: chosen where something plays, faded in and out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixers.multitrack import Samples
from stimuli.audio import read_frames
from stimuli.datasets.song import Song

HOP_S = 0.5
"""Passages start on this grid."""
SILENCE_DB = -60.0
"""Half a second this far below the song's loudest is silence."""
QUIET_DB = -12.0
"""A passage this far below the song's loudest passage is not chosen."""
MOST_TRIES = 100
MOST_SILENCE = 0.1
"""The share of a passage that may be silence."""


@dataclass(frozen=True)
class Passage:
    """An excerpt of a song.

    Attributes:
        name: unique within its set of stimuli.
        song: the song's id.
        start_s: where it starts.
        duration_s: how long it is.
    """

    name: str
    song: str
    start_s: float
    duration_s: float


def choose_starts(song: Song, count: int, duration_s: float, seed: int) -> list[float]:
    """Choose where passages start, by chance, among those that are not quiet or half silent.

    Passages of one song do not overlap. The song is read block by block.

    Returns:
        `count` starts in seconds, in the order of the song.

    Raises:
        ValueError: the song is too short or too silent for so many passages.
    """
    length = int(np.ceil(duration_s / HOP_S))
    if duration_s > song.duration_s:
        raise ValueError(
            f"song {song.id!r} lasts {song.duration_s:.2f} s, too short for {duration_s:g} s"
        )
    energy = block_energies(song)
    free = _lively(energy, length, song.duration_s - duration_s)
    rng = np.random.default_rng(seed)
    # An unlucky first choice may leave no room for the others.
    tries = (_draw(free.copy(), count, length, rng) for _ in range(MOST_TRIES))
    starts: list[int] = []
    while len(starts) < count and (drawn := next(tries, None)) is not None:
        starts = max(starts, drawn, key=len)
    if len(starts) < count:
        raise ValueError(
            f"song {song.id!r} has room for {len(starts)} passages of {duration_s:g} s "
            f"that are not silent, not for {count}"
        )
    return [start * HOP_S for start in sorted(starts)]


def _draw(free: NDArray[np.bool_], count: int, length: int, rng: np.random.Generator) -> list[int]:
    starts: list[int] = []
    while len(starts) < count and free.any():
        start = int(rng.choice(np.flatnonzero(free)))
        free[max(0, start - length + 1) : start + length] = False
        starts.append(start)
    return starts


def fade(samples: Samples, sample_rate_hz: int, fade_s: float) -> Samples:
    """Fade in and out with raised cosines; the length stays.

    Raises:
        ValueError: the fades are longer than the samples.
    """
    frames = round(fade_s * sample_rate_hz)
    if 2 * frames > samples.shape[1]:
        raise ValueError(f"two fades of {fade_s:g} s do not fit into the passage")
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(frames) + 0.5) / max(frames, 1))
    window = np.ones(samples.shape[1], dtype=np.float32)
    window[:frames] = ramp
    window[samples.shape[1] - frames :] = ramp[::-1]
    return samples * window


def block_energies(song: Song) -> NDArray[np.float64]:
    """Mean square of every `HOP_S` of the song, tracks and channels summed."""
    energy = np.zeros(int(np.ceil(song.duration_s / HOP_S)))
    for track in song.tracks:
        frames = round(HOP_S * track.sound.sample_rate_hz)
        for first in range(0, track.sound.frames, 64 * frames):
            samples = read_frames(track.sound, first, 64 * frames).astype(np.float64)
            padded = np.pad(samples, ((0, 0), (0, -samples.shape[1] % frames)))
            blocks = (padded**2).reshape(len(padded), -1, frames).mean(axis=2).sum(axis=0)
            place = first // frames
            energy[place : place + len(blocks)] += blocks[: len(energy) - place]
    return energy


def _lively(energy: NDArray[np.float64], length: int, last_s: float) -> NDArray[np.bool_]:
    """Which blocks a passage of `length` blocks may start with."""
    length = min(max(length, 1), len(energy))
    windows = np.lib.stride_tricks.sliding_window_view(energy, length)
    windows = windows[: int(last_s / HOP_S) + 1]
    silent = windows <= energy.max() * 10 ** (SILENCE_DB / 10)
    means = windows.mean(axis=1)
    loud = (means > 0) & (means >= means.max() * 10 ** (QUIET_DB / 10))
    lively: NDArray[np.bool_] = loud & (silent.mean(axis=1) <= MOST_SILENCE)
    return lively

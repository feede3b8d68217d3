"""When each track of a song plays, and how strongly; read block by block, whatever its length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stimuli.audio import read_frames
from stimuli.datasets.song import Song, TrackFile

TICKS_PER_S = 100
"""Energies are known for every 10 ms."""
READ_S = 30
"""Read at once, so that a long song needs little memory."""

Energies = NDArray[np.float32]
"""Mean squares `(tracks, ticks)`, channels summed."""


def track_energies(song: Song) -> Energies:
    """Measure every 10 ms of every track.

    Raises:
        ValueError, OSError: a file cannot be read; the message names it.
    """
    ticks = int(np.ceil(song.duration_s * TICKS_PER_S))
    energies = np.zeros((len(song.tracks), ticks), dtype=np.float32)
    for row, track in zip(energies, song.tracks, strict=True):
        _measure(track, row)
    return energies


def per_block(energies: Energies, ticks: int) -> NDArray[np.float64]:
    """Mean squares `(tracks, blocks)` of blocks of so many ticks; the last may be cut short."""
    padded = np.pad(energies, ((0, 0), (0, -energies.shape[1] % ticks)))
    blocks: NDArray[np.float64] = padded.reshape(len(energies), -1, ticks).mean(
        axis=2, dtype=np.float64
    )
    return blocks


def _measure(track: TrackFile, row: NDArray[np.float32]) -> None:
    rate_hz = track.sound.sample_rate_hz
    for part, first in enumerate(range(0, track.sound.frames, READ_S * rate_hz)):
        samples = read_frames(track.sound, first, READ_S * rate_hz).astype(np.float64)
        squares = np.sum(samples**2, axis=0)
        # A tick need not be a whole number of frames; a second always is.
        edges = np.arange(READ_S * TICKS_PER_S) * rate_hz // TICKS_PER_S
        edges = edges[edges < len(squares)]
        sums = np.add.reduceat(squares, edges) / np.diff(np.append(edges, len(squares)))
        place = part * READ_S * TICKS_PER_S
        row[place : place + len(sums)] = sums[: len(row) - place]

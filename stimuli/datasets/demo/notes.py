"""What a player plays: notes in seconds, before anything sounds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Note:
    """One note.

    Attributes:
        start_s: when it is struck, from the start of the song.
        duration_s: how long the key is held.
        pitch: MIDI key, 60 is middle C; for drums, the General MIDI percussion key.
        velocity: 1..127.
    """

    start_s: float
    duration_s: float
    pitch: int
    velocity: int

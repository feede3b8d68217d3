"""Record a demo song: the players' notes become tracks at the levels that recordings have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mixers.multitrack import Samples
from stimuli.datasets.demo.drummer import drum_part
from stimuli.datasets.demo.form import Form
from stimuli.datasets.demo.microphones import PIECE_DB, draw_room, record
from stimuli.datasets.demo.notes import Note
from stimuli.datasets.demo.players import play_part
from stimuli.datasets.demo.sampler import SAMPLE_RATE_HZ, play, play_drum

BAND = ("drums", "bass", "guitar", "keys", "lead", "pad")
PEAK_DBFS = (-18.0, -1.5)
"""Raw tracks peak anywhere in this range."""

HISS_DBFS = (-84.0, -72.0)
"""Noise of microphones and amplifiers."""

FADE_S = 0.3


def record_song(
    form: Form, family: str, frames: int, rng: np.random.Generator
) -> dict[str, Samples]:
    """Play a planned song and record it.

    Args:
        form: the plan.
        family: "drums" for eight microphones around a kit, "band" for six instruments.
        frames: the length at 44.1 kHz.
        rng: players, room and levels.

    Returns:
        `(1, frames)` by track name, in the order of the family.
    """
    tracks = _kit(form, frames, rng) if family == "drums" else _band(form, frames, rng)
    return {name: _levelled(track, rng) for name, track in tracks.items()}


def _kit(form: Form, frames: int, rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    part = drum_part(form, busy=True, rng=rng)
    return record(_played(part, form.style.kit, frames), draw_room(rng), rng)


def _band(form: Form, frames: int, rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    tracks = {}
    for role in BAND:
        if role == "drums":
            pieces = _played(drum_part(form, busy=False, rng=rng), form.style.kit, frames)
            tracks[role] = np.sum(
                [
                    samples[0].astype(np.float64) * 10 ** (PIECE_DB.get(piece, 0.0) / 20)
                    for piece, samples in pieces.items()
                ],
                axis=0,
            )
        else:
            notes = play_part(form, role, rng)
            program = int(rng.choice(form.style.programs[role]))
            tracks[role] = play(notes, program, frames)[0].astype(np.float64)
    return tracks


def _played(part: dict[str, list[Note]], kit: int, frames: int) -> dict[str, Samples]:
    return {piece: play_drum(notes, kit, frames) for piece, notes in part.items()}


def _levelled(track: NDArray[np.float64], rng: np.random.Generator) -> Samples:
    """Set the level that somebody recorded at, with hiss, faded out at the very end."""
    peak_dbfs, hiss_dbfs = rng.uniform(*PEAK_DBFS), rng.uniform(*HISS_DBFS)
    gain = 10 ** (peak_dbfs / 20) / max(float(np.abs(track).max()), 1e-9)
    hiss = rng.standard_normal(len(track)) * 10 ** (hiss_dbfs / 20)
    samples = (track * gain + hiss).clip(-1, 1)
    fade = round(FADE_S * SAMPLE_RATE_HZ)
    samples[-fade:] *= np.cos(np.linspace(0, np.pi / 2, fade)[-len(samples) :]) ** 2
    return samples.astype(np.float32)[None]

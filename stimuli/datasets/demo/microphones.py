"""Eight microphones around a drum kit, with bleed and a room.

Every piece and microphone has a place, in metres. A microphone hears each piece with the delay of
the way and a level that falls with the distance; close microphones are directional and hear less
of what lies off their axis. The room answers with reflections that are as loud at every
microphone, so that distant ones hear more of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from mixers.multitrack import Samples
from stimuli.datasets.demo.sampler import SAMPLE_RATE_HZ

SPEED_OF_SOUND_M_S = 343.0

PIECES: dict[str, tuple[float, float, float]] = {
    "kick": (0.0, 0.3, 0.3),
    "snare": (-0.35, -0.1, 0.6),
    "hat": (-0.75, 0.1, 0.9),
    "tom_1": (-0.2, 0.4, 0.85),
    "tom_2": (0.25, 0.4, 0.85),
    "tom_3": (0.65, -0.1, 0.6),
    "crash": (-0.6, 0.7, 1.3),
    "ride": (0.75, 0.5, 1.15),
}
"""Where pieces stand, seen by the drummer: to the right, forward, up."""

PIECE_DB = {"hat": 14.0, "ride": 9.0, "crash": 3.0}
"""Cymbals are recorded softer than drums in the SoundFont; this sets them to a kit's balance."""


@dataclass(frozen=True)
class Microphone:
    """A microphone at a place; a cardioid aims at a piece, None hears all round."""

    place: tuple[float, float, float]
    aims_at: str | None


MICROPHONES: dict[str, Microphone] = {
    "kick": Microphone((0.0, 0.42, 0.3), "kick"),
    "snare": Microphone((-0.42, 0.0, 0.68), "snare"),
    "hi-hat": Microphone((-0.87, 0.12, 1.02), "hat"),
    "tom_1": Microphone((-0.2, 0.5, 0.93), "tom_1"),
    "tom_2": Microphone((0.25, 0.5, 0.93), "tom_2"),
    "tom_3": Microphone((0.75, -0.03, 0.68), "tom_3"),
    "overhead_L": Microphone((-0.8, 0.0, 1.9), None),
    "overhead_R": Microphone((0.8, 0.0, 1.9), None),
}


@dataclass(frozen=True)
class Room:
    """The room the kit stands in.

    Attributes:
        decay_s: time to fall by 60 dB.
        level_db: of its sound against the direct sound at one metre.
    """

    decay_s: float
    level_db: float


def draw_room(rng: np.random.Generator) -> Room:
    """A room between a dead booth and a live studio."""
    return Room(float(rng.uniform(0.25, 0.7)), float(rng.uniform(-20.0, -12.0)))


def record(
    pieces: dict[str, Samples], room: Room, rng: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    """Record a kit.

    Args:
        pieces: `(1, frames)` each, dry, by the names of `PIECES`.
        room: around the kit.
        rng: draws the reflections, which differ between microphones.

    Returns:
        `(frames,)` by the names of `MICROPHONES`.
    """
    dry = {
        piece: samples[0].astype(np.float64) * 10 ** (PIECE_DB.get(piece, 0.0) / 20)
        for piece, samples in pieces.items()
    }
    everything = np.sum(list(dry.values()), axis=0)
    recorded = {}
    for name, microphone in MICROPHONES.items():
        heard = np.zeros_like(everything)
        for piece, sound in dry.items():
            gain, delay = path(piece, microphone)
            heard[delay:] += gain * sound[: len(sound) - delay]
        reflections = signal.oaconvolve(everything, _reflections(room, rng))
        recorded[name] = heard + reflections[: len(heard)]
    return recorded


def path(piece: str, microphone: Microphone) -> tuple[float, int]:
    """Level (1 at a metre on axis) and delay in frames from a piece to a microphone."""
    way = np.subtract(PIECES[piece], microphone.place)
    # Drums and cymbals are wide: nearer than a hand they get no louder.
    distance_m = max(0.1, float(np.linalg.norm(way)))
    pattern = 1.0
    if microphone.aims_at is not None:
        axis = np.subtract(PIECES[microphone.aims_at], microphone.place)
        cosine = float(way @ axis / (np.linalg.norm(way) * np.linalg.norm(axis)))
        pattern = 0.55 + 0.45 * cosine
    return pattern / distance_m, round(distance_m / SPEED_OF_SOUND_M_S * SAMPLE_RATE_HZ)


def _reflections(room: Room, rng: np.random.Generator) -> NDArray[np.float64]:
    """Noise that dies away, duller with time, after a gap of a few milliseconds."""
    frames = round(room.decay_s * SAMPLE_RATE_HZ)
    time_s = np.arange(frames) / SAMPLE_RATE_HZ
    noise = rng.standard_normal(frames) * 10 ** (-3 * time_s / room.decay_s)
    dull = signal.sosfilt(signal.butter(1, 2500, fs=SAMPLE_RATE_HZ, output="sos"), noise)
    fade = np.clip(time_s / room.decay_s, 0, 1)
    tail = noise * (1 - fade) + dull * fade
    tail[: round(0.008 * SAMPLE_RATE_HZ)] = 0.0
    return np.asarray(tail * 10 ** (room.level_db / 20) / np.linalg.norm(tail))

"""Play notes with the recorded instruments of a SoundFont.

Every note becomes sound on its own and is added to the track; the same notes give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import signal

from mixers.multitrack import Samples
from stimuli.datasets.demo.notes import Note
from stimuli.datasets.demo.soundfont import DRUM_BANK, Zone, bundled_soundfont

SAMPLE_RATE_HZ = 44_100
LONGEST_RELEASE_S = 1.5
VELOCITY_STEP = 6
"""Drum hits are played in velocities of this step, scaled in between: each is rendered once."""

CHOKE_S = 0.04
"""How fast an open hi-hat falls silent when it is closed."""


def play(notes: Iterable[Note], program: int, frames: int) -> Samples:
    """Play a pitched instrument.

    Args:
        notes: those that start after the end are not heard.
        program: General MIDI program, 0..127.
        frames: the length at 44.1 kHz; what rings longer is cut.

    Returns:
        `(1, frames)`.
    """
    track = np.zeros(frames, dtype=np.float64)
    for note in notes:
        for zone in _zones(program, 0):
            if zone.sounds_for(note.pitch, note.velocity):
                sound = _sound(zone, note.pitch, note.velocity, note.duration_s)
                _add(track, sound, note.start_s)
    return track.astype(np.float32)[None]


def play_drum(notes: Iterable[Note], kit: int, frames: int) -> Samples:
    """Play one piece of a drum kit; a note's duration is where it is choked.

    Args:
        notes: General MIDI percussion keys.
        kit: program in the SoundFont's drum bank.
        frames: the length at 44.1 kHz.

    Returns:
        `(1, frames)`.
    """
    track = np.zeros(frames, dtype=np.float64)
    for note in notes:
        velocity = min(127, max(1, round(note.velocity / VELOCITY_STEP) * VELOCITY_STEP))
        hit = _drum_hit(kit, note.pitch, velocity) * (note.velocity / velocity) ** 2
        held = round(note.duration_s * SAMPLE_RATE_HZ)
        if held < len(hit):
            fade = np.cos(np.linspace(0, np.pi / 2, round(CHOKE_S * SAMPLE_RATE_HZ))) ** 2
            hit = hit[: held + len(fade)].copy()
            hit[held:] *= fade[: len(hit) - held]
        _add(track, hit, note.start_s)
    return track.astype(np.float32)[None]


@lru_cache(maxsize=64)
def _zones(program: int, bank: int) -> tuple[Zone, ...]:
    return bundled_soundfont().zones(program, bank)


@lru_cache(maxsize=512)
def _drum_hit(kit: int, key: int, velocity: int) -> NDArray[np.float64]:
    """A drum rings as long as its recording does, however short the stroke."""
    sounds = [
        _sound(zone, key, velocity, len(zone.recording) / zone.rate_hz)
        for zone in _zones(kit, DRUM_BANK)
        if zone.sounds_for(key, velocity)
    ]
    hit = np.zeros(max((len(sound) for sound in sounds), default=1))
    for sound in sounds:
        hit[: len(sound)] += sound
    return hit


def _sound(zone: Zone, key: int, velocity: int, held_s: float) -> NDArray[np.float64]:
    """One note of one zone: recording at pitch × low-pass × envelope × velocity."""
    cents = (key - zone.root_key) * zone.cents_per_key + zone.tune_cents
    step = zone.rate_hz / SAMPLE_RATE_HZ * 2 ** (cents / 1200)
    frames = round((held_s + min(zone.release_s, LONGEST_RELEASE_S)) * SAMPLE_RATE_HZ)
    if zone.loop is None:
        frames = min(frames, int((len(zone.recording) - 3) / step))
    if frames <= 0:
        return np.zeros(0)
    sound = _interpolated(zone, step, frames) * (_envelope(zone, held_s, frames) / 32_768)
    # The specification's default modulators: velocity acts on level as its square (8.4.1) and
    # closes the filter by up to two octaves (8.4.2).
    level = (velocity / 127) ** 2 * 10 ** (-zone.attenuation_db / 20)
    cutoff_hz = zone.cutoff_hz * 2 ** (-2 * (1 - velocity / 127))
    if cutoff_hz < 0.4 * SAMPLE_RATE_HZ:
        sound = signal.sosfilt(_low_pass(round(12 * np.log2(cutoff_hz))), sound)
    return np.asarray(sound * level)


@lru_cache(maxsize=256)
def _low_pass(semitones: int) -> NDArray[np.float64]:
    """Second order; the cutoff is in semitones above 1 Hz, so that few filters serve all notes."""
    return np.asarray(signal.butter(2, 2 ** (semitones / 12), fs=SAMPLE_RATE_HZ, output="sos"))


def _interpolated(zone: Zone, step: float, frames: int) -> NDArray[np.float64]:
    """Read the recording at another speed, looped where the zone loops."""
    start, end = zone.loop or (0, len(zone.recording) + frames)
    return np.asarray(_read(zone.recording, start, end, step, frames))


def _hermite(
    recording: NDArray[np.int16], start: int, end: int, step: float, frames: int
) -> NDArray[np.float64]:
    """Four-point Hermite interpolation around each place; places past `end` wrap to `start`."""
    sound = np.empty(frames)
    point = np.empty(4)
    for i in range(frames):
        whole = int(i * step)
        between = i * step - whole
        for offset in range(4):
            place = whole + offset - 1
            if place >= end:
                place = start + (place - start) % (end - start)
            point[offset] = recording[min(max(place, 0), len(recording) - 1)]
        before, here, after, later = point
        slope_here, slope_after = (after - before) / 2, (later - here) / 2
        rise = here - after
        cubic = 2 * rise + slope_here + slope_after
        square = -3 * rise - 2 * slope_here - slope_after
        sound[i] = ((cubic * between + square) * between + slope_here) * between + here
    return sound


_read = numba.njit(cache=True)(_hermite)


def _envelope(zone: Zone, held_s: float, frames: int) -> NDArray[np.float64]:
    """Linear attack, hold, then decay and release that are straight in dB (section 8.1.2)."""
    time_s = np.arange(frames) / SAMPLE_RATE_HZ
    falling_s = np.maximum(0, np.minimum(time_s, held_s) - zone.attack_s - zone.hold_s)
    decay_db = np.minimum(100 * falling_s / zone.decay_s, zone.sustain_db)
    # Straight in dB, but quicker than 20 ms would click.
    release_s = min(max(zone.release_s, 0.05), LONGEST_RELEASE_S)
    release_db = 100 * np.maximum(0, time_s - held_s) / release_s
    rise = np.minimum(1.0, (time_s + 1 / SAMPLE_RATE_HZ) / zone.attack_s)
    return np.asarray(rise * np.exp(-(np.log(10) / 20) * (decay_db + release_db)))


def _add(track: NDArray[np.float64], sound: NDArray[np.float64], start_s: float) -> None:
    start = max(0, round(start_s * SAMPLE_RATE_HZ))
    heard = sound[: max(0, len(track) - start)]
    track[start : start + len(heard)] += heard

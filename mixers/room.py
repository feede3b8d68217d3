"""The console's reverb: noise under envelopes that the settings draw.

The impulse response is the same noise for every setting, different on both sides and split into
mids and highs at 2 kHz. The settings only shape envelopes in time, and do so smoothly: a room is
differentiable in all of them, and a setting has one sound. Each side has unit energy before the
wet level, so that longer rooms are not louder ones.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from mixers.multitrack import Samples
from mixers.settings import Reverb

Array = NDArray[np.float64]

SEED = 20_10_2021
CROSSOVER_HZ = 2000
DARKEST = 0.2
"""Share of the decay time after which the highs are 60 dB down where the brightness is 0."""
ONSET_S, FADE_S = 0.002, 0.02
"""Ramps at the start and before the end, which lies 60 dB down."""


def room_response(reverb: Reverb, sample_rate_hz: int) -> Array:
    """Impulse response of a room, `(2, frames)`, wet level included."""
    frames = room_frames(reverb.decay_s, reverb.predelay_ms, sample_rate_hz)
    mids, highs = (band[:, :frames] for band in room_noise(frames, sample_rate_hz))
    time_s = np.arange(frames) / sample_rate_hz - reverb.predelay_ms / 1000
    highs_s = reverb.decay_s * (DARKEST + (1 - DARKEST) * reverb.brightness)
    gate = np.clip(time_s / ONSET_S, 0, 1) * np.clip((reverb.decay_s - time_s) / FADE_S, 0, 1)
    tail = mids * (gate * _falling(time_s, reverb.decay_s))
    tail += highs * (gate * _falling(time_s, highs_s))
    wet: float = 10 ** (reverb.wet_db / 20)
    return np.asarray(tail * (wet / np.linalg.norm(tail, axis=1, keepdims=True)))


def room_frames(decay_s: float, predelay_ms: float, sample_rate_hz: int) -> int:
    """How many frames the response of a room lasts."""
    return int(np.ceil((decay_s + predelay_ms / 1000) * sample_rate_hz))


def room_noise(frames: int, sample_rate_hz: int) -> tuple[Samples, Samples]:
    """The mids and highs that every room is made of, each `(2, at least frames)`.

    The start is the same whatever the length. Kept in single precision, 16 bytes a frame.
    """
    return _noise(1 << (frames - 1).bit_length(), sample_rate_hz)


@lru_cache(maxsize=4)
def _noise(frames: int, sample_rate_hz: int) -> tuple[Samples, Samples]:
    noise = np.random.default_rng(SEED).standard_normal((frames, 2)).T
    low_pass = signal.butter(2, CROSSOVER_HZ, fs=sample_rate_hz, output="sos")
    mids = np.asarray(signal.sosfilt(low_pass, noise, axis=1))
    return mids.astype(np.float32), (noise - mids).astype(np.float32)


def _falling(time_s: Array, decay_s: float) -> Array:
    """Falls by 60 dB in the decay time; held at 1 before the onset, where the gate is shut."""
    return np.asarray(10 ** (-3 * np.maximum(time_s, 0) / decay_s))

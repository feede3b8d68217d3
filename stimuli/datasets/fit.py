"""How the tracks of a song fit its mix: offset, polarity, and whether they add up to it.

Everything is found by range: a block of all tracks, or a stretch of one, is in memory at a time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixers.alignment import Alignment, estimate_offset
from mixers.multitrack import Samples
from stimuli.audio import SoundInfo
from stimuli.datasets.song import Song

EXCERPT_S = 30
SURE = 1.5
"""The confidence of an offset from which it is believed; see `mixers.alignment`."""
SAMPLES_AT_ONCE = 1 << 22
"""Of all tracks together: 34 MB as float64."""
OFFSET_S = 0.001
MICROPHONES_S = 0.01
"""Sound takes so long for 3.4 m: what reaches a farther microphone later is no misalignment."""


@dataclass(frozen=True)
class Fit:
    """How tracks and mix fit.

    Attributes:
        offset_frames: the mix is this much later than most tracks; None where none is sure.
        odd_offsets: the same for tracks that differ from most, by name.
        sum_db: what the plain sum of the tracks leaves of the mix, relative to the mix.
        rest_db: the same for the sum with the best gain for each track and side.
        gains: those gains, `(2, tracks)`.
        shares: energy of each track in the mix with those gains, over the mix's, `(2, tracks)`.
    """

    offset_frames: int | None
    odd_offsets: dict[str, int]
    sum_db: float
    rest_db: float
    gains: NDArray[np.float64]
    shares: NDArray[np.float64]


def fit(song: Song, target: SoundInfo, around_s: float) -> Fit:
    """Compare the tracks with the mix; offsets are looked for in the `EXCERPT_S` around a time."""
    offsets = _offsets(song, target, around_s)
    usual = Counter(offsets.values()).most_common(1)[0][0] if offsets else None
    limit = MICROPHONES_S * song.sample_rate_hz
    odd = {name: at for name, at in offsets.items() if abs(at - (usual or 0)) > limit}
    products, with_mix, mix_energy = _products(song, target, usual or 0)
    gains = np.stack(
        [np.linalg.lstsq(products[side], with_mix[side], rcond=1e-9)[0] for side in (0, 1)]
    )
    power = np.einsum("snn->sn", products)
    total = max(float(mix_energy.sum()), 1e-30)

    def left_db(weights: NDArray[np.float64]) -> float:
        explained = 2 * (weights * with_mix).sum()
        own = np.einsum("sn,snm,sm->", weights, products, weights)
        return float(10 * np.log10(max((total - explained + own) / total, 1e-12)))

    shares = gains**2 * power / np.maximum(mix_energy[:, None], 1e-30)
    return Fit(usual, odd, left_db(np.ones_like(gains)), left_db(gains), gains, shares)


def _offsets(song: Song, target: SoundInfo, around_s: float) -> dict[str, int]:
    """How much later than each track the mix is, for the tracks that tell."""
    rate_hz = song.sample_rate_hz
    start = max(0, round((around_s - EXCERPT_S / 2) * rate_hz))
    frames = min(EXCERPT_S * rate_hz, song.frames - start)
    if frames <= 0:
        return {}
    mix = _stereo(song.stretch(target, start, frames))
    found: dict[str, Alignment] = {
        track.name: estimate_offset([song.stretch(track.sound, start, frames)], mix, rate_hz)
        for track in song.tracks
    }
    return {name: one.offset_frames for name, one in found.items() if one.confidence > SURE}


def _products(
    song: Song, target: SoundInfo, offset: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Inner products of the tracks, of the tracks with the mix, of the mix; each per side."""
    count = len(song.tracks)
    products, with_mix, energy = np.zeros((2, count, count)), np.zeros((2, count)), np.zeros(2)
    block = max(1, SAMPLES_AT_ONCE // (2 * count))
    for start in range(0, song.frames, block):
        frames = min(block, song.frames - start)
        mix = _shifted(song, target, start + offset, frames).astype(np.float64)
        tracks = np.empty((2, count, frames))
        for place, track in enumerate(song.tracks):
            tracks[:, place] = _stereo(song.stretch(track.sound, start, frames))
        products += tracks @ tracks.transpose(0, 2, 1)
        with_mix += np.einsum("snt,st->sn", tracks, mix)
        energy += np.square(mix).sum(axis=1)
    return products, with_mix, energy


def _shifted(song: Song, sound: SoundInfo, start: int, frames: int) -> Samples:
    """A stretch that may begin before the file does."""
    silent = min(max(-start, 0), frames)
    shifted = np.zeros((2, frames), dtype=np.float32)
    if silent < frames:
        shifted[:, silent:] = _stereo(song.stretch(sound, start + silent, frames - silent))
    return shifted


def _stereo(samples: Samples) -> Samples:
    return np.repeat(samples, 2, axis=0) if len(samples) == 1 else samples

"""How the tracks of a song fit its mix: offset, polarity, and whether they add up to it.

Everything is found by range: a block of all tracks, or a stretch of one, is in memory at a time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from mixers.alignment import Alignment, estimate_offsets
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
SIGNS_ABOVE_HZ = 500.0
"""Where signs of gains are told: high-passes and low shelves turn the phase of what is lower."""
ALIKE = 1e-5
"""Tracks that differ by less than this share of their energy get their gain together."""
HEARD = 0.001
"""The share of the mix from which the polarity of a track can be told."""
TOLD_DB = -3.0
"""What the best gains may leave where signs are believed; the mixes of engineers leave -6 dB."""


@dataclass(frozen=True)
class Fit:
    """How tracks and mix fit.

    Attributes:
        offset_frames: the mix is this much later than its tracks; None where that is not sure.
        odd_offsets: the same for tracks that differ from most, by name.
        sum_db: what the plain sum of the tracks leaves of the mix, relative to the mix.
        rest_db: the same for the sum with the best gain for each track and side.
        upside_down: gains of the tracks that are so in the mix on both sides, by name; the one
            that is farther from 0.
    """

    offset_frames: int | None
    odd_offsets: dict[str, int]
    sum_db: float
    rest_db: float
    upside_down: dict[str, float]


@dataclass(frozen=True)
class _Products:
    """Inner products of tracks and mix on both sides.

    Attributes:
        tracks: of the tracks, `(2, tracks, tracks)`.
        with_mix: of the tracks with the mix, `(2, tracks)`.
        mix: of the mix with itself, `(2,)`.
    """

    tracks: NDArray[np.float64]
    with_mix: NDArray[np.float64]
    mix: NDArray[np.float64]

    @classmethod
    def of(cls, tracks: NDArray[np.float64], mix: NDArray[np.float64]) -> _Products:
        """Of sounds `(2, tracks, frames)` and `(2, frames)`."""
        return cls(
            tracks @ tracks.transpose(0, 2, 1),
            np.einsum("snt,st->sn", tracks, mix),
            np.square(mix).sum(axis=1),
        )

    def __add__(self, other: _Products) -> _Products:
        return _Products(
            self.tracks + other.tracks, self.with_mix + other.with_mix, self.mix + other.mix
        )

    def gains(self) -> NDArray[np.float64]:
        """The best gains, `(2, tracks)`; tracks that are as good as the same share theirs."""
        norms = np.sqrt(np.maximum(np.einsum("snn->sn", self.tracks), 1e-30))
        # Of unit energy each: how loud a track was recorded decides nothing.
        unit = self.tracks / (norms[:, :, None] * norms[:, None])
        solved = [
            np.linalg.lstsq(unit[side], self.with_mix[side] / norms[side], rcond=ALIKE)[0]
            for side in (0, 1)
        ]
        return np.asarray(np.stack(solved) / norms)

    def left_db(self, gains: NDArray[np.float64]) -> float:
        """What such a sum of the tracks leaves of the mix, relative to the mix."""
        total = max(float(self.mix.sum()), 1e-30)
        explained = 2 * (gains * self.with_mix).sum()
        own = np.einsum("sn,snm,sm->", gains, self.tracks, gains)
        return float(10 * np.log10(max((total - explained + own) / total, 1e-12)))


def fit(song: Song, target: SoundInfo, around_s: float) -> Fit:
    """Compare the tracks with the mix; offsets are looked for in the `EXCERPT_S` around a time."""
    together, each = offsets(song, target, around_s)
    sure = {name: one.offset_frames for name, one in each.items() if one.confidence > SURE}
    usual = together.offset_frames if together.confidence > SURE else _agreed(sure)
    limit = MICROPHONES_S * song.sample_rate_hz
    odd = {name: at for name, at in sure.items() if abs(at - (usual or 0)) > limit}
    whole, bright = _products(song, target, usual or 0)
    plain = np.ones_like(whole.with_mix)
    return Fit(
        offset_frames=usual,
        odd_offsets=odd,
        sum_db=whole.left_db(plain),
        rest_db=whole.left_db(whole.gains()),
        upside_down=_upside_down([track.name for track in song.tracks], bright),
    )


def _upside_down(names: list[str], bright: _Products) -> dict[str, float]:
    gains = bright.gains()
    if bright.left_db(gains) > TOLD_DB:
        return {}
    power = np.einsum("snn->sn", bright.tracks)
    shares = gains**2 * power / np.maximum(bright.mix[:, None], 1e-30)
    turned = (gains.max(axis=0) < 0) & (shares.max(axis=0) > HEARD)
    return {names[n]: float(gains[:, n].min()) for n in np.flatnonzero(turned)}


def offsets(
    song: Song, target: SoundInfo, around_s: float
) -> tuple[Alignment, dict[str, Alignment]]:
    """How much later the mix is than all tracks, and than each; one track at a time is held.

    One track alone can mislead: a drum's microphone hears the others, later, and its own drum may
    be the quieter part of what the mix took from it.
    """
    rate_hz = song.sample_rate_hz
    start = max(0, round((around_s - EXCERPT_S / 2) * rate_hz))
    frames = min(EXCERPT_S * rate_hz, song.frames - start)
    if frames <= 0:
        return Alignment(0, 0.0), {}
    mix = _stereo(song.stretch(target, start, frames))
    tracks = (song.stretch(track.sound, start, frames) for track in song.tracks)
    together, each = estimate_offsets(tracks, mix, rate_hz)
    return together, {track.name: one for track, one in zip(song.tracks, each, strict=True)}


def _agreed(sure: dict[str, int]) -> int | None:
    """The offset that several tracks have, to the sample; a single one where there is no other."""
    if not sure:
        return None
    offset, votes = Counter(sure.values()).most_common(1)[0]
    return offset if votes > 1 or len(sure) == 1 else None


def _products(song: Song, target: SoundInfo, offset: int) -> tuple[_Products, _Products]:
    """Inner products of the whole sounds, and of what lies above `SIGNS_ABOVE_HZ`."""
    count = len(song.tracks)
    rate_hz = song.sample_rate_hz
    cut_hz = min(SIGNS_ABOVE_HZ, rate_hz / 4)
    sections = signal.butter(2, cut_hz, "highpass", fs=rate_hz, output="sos")
    state = np.zeros((len(sections), 2, count + 1, 2))
    nothing = _Products(np.zeros((2, count, count)), np.zeros((2, count)), np.zeros(2))
    whole = bright = nothing
    block = max(1, SAMPLES_AT_ONCE // (2 * count))
    for start in range(0, song.frames, block):
        frames = min(block, song.frames - start)
        sounds = np.empty((2, count + 1, frames))
        for place, track in enumerate(song.tracks):
            sounds[:, place] = _stereo(song.stretch(track.sound, start, frames))
        sounds[:, count] = _stereo(song.stretch(target, start + offset, frames))
        whole += _Products.of(sounds[:, :count], sounds[:, count])
        sounds, state = signal.sosfilt(sections, sounds, zi=state)
        bright += _Products.of(sounds[:, :count], sounds[:, count])
    return whole, bright


def _stereo(samples: Samples) -> Samples:
    return np.repeat(samples, 2, axis=0) if len(samples) == 1 else samples

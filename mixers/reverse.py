"""Settings recovered from a finished mix and its tracks, by least squares.

Two linear models of what an engineer did: a static gain and pan per track (`recover_gains`), and a
finite impulse response per track and output channel (`recover_filters`; Barchiesi and Reiss,
"Reverse Engineering of a Mix", JAES 58(7/8), 2010). What is not linear or does not stay the same
over the song (compression, automation) is left in the residual, which both report.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, signal

from mixers.lags import correlate, left_over
from mixers.multitrack import Multitrack, Samples
from mixers.settings import RANGES, Settings, TrackSettings

Array = NDArray[np.float64]

BLOCK_FRAMES = 1 << 16
"""Tracks are read in float64 in blocks of this length, so that long songs need little memory."""

RIDGE = 1e-9
"""Share of the mean track energy added to the diagonal: identical tracks then share their gain."""


@dataclass(frozen=True)
class RecoveredGains:
    """A static gain and pan per track.

    Attributes:
        settings: gains and pans that explain the mix best; a silent track keeps 0 dB and centre.
        amplitudes: `(2, tracks)`, the non-negative factors to the left and right channel.
        residual_db: energy that they leave unexplained, relative to the mix; 0 explains nothing.
        undetermined: names of silent tracks, about which the mix says nothing.
    """

    settings: Settings
    amplitudes: Array
    residual_db: float
    undetermined: tuple[str, ...]


@dataclass(frozen=True)
class RecoveredFilters:
    """A finite impulse response per track and output channel.

    Attributes:
        responses: `(2, sources, taps)`; sources are the channels of all tracks in order.
        delay_frames: the tap that stands for no delay.
        residual_db: energy that they leave unexplained, relative to the mix.
    """

    responses: Array
    delay_frames: int
    residual_db: float


def recover_gains(
    multitrack: Multitrack, mix: Samples, above_hz: float | None = None
) -> RecoveredGains:
    """Recover a gain and a pan per track by non-negative least squares.

    Each output channel is modelled as a sum of the tracks with factors >= 0, solved on the normal
    equations (Lawson and Hanson, Solving Least Squares Problems, 1974, chapter 23). The mix must
    be aligned with the tracks (`mixers.alignment`).

    Args:
        multitrack: mono tracks feed both output channels, stereo tracks feed left by left.
        mix: `(2, frames)`, as long as the tracks.
        above_hz: compare only what lies above. High-passes and low shelves turn the phase of what
            is low, so in a processed mix of microphones that hear each other, levels are recovered
            far better above 1 kHz. None compares everything, which is best for linear mixes.

    Raises:
        ValueError: the mix has another shape, or is silent; or `above_hz` is not below half the
            sample rate.
    """
    _check_mix(multitrack, mix)
    gram, cross, energy = _normal_equations(multitrack, mix, _high_pass(multitrack, above_hz))
    amplitudes = np.stack([_nonnegative(gram[c], cross[c]) for c in range(2)])
    left_over = sum(
        energy[c] - 2 * amplitudes[c] @ cross[c] + amplitudes[c] @ gram[c] @ amplitudes[c]
        for c in range(2)
    )
    silent = [not track.samples.any() for track in multitrack.tracks]
    strips = tuple(
        TrackSettings(track.name) if mute else _strip(track.name, *amplitudes[:, i])
        for i, (track, mute) in enumerate(zip(multitrack.tracks, silent, strict=True))
    )
    return RecoveredGains(
        settings=Settings(strips, pan_law="constant_power"),
        amplitudes=amplitudes,
        residual_db=_ratio_db(left_over, energy.sum()),
        undetermined=tuple(
            track.name for track, mute in zip(multitrack.tracks, silent, strict=True) if mute
        ),
    )


def recover_filters(
    multitrack: Multitrack, mix: Samples, taps: int = 256, delay_frames: int = 16
) -> RecoveredFilters:
    """Recover an impulse response from every track channel to every output channel.

    Args:
        multitrack: every channel of every track is a source of its own.
        mix: `(2, frames)`, as long as the tracks and aligned with them.
        taps: length of each response; the system solved has `sources × taps` unknowns.
        delay_frames: taps before the direct sound, for what alignment left over.

    Raises:
        ValueError: the mix has another shape or is silent; or the taps are too many for the song,
            or for a system of 16384 unknowns (2 GiB).
    """
    _check_mix(multitrack, mix)
    sources = [channel for track in multitrack.tracks for channel in track.samples]
    unknowns = len(sources) * taps
    if not 0 <= delay_frames < taps < multitrack.frames:
        raise ValueError(
            f"{taps} taps with a delay of {delay_frames} do not fit a song of "
            f"{multitrack.frames} frames"
        )
    if unknowns > 16_384:
        raise ValueError(f"{len(sources)} sources × {taps} taps are {unknowns} unknowns > 16384")
    # Sources of unit energy: one recorded 60 dB down is recovered as well as the others.
    scales = np.array([1 / max(float(np.linalg.norm(source)), 1e-30) for source in sources])
    lags, crossed = correlate(sources, list(mix), taps, delay_frames)
    gram = _block_toeplitz(lags, scales, taps)
    gram[np.diag_indices_from(gram)] += RIDGE
    cross = (crossed * scales[:, None]).reshape(2, unknowns)
    solved = linalg.solve(gram, cross.T, assume_a="pos").T
    responses = solved.reshape(2, len(sources), taps) * scales[:, None]
    unexplained, energy = left_over(sources, responses, mix, delay_frames)
    return RecoveredFilters(responses, delay_frames, _ratio_db(unexplained, energy))


def _check_mix(multitrack: Multitrack, mix: Samples) -> None:
    if mix.shape != (2, multitrack.frames):
        raise ValueError(
            f"mix of song {multitrack.song!r} has shape {mix.shape}, "
            f"must be (2, {multitrack.frames}): align it with the tracks first"
        )
    if not mix.any():
        raise ValueError(f"mix of song {multitrack.song!r} is silent: nothing can be recovered")


def _high_pass(multitrack: Multitrack, above_hz: float | None) -> Array | None:
    if above_hz is None:
        return None
    rate_hz = multitrack.sample_rate_hz
    if not 0 < above_hz < rate_hz / 2:
        raise ValueError(f"above_hz is {above_hz:g}, must lie within 0..{rate_hz / 2:g} Hz")
    return np.asarray(signal.butter(2, above_hz, "highpass", fs=rate_hz, output="sos"))


def _normal_equations(
    multitrack: Multitrack, mix: Samples, sections: Array | None
) -> tuple[Array, Array, Array]:
    """Gram matrices `(2, tracks, tracks)`, correlations `(2, tracks)` and energies `(2,)`.

    Sounds pass through the filter `(sections, 6)` first, where there is one.
    """
    count = len(multitrack.tracks)
    gram, cross, energy = np.zeros((2, count, count)), np.zeros((2, count)), np.zeros(2)
    state = None if sections is None else np.zeros((len(sections), 2, count + 1, 2))
    for start in range(0, multitrack.frames, BLOCK_FRAMES):
        stop = start + BLOCK_FRAMES
        for c in range(2):
            sounds = [
                *(t.samples[min(c, len(t.samples) - 1), start:stop] for t in multitrack.tracks),
                mix[c, start:stop],
            ]
            block = np.stack(sounds).astype(np.float64)
            if sections is not None and state is not None:
                block, state[:, c] = signal.sosfilt(sections, block, zi=state[:, c])
            gram[c] += block[:-1] @ block[:-1].T
            cross[c] += block[:-1] @ block[-1]
            energy[c] += block[-1] @ block[-1]
    return gram, cross, energy


def _nonnegative(gram: Array, cross: Array) -> Array:
    """Minimise ‖Xg − y‖² over g >= 0, given XᵀX and Xᵀy."""
    energies = np.diag(gram)
    heard = energies > 0
    solution = np.zeros(len(gram))
    if not heard.any():
        return solution
    # Unit-energy columns: tracks recorded 60 dB apart are recovered equally well.
    scale = 1 / np.sqrt(energies[heard])
    matrix = gram[np.ix_(heard, heard)] * np.outer(scale, scale)
    matrix[np.diag_indices_from(matrix)] += RIDGE
    factor = linalg.cholesky(matrix)
    wanted = linalg.solve_triangular(factor, cross[heard] * scale, trans="T")
    solution[heard] = optimize.nnls(factor, wanted)[0] * scale
    return solution


def _strip(name: str, left: float, right: float) -> TrackSettings:
    """The strip whose constant-power pan gives these two factors."""
    low, high = RANGES["gain_db"]
    gain_db = 20 * np.log10(max(np.hypot(left, right), 1e-30))
    pan = 4 / np.pi * np.arctan2(right, left) - 1 if max(left, right) > 0 else 0.0
    return TrackSettings(
        name, gain_db=float(np.clip(gain_db, low, high)), pan=float(np.clip(pan, -1.0, 1.0))
    )


def _block_toeplitz(lags: list[Array], scales: Array, taps: int) -> Array:
    """Correlations of all scaled sources at all lags: `(sources × taps, sources × taps)`."""
    count = len(lags)
    gram = np.empty((count, taps, count, taps))
    for i in range(count):
        for j in range(i, count):
            row = scales[i] * scales[j] * lags[i][j - i]
            # Entry (m, n) is Σ x_i[t − m] x_j[t − n], the correlation at lag m − n.
            block = linalg.toeplitz(row[taps - 1 :], row[taps - 1 :: -1])
            gram[i, :, j, :] = block
            gram[j, :, i, :] = block.T
    return gram.reshape(count * taps, count * taps)


def _ratio_db(left_over: float, energy: float) -> float:
    if energy <= 0:
        return 0.0
    return float(10 * np.log10(max(left_over, 1e-20 * energy) / energy))

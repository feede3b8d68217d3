"""Three small rule mixers that the field compares with: levels and pans by unmasking, and ducking.

All three begin from tracks made equally loud, so that what differs from `mono` is their one idea.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from mixers.console import render
from mixers.expert import stereo_pairs
from mixers.features import BAND_EDGES_HZ, band_energies
from mixers.loudness import integrated_loudness
from mixers.multitrack import Mix, Multitrack
from mixers.rules import LEADERS
from mixers.settings import RANGES, Compressor, Settings, TrackSettings

Array = NDArray[np.float64]

TRACK_LUFS = -24.0
"""What every track is brought to before a mixer has its idea."""

CENTRED = frozenset({"kick", "snare", "bass", *LEADERS})
"""Roles that best practice keeps in the centre."""

PAN_GRID = np.linspace(-0.9, 0.9, 19)
LOW_BANDS = sum(edge <= 250 for edge in BAND_EDGES_HZ[1:])


class UnmaskLevel:
    """Set levels so that tracks mask each other least (after Moffat and Sandler, AES 147, 2019)."""

    name = "unmask-level"

    def mix(self, multitrack: Multitrack, seed: int) -> Mix:
        """Mix the multitrack; the seed is not used."""
        strips = equally_loud(multitrack)
        offsets_db = unmasking_levels(_equal_energies(multitrack, strips))
        return _render(
            self.name,
            multitrack,
            tuple(
                replace(strip, gain_db=_gain(strip.gain_db + float(offset_db)))
                for strip, offset_db in zip(strips, offsets_db, strict=True)
            ),
        )


class UnmaskPan:
    """Pan tracks apart that mask each other, within best practice (Tom, Reiss, Depalle 2019)."""

    name = "unmask-pan"

    def mix(self, multitrack: Multitrack, seed: int) -> Mix:
        """Mix the multitrack; the seed is not used."""
        strips = equally_loud(multitrack)
        fixed = _best_practice(multitrack)
        pans = unmasking_pans(_equal_energies(multitrack, strips), fixed)
        return _render(
            self.name,
            multitrack,
            tuple(replace(strip, pan=float(pan)) for strip, pan in zip(strips, pans, strict=True)),
        )


class Ducking:
    """Turn the bed down while the lead sounds (after Torcoli et al., JAES 67(6), 2019)."""

    name = "ducking"

    def mix(self, multitrack: Multitrack, seed: int) -> Mix:
        """Mix the multitrack; the seed is not used.

        Raises:
            ValueError: no track has the role of a lead.
        """
        leads = [track.name for track in multitrack.tracks if track.role in LEADERS]
        if not leads:
            raise ValueError(
                f"song {multitrack.song!r} has no track of role {' or '.join(LEADERS)} "
                "to duck under; state one in its song.yaml"
            )
        duck = Compressor(
            threshold_db=TRACK_LUFS - 10,
            ratio=2.0,
            attack_ms=20,
            release_ms=300,
            knee_db=12,
            sidechain=leads[0],
        )
        return _render(
            self.name,
            multitrack,
            tuple(
                strip if strip.track in leads else replace(strip, compressor=duck)
                for strip in equally_loud(multitrack)
            ),
        )


def equally_loud(multitrack: Multitrack) -> tuple[TrackSettings, ...]:
    """Strips that bring every track to the same loudness; silent tracks stay as they are."""
    strips = []
    for track in multitrack.tracks:
        loudness_lufs = integrated_loudness(track.samples, multitrack.sample_rate_hz)
        gain_db = TRACK_LUFS - loudness_lufs if np.isfinite(loudness_lufs) else 0.0
        strips.append(TrackSettings(track.name, gain_db=_gain(gain_db)))
    return tuple(strips)


def unmasking_levels(energies: Array, prior_db: float = 6.0) -> Array:
    """Gains that minimise how much each track is masked by the sum of the others, in dB.

    The masking of track i in band b is log(1 + Σ_{j≠i} g_j²E_jb / g_i²E_ib), weighted by the share
    of the track's energy in that band: convex in the gains in dB, so there is one answer. A prior
    of standard deviation `prior_db` keeps them near equal loudness.

    Args:
        energies: `(tracks, bands)` at equal loudness; all-zero rows get 0 dB.
        prior_db: how far a track may typically move.

    Returns:
        `(tracks,)`, of mean 0 over the tracks that sound.
    """
    heard = energies.sum(axis=1) > 0
    gains_db = np.zeros(len(energies))
    count = int(heard.sum())
    if count < 2:
        return gains_db
    levels = np.log(np.maximum(energies[heard], 1e-9 * energies[heard].max()))
    weights = energies[heard] / energies[heard].sum(axis=1, keepdims=True)
    scale = np.log(10) / 10

    def masking(x_db: Array) -> tuple[float, Array]:
        shifted = levels + scale * x_db[:, None]
        total = np.logaddexp.reduce(shifted, axis=0)
        share = np.exp(shifted - total)
        cost = float(np.sum(weights * (total - shifted)) + np.sum((x_db / prior_db) ** 2) / 2)
        gradient = scale * (share @ weights.sum(axis=0) - 1) + x_db / prior_db**2
        return cost, gradient

    solved = optimize.minimize(masking, np.zeros(count), jac=True, method="L-BFGS-B")
    gains_db[heard] = solved.x - solved.x.mean()
    return gains_db


def unmasking_pans(energies: Array, fixed: dict[int, float]) -> Array:
    """Pans that keep tracks apart which fill the same bands, balanced between the sides.

    Coordinate descent on a grid: the overlap of each pair falls with the distance between their
    pans, the energies of both sides are kept alike, and low tracks are kept near the centre.

    Args:
        energies: `(tracks, bands)` at equal loudness.
        fixed: pans that are given, by index of the track.
    """
    count = len(energies)
    total = np.maximum(energies.sum(axis=1), 1e-30)
    shape = energies / total[:, None]
    overlap = np.minimum(shape[:, None], shape[None]).sum(axis=2) - np.eye(count)
    lows = shape[:, :LOW_BANDS].sum(axis=1)
    pans = np.array([fixed.get(i, 0.0) for i in range(count)])
    free = sorted((i for i in range(count) if i not in fixed), key=lambda i: (lows[i], i))
    for _ in range(20):
        before = pans.copy()
        for i in free:
            others = np.delete(np.arange(count), i)
            apart = np.abs(PAN_GRID[:, None] - pans[others]) / 2
            cost = ((1 - apart) ** 2 @ overlap[i, others]) + 2 * lows[i] * PAN_GRID**2
            cost += 0.5 * (pans[others].sum() + PAN_GRID) ** 2 / count
            pans[i] = PAN_GRID[int(np.argmin(cost.round(9)))]
        if np.array_equal(before, pans):
            break
    return pans


def _best_practice(multitrack: Multitrack) -> dict[int, float]:
    """Pans that are not to be chosen: the centre, pairs, and stereo tracks."""
    index = {track.name: i for i, track in enumerate(multitrack.tracks)}
    fixed = {
        index[track.name]: 0.0
        for track in multitrack.tracks
        if track.role in CENTRED or len(track.samples) == 2
    }
    mono = [track.name for track in multitrack.tracks if len(track.samples) == 1]
    for left, right in stereo_pairs(mono):
        fixed |= {index[left]: -0.8, index[right]: 0.8}
    return fixed


def _equal_energies(multitrack: Multitrack, strips: tuple[TrackSettings, ...]) -> Array:
    gains = np.array([10 ** (strip.gain_db / 10) for strip in strips])
    return np.asarray(band_energies(multitrack) * gains[:, None])


def _render(name: str, multitrack: Multitrack, strips: tuple[TrackSettings, ...]) -> Mix:
    return replace(render(multitrack, Settings(strips)), system=name)


def _gain(gain_db: float) -> float:
    low, high = RANGES["gain_db"]
    return float(np.clip(gain_db, low, high))

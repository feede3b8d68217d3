"""Crops of songs, varied so that a network meets more mixes than there are.

All functions are pure: what they draw comes from `rng`, and arrays are not changed in place.
Tracks are `(tracks, channels, frames)`, mixes `(2, frames)`, float32.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mixers.multitrack import Multitrack, Samples

Array = NDArray[np.float32]


def vary_level(
    tracks: Array, target: Samples, rng: np.random.Generator, range_db: tuple[float, float]
) -> tuple[Array, Samples]:
    """Turn a song and its mix up or down together: recordings have no agreed level."""
    gain = np.float32(10 ** (rng.uniform(*range_db) / 20))
    return tracks * gain, target * gain


def drop_tracks(
    tracks: Array, target: Samples, rng: np.random.Generator, probability: float
) -> tuple[Array, Samples]:
    """Silence tracks by chance, never all of them, and take them out of the mix.

    A track's part in the mix is what least squares finds: each channel of each track at a gain per
    side. That leaves its reverb, and what equalising and compressing added.

    Args:
        tracks: `(tracks, channels, frames)`.
        target: the mix of all of them.
        rng: decides which.
        probability: of each sounding track.
    """
    sounding = tracks.any(axis=(1, 2))
    dropped = sounding & (rng.random(len(tracks)) < probability)
    if not dropped.any() or (dropped == sounding).all():
        return tracks, target
    channels = tracks.reshape(-1, tracks.shape[-1]).astype(np.float64)
    gains = np.linalg.lstsq(channels @ channels.T, channels @ target.T.astype(np.float64))[0]
    of_dropped = np.repeat(dropped, tracks.shape[1])
    part = gains[of_dropped].T @ channels[of_dropped]
    kept = np.where(dropped[:, None, None], np.float32(0), tracks)
    return kept, np.asarray(target - part, dtype=np.float32)


def as_array(multitrack: Multitrack, channels: int) -> Array:
    """The tracks as one array, `(tracks, channels, frames)`.

    Args:
        multitrack: whose tracks.
        channels: 1 takes the mean of stereo tracks, 2 gives mono ones twice.
    """
    rows = []
    for track in multitrack.tracks:
        samples = track.samples
        if channels == 1:
            samples = samples.mean(axis=0, keepdims=True)
        rows.append(np.broadcast_to(samples, (channels, multitrack.frames)))
    return np.stack(rows)

"""What controllers of a console learn from: songs heard once, and their mixes taken apart.

A song becomes a `SongLesson` that is small enough for hundreds of them to be in memory. Gains and
pans are those that least squares recovers from the human mix (`mixers.reverse`), as for the
forest: they need no knowledge of how it was made, and serve as a first approximation, from which
training goes on by the sound of the mix itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mixers.controller import levelling_gains
from mixers.logmel import track_patches
from mixers.multitrack import Multitrack
from mixers.reverse import recover_gains
from stimuli.datasets.dataset import Dataset
from stimuli.splits import fingerprint

ABOVE_HZ = 1_000.0
"""Where a human mix is compared with its tracks, since it is equalised."""
SOFTEST_DB = -30.0
"""Tracks further below the median are as good as muted, and count as this soft."""


@dataclass(frozen=True)
class SongLesson:
    """A song for a controller; its silent tracks are left out.

    Attributes:
        song_id: in its dataset.
        label: its fingerprint.
        tracks: names of the tracks.
        patches: log-mel patches of the levelled tracks, `(tracks, patches, 96, 64)`, float16.
        levelling_db: gains that bring the tracks to one loudness, `(tracks,)`.
        gain_db: recovered gains of the levelled tracks, their mean taken off, `(tracks,)`.
        pan: recovered pans, `(tracks,)`.
    """

    song_id: str
    label: str
    tracks: tuple[str, ...]
    patches: Tensor
    levelling_db: Tensor
    gain_db: Tensor
    pan: Tensor


def take_lessons(
    dataset: Dataset, ids: tuple[str, ...], progress: Callable[[int, int], None]
) -> list[SongLesson]:
    """Hear songs; those without a human mix, or with a silent one, are left out.

    Raises:
        ValueError: no song is left, or one cannot be read.
    """
    lessons = []
    for done, song_id in enumerate(ids):
        progress(done, len(ids))
        song = dataset.open_song(song_id)
        multitrack = song.load()
        if multitrack.target is not None and multitrack.target.any():
            lessons.append(_lesson(song_id, fingerprint(song, multitrack), multitrack))
    progress(len(ids), len(ids))
    if not lessons:
        raise ValueError(f"{dataset.root} has no song with a human mix to learn from")
    return lessons


def _lesson(song_id: str, label: str, multitrack: Multitrack) -> SongLesson:
    assert multitrack.target is not None
    rate_hz = multitrack.sample_rate_hz
    levelling_db = np.array(levelling_gains(multitrack))
    heard = np.flatnonzero(np.isfinite(levelling_db))
    recovered = recover_gains(multitrack, multitrack.target, ABOVE_HZ).settings.tracks
    gain_db = np.array([recovered[n].gain_db for n in heard]) - levelling_db[heard]
    gain_db = np.maximum(gain_db - np.median(gain_db), SOFTEST_DB)
    patches = [
        torch.cat(list(track_patches(multitrack.tracks[n].samples, rate_hz, levelling_db[n])))
        for n in heard
    ]
    return SongLesson(
        song_id,
        label,
        tuple(multitrack.tracks[n].name for n in heard),
        torch.stack(patches).half(),
        torch.tensor(levelling_db[heard], dtype=torch.float32),
        torch.tensor(gain_db - gain_db.mean(), dtype=torch.float32),
        torch.tensor([recovered[n].pan for n in heard], dtype=torch.float32),
    )

"""A song on disk: which files are its tracks, and how they become one multitrack.

Every dataset finds its files in its own way and hands them over as a `Song`; what is done about
rates and lengths that differ is decided here, once:

- The song has the highest sample rate of its tracks; other tracks and the target are resampled.
- The song is as long as its longest track; shorter tracks, and the target, are continued with
  silence. A target that is longer is cut.
- Tracks are mono or stereo. A mono target feeds both channels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil, gcd
from pathlib import Path

import numpy as np

from mixers.multitrack import Multitrack, Samples, Track
from stimuli.audio import SoundInfo, read_frames, resample

MARGIN_S = 0.1
"""Read beside a passage that is resampled, so that its edges equal those of the whole song."""


@dataclass(frozen=True)
class TrackFile:
    """One track of a song and the file that holds it.

    Attributes:
        name: unique within the song.
        role: what plays.
        sound: the file and its header.
    """

    name: str
    role: str
    sound: SoundInfo


@dataclass(frozen=True)
class Song:
    """A song on disk; no samples are read before `load`.

    Attributes:
        id: unique within its dataset.
        title: for people.
        tracks: at least one.
        target: the human mix, where there is one.
        late_frames: the target lies so much later than the tracks, counted at the song's rate;
            `load` takes it that much later, so that it lies on them.
        summed: whether its dataset says that the target is the plain sum of the tracks.
        notes: what is known of the song beside its sound: artist, licence, bleed, …
    """

    id: str
    title: str
    tracks: tuple[TrackFile, ...]
    target: SoundInfo | None = None
    late_frames: int = 0
    summed: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.tracks:
            raise ValueError(f"song {self.id!r} has no tracks")
        sounds = [track.sound for track in self.tracks]
        for sound in sounds if self.target is None else [*sounds, self.target]:
            if sound.channels > 2:
                raise ValueError(
                    f"{sound.path} has {sound.channels} channels; "
                    "tracks and mixes must be mono or stereo: split it"
                )

    @property
    def sample_rate_hz(self) -> int:
        """The rate that the song is loaded at: the highest of its tracks."""
        return max(track.sound.sample_rate_hz for track in self.tracks)

    @property
    def frames(self) -> int:
        """The length that the song is loaded with: the longest of its tracks."""
        return max(
            ceil(track.sound.frames * self.sample_rate_hz / track.sound.sample_rate_hz)
            for track in self.tracks
        )

    @property
    def duration_s(self) -> float:
        """The length of the longest track, in seconds."""
        return self.frames / self.sample_rate_hz

    def load(self, start_s: float = 0.0, duration_s: float | None = None) -> Multitrack:
        """Read the song, or a passage of it; only the passage is held in memory.

        Raises:
            ValueError: the passage does not lie within the song, or a file cannot be read; the
                message names the file.
        """
        start = round(start_s * self.sample_rate_hz)
        frames = self.frames - start
        if duration_s is not None:
            frames = round(duration_s * self.sample_rate_hz)
        if start < 0 or frames <= 0 or start + frames > self.frames:
            raise ValueError(
                f"song {self.id!r} lasts {self.duration_s:.2f} s; there is no passage "
                f"of {frames / self.sample_rate_hz:.2f} s from {start_s:.2f} s"
            )
        tracks = tuple(
            Track(track.name, track.role, self.stretch(track.sound, start, frames))
            for track in self.tracks
        )
        target = None
        if self.target is not None:
            samples = self.stretch(self.target, start + self.late_frames, frames)
            target = np.repeat(samples, 2, axis=0) if len(samples) == 1 else samples
        return Multitrack(self.id, self.sample_rate_hz, tracks, target)

    def stretch(self, sound: SoundInfo, start: int, frames: int) -> Samples:
        """A stretch of one of its files at the song's rate, continued with silence.

        Args:
            sound: a track's or the target's.
            start: the first frame at the song's rate; before 0 there is silence.
            frames: how many.
        """
        if start < 0:
            silent = min(-start, frames)
            after = self.stretch(sound, 0, frames - silent) if silent < frames else None
            silence = np.zeros((sound.channels, silent), dtype=np.float32)
            return silence if after is None else np.concatenate([silence, after], axis=1)
        own_hz, song_hz = sound.sample_rate_hz, self.sample_rate_hz
        # Begin where samples of both rates coincide: the stretch then lies as in the whole song.
        common_hz = gcd(own_hz, song_hz)
        margin = 0 if own_hz == song_hz else MARGIN_S * song_hz
        ticks = max(0, int((start - margin) * common_hz // song_hz))
        first, skip = ticks * own_hz // common_hz, start - ticks * song_hz // common_hz
        wanted = ceil((skip + frames + margin) * own_hz / song_hz)
        stretch = np.zeros((sound.channels, frames), dtype=np.float32)
        if first < sound.frames:
            samples = resample(read_frames(sound, first, wanted), own_hz, song_hz)[:, skip:]
            samples = samples[:, :frames]
            stretch[:, : samples.shape[1]] = samples
        return stretch


def unique_names(paths: Iterable[Path]) -> dict[Path, str]:
    """Name tracks after their files, with the suffix only where two would be called the same."""
    paths = list(paths)
    stems = [path.stem for path in paths]
    return {path: path.stem if stems.count(path.stem) == 1 else path.name for path in paths}

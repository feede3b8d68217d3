"""The tracks of a song and a finished mix of them.

Every shape and rate check of the house is here: what was built as a `Track`, `Multitrack` or
`Mix` is finite float32 audio in `(channels, frames)` layout, and no mixer needs to ask again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mixers.settings import Settings

Samples = NDArray[np.float32]
"""Audio in `(channels, frames)` layout, float32, nominally within -1..1."""


@dataclass(frozen=True, eq=False)
class Track:
    """One recorded channel or stereo pair of a song.

    Attributes:
        name: unique within its multitrack.
        role: what plays (kick, snare, bass, vocals, …); "unknown" where nobody knows.
        samples: `(channels, frames)`, 1 or 2 channels.
    """

    name: str
    role: str
    samples: Samples

    def __post_init__(self) -> None:
        check_samples(self.samples, f"track {self.name!r}", channels=(1, 2))


@dataclass(frozen=True, eq=False)
class Multitrack:
    """A song: tracks of one length and rate, and the human mix where there is one.

    Attributes:
        song: the song's id.
        sample_rate_hz: of the tracks and of the target.
        tracks: at least one, names unique, all of one length.
        target: the human mix, `(2, frames)`, or None.
    """

    song: str
    sample_rate_hz: int
    tracks: tuple[Track, ...]
    target: Samples | None = field(default=None)

    def __post_init__(self) -> None:
        if not self.tracks:
            raise ValueError(f"song {self.song!r} has no tracks")
        check_rate(self.sample_rate_hz, f"song {self.song!r}")
        names = [track.name for track in self.tracks]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"song {self.song!r} has two tracks named {', '.join(doubled)}")
        lengths = {track.name: track.samples.shape[1] for track in self.tracks}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"song {self.song!r} has tracks of unequal length: {lengths} frames")
        if self.target is not None:
            check_samples(self.target, f"target of song {self.song!r}", channels=(2,))
            if self.target.shape[1] != self.frames:
                raise ValueError(
                    f"target of song {self.song!r} has {self.target.shape[1]} frames, "
                    f"its tracks have {self.frames}"
                )

    @property
    def frames(self) -> int:
        """The length of every track, in samples per channel."""
        return int(self.tracks[0].samples.shape[1])

    @property
    def duration_s(self) -> float:
        """The length of the song in seconds."""
        return self.frames / self.sample_rate_hz


@dataclass(frozen=True, eq=False)
class Mix:
    """What a system made of a multitrack.

    Attributes:
        system: the name of the mixer.
        sample_rate_hz: as the multitrack's.
        samples: `(2, frames)`, as long as the multitrack; not limited to -1..1.
        settings: what the console was set to, where the system works through a console.
    """

    system: str
    sample_rate_hz: int
    samples: Samples
    settings: Settings | None = None

    def __post_init__(self) -> None:
        check_rate(self.sample_rate_hz, f"mix by {self.system!r}")
        check_samples(self.samples, f"mix by {self.system!r}", channels=(2,))


def check_rate(sample_rate_hz: int, what: str) -> None:
    """Refuse a sample rate, in Hz, that no sound has.

    Raises:
        ValueError: it is out of range; `what` says whose it is.
    """
    if not 8_000 <= sample_rate_hz <= 384_000:
        raise ValueError(f"{what}: sample rate {sample_rate_hz} Hz is outside 8000..384000 Hz")


def check_samples(samples: Samples, what: str, channels: tuple[int, ...]) -> None:
    """Refuse what is not finite float32 audio, `(channels, frames)` with at least one frame.

    Raises:
        ValueError: saying what is wrong with `what`.
    """
    if samples.dtype != np.float32:
        raise ValueError(f"{what}: samples are {samples.dtype}, must be float32")
    if samples.ndim != 2 or samples.shape[0] not in channels:
        wanted = " or ".join(str(count) for count in channels)
        raise ValueError(
            f"{what}: shape {samples.shape}, must be (channels, frames) with {wanted} channels"
        )
    if samples.shape[1] == 0:
        raise ValueError(f"{what}: has no frames")
    if not np.isfinite(samples).all():
        raise ValueError(f"{what}: holds NaN or infinite samples")

"""One channel strip of the offline console, block by block."""

from __future__ import annotations

import numpy as np

from mixers.convolution import Convolver
from mixers.dynamics import Dynamics
from mixers.filtering import Equaliser
from mixers.multitrack import Samples
from mixers.settings import Reverb, TrackSettings


class Room:
    """A stereo reverb; its sides remember what was played into them."""

    def __init__(self, reverb: Reverb, sample_rate_hz: int, block_frames: int) -> None:
        self.sides = [Convolver(reverb, side, sample_rate_hz, block_frames) for side in (0, 1)]

    def process(self, sound: Samples) -> Samples:
        """The wet sound of the next block, `(2, frames)`; a mono sound feeds both sides."""
        return np.stack([side.process(sound[i % len(sound)]) for i, side in enumerate(self.sides)])


class Strip:
    """Gain, polarity, EQ, compressor and reverb of one track.

    A block is processed in two steps, because what one strip has equalised may be the side chain
    of another.

    Attributes:
        equalised: the sound of the current block after the EQ, `(channels, frames)`.
        finished: after the whole strip, `(1 or 2, frames)`.
    """

    def __init__(
        self, settings: TrackSettings, channels: int, sample_rate_hz: int, block_frames: int
    ) -> None:
        self._gain = np.float32(settings.polarity * 10 ** (settings.gain_db / 20))
        self._equaliser = Equaliser(settings.eq, channels, sample_rate_hz)
        self._dynamics = (
            Dynamics(settings.compressor, sample_rate_hz) if settings.compressor else None
        )
        self._room = (
            Room(settings.reverb, sample_rate_hz, block_frames) if settings.reverb else None
        )
        self.equalised: Samples = np.zeros((channels, 0), dtype=np.float32)
        self.finished: Samples = self.equalised

    def equalise(self, samples: Samples) -> None:
        """First step: take in the next block, `(channels, frames)`."""
        self.equalised = samples * self._gain
        self._equaliser.process(self.equalised)

    def finish(self, key: Samples) -> None:
        """Second step, once every strip has equalised: `key` is what the compressor follows."""
        sound = self.equalised
        if self._dynamics is not None:
            sound = self._dynamics.process(sound, key)
        if self._room is not None:
            sound = sound + self._room.process(sound)
        self.finished = sound

"""The offline reverb: a room's impulse response in equal partitions, block by block.

Uniformly partitioned overlap-save convolution (Wefers, "Partitioned convolution algorithms for
real-time auralization", 2015, chapter 5). Every block is transformed as several parts at once,
which the FFT does side by side in one register. A room of L frames holds about 32 L bytes: its
spectra and those of as much sound, both sides, single precision.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft

from mixers.multitrack import Samples
from mixers.room import room_response
from mixers.settings import Reverb

Spectra = NDArray[np.complex64]

PARTS = 4


class Convolver:
    """One side of a room that remembers what was played into it."""

    def __init__(self, reverb: Reverb, side: int, sample_rate_hz: int, block_frames: int) -> None:
        self._part_frames = block_frames // PARTS
        self._room = _partitions(reverb, sample_rate_hz, self._part_frames)[side]
        # Oldest first; the last rows are the parts of the current block.
        self._heard = np.zeros((len(self._room) - 1 + PARTS, self._room.shape[1]), np.complex64)
        self._window = np.zeros(self._part_frames + block_frames, dtype=np.float32)

    def process(self, sound: Samples) -> Samples:
        """What the room answers to the next block, `(frames,)`.

        Args:
            sound: `(frames,)`, a whole block long; only the last one may be shorter.
        """
        part, window = self._part_frames, self._window
        window[:part] = window[-part:]
        window[part : part + len(sound)] = sound
        window[part + len(sound) :] = 0
        self._heard[:-PARTS] = self._heard[PARTS:]
        self._heard[-PARTS:] = fft.rfft(sliding_window_view(window, 2 * part)[::part])
        answer = np.zeros_like(self._heard[:PARTS])
        product = np.empty_like(answer)
        for age, partition in enumerate(self._room):
            oldest = len(self._room) - 1 - age
            heard = self._heard[oldest : oldest + PARTS]
            answer += np.multiply(heard, partition, out=product)
        wet = fft.irfft(answer, 2 * part, overwrite_x=True)[:, part:]
        return np.asarray(wet.reshape(-1)[: len(sound)], dtype=np.float32)


@lru_cache(maxsize=4)
def _partitions(reverb: Reverb, sample_rate_hz: int, part_frames: int) -> Spectra:
    """Spectra of a response, `(2, partitions, part_frames + 1)`."""
    response = room_response(reverb, sample_rate_hz).astype(np.float32)
    count = -(-response.shape[1] // part_frames)
    padded = np.pad(response, ((0, 0), (0, count * part_frames - response.shape[1])))
    spectra: Spectra = fft.rfft(padded.reshape(2, count, part_frames), 2 * part_frames)
    return spectra

"""The console: renders a multitrack exactly as its settings say, offline on the CPU.

A strip goes gain and polarity, EQ, compressor, reverb, pan; the panned strips are summed, and what
they send goes through one room. Last come the bus fader and the true-peak limiter.

Sound passes in blocks of `BLOCK_FRAMES`, always on the same grid, and every part keeps its state
from one to the next: `stream` gives to the bit what `render` gives, whatever pieces a song arrives
in. The work is shared among threads, and no sum depends on how many.

Memory does not grow with the song but for its tracks and its mix, 4 bytes a sample: `stream` mixes
8 tracks at 96 kHz with a reverb of 10 s in 150 MB, whether they last a second or 15 minutes.
`render` needs as much beside the song: 3.7 GB for those 15 minutes, tracks and mix included.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import numba
import numpy as np
from numpy.typing import NDArray

from mixers.grid import Block, on_grid
from mixers.limiter import Limiter
from mixers.multitrack import Mix, Multitrack, Samples, check_rate
from mixers.settings import PanLaw, Settings
from mixers.strip import Room, Strip

RunAll = Callable[[Iterable[Callable[[], None]]], None]

BLOCK_FRAMES = 1 << 16


class AsSet:
    """The console as a mixer whose settings are given."""

    name = "console"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def mix(self, multitrack: Multitrack, seed: int) -> Mix:
        """Render the song; raises as `render`. No chance is used."""
        return render(multitrack, self.settings)


def render(multitrack: Multitrack, settings: Settings, workers: int | None = None) -> Mix:
    """Render a song through the console.

    Args:
        multitrack: tracks that no strip belongs to are an error, and so are strips without track.
        settings: of every track and the bus.
        workers: threads; None takes one per core.

    Returns:
        The mix, `(2, frames)`; silence stays silent.

    Raises:
        ValueError: settings and tracks do not belong together.
    """
    tracks = {track.name: track.samples for track in multitrack.tracks}
    _check_tracks(tracks.keys(), settings, f"song {multitrack.song!r}")
    blocks = (
        {name: samples[:, start : start + BLOCK_FRAMES] for name, samples in tracks.items()}
        for start in range(0, multitrack.frames, BLOCK_FRAMES)
    )
    mix = np.empty((2, multitrack.frames), dtype=np.float32)
    done = 0
    for piece in _mixed(blocks, settings, multitrack.sample_rate_hz, workers):
        mix[:, done : done + piece.shape[1]] = piece
        done += piece.shape[1]
    return Mix("console", multitrack.sample_rate_hz, mix, settings)


def stream(
    pieces: Iterable[Block], settings: Settings, sample_rate_hz: int, workers: int | None = None
) -> Iterator[Samples]:
    """Mix a song that arrives in pieces, as `render` would mix the whole.

    Args:
        pieces: of any lengths; the same tracks and channels in each.
        settings: of every track and the bus.
        sample_rate_hz: of the tracks.
        workers: threads; None takes one per core.

    Yields:
        The mix in pieces, `(2, frames)`, in all as many frames as came in. They lag behind by
        less than `BLOCK_FRAMES`, and by the limiter's look-ahead.

    Raises:
        ValueError: settings and tracks do not belong together; the tracks of a piece are not
            equally long, have other channels than before, or are no finite float32 audio.
    """
    check_rate(sample_rate_hz, "the stream")
    return _mixed(on_grid(pieces, BLOCK_FRAMES), settings, sample_rate_hz, workers)


def pan_gains(pan: float, law: PanLaw) -> NDArray[np.float64]:
    """Factors to the left and right output, `(2,)`.

    Args:
        pan: -1 (left) .. 1 (right).
        law: `constant_power` takes 3 dB off in the centre, `linear` 6 dB, `compromise` 4.5 dB.
    """
    right = (pan + 1) / 2
    linear = np.array([1 - right, right])
    power = np.sin(linear * (np.pi / 2))
    if law == "constant_power":
        return np.asarray(power)
    return linear if law == "linear" else np.sqrt(linear * power)


class _Desk:
    """All strips and the bus before the limiter."""

    def __init__(self, settings: Settings, first: Block, sample_rate_hz: int) -> None:
        self._settings = settings
        self._strips = {
            strip.track: Strip(strip, len(first[strip.track]), sample_rate_hz, BLOCK_FRAMES)
            for strip in settings.tracks
        }
        self._keys = {
            strip.track: (strip.compressor and strip.compressor.sidechain) or strip.track
            for strip in settings.tracks
        }
        self._sends = {
            strip.track: 0.0 if strip.send_db is None else 10 ** (strip.send_db / 20)
            for strip in settings.tracks
        }
        self._sides = {
            strip.track: pan_gains(strip.pan, settings.pan_law) for strip in settings.tracks
        }
        reverb = settings.bus.reverb
        self._room = Room(reverb, sample_rate_hz, BLOCK_FRAMES) if reverb else None
        self._fader = np.float32(10 ** (settings.bus.fader_db / 20))

    def mix(self, block: Block, run_all: RunAll) -> Samples:
        """Mix the next block of the grid, `(2, frames)`."""
        run_all(partial(self._track, name, samples) for name, samples in block.items())
        run_all(
            partial(self._strips[name].finish, self._strips[key].equalised)
            for name, key in self._keys.items()
            if name != key
        )
        mix = np.empty((2, next(iter(block.values())).shape[1]), dtype=np.float32)
        run_all(partial(self._side, side, mix[side]) for side in (0, 1))
        return mix

    def _track(self, name: str, samples: Samples) -> None:
        """A strip, up to where it may have to wait for its side chain."""
        strip = self._strips[name]
        strip.equalise(samples)
        if self._keys[name] == name:
            strip.finish(strip.equalised)

    def _side(self, side: int, mix: Samples) -> None:
        """Fill one side of the mix, `(frames,)`."""
        mix[:] = 0
        sent = np.zeros_like(mix)
        for name, strip in self._strips.items():
            sound = strip.finished[side % len(strip.finished)]
            _add(sound, np.float32(self._sides[name][side]), mix)
            if self._sends[name]:
                _add(sound, np.float32(self._sides[name][side] * self._sends[name]), sent)
        if self._room is not None:
            mix += self._room.sides[side].process(sent)
        mix *= self._fader


def _mixed(
    blocks: Iterable[Block], settings: Settings, sample_rate_hz: int, workers: int | None
) -> Iterator[Samples]:
    """Mix blocks that lie on the grid."""
    ceiling_dbtp = settings.bus.ceiling_dbtp
    limiter = None if ceiling_dbtp is None else Limiter(ceiling_dbtp, sample_rate_hz)
    late = limiter.delay_frames if limiter else 0
    desk: _Desk | None = None
    with _threads(workers or os.cpu_count() or 1) as run_all:
        for block in blocks:
            if desk is None:
                _check_tracks(block.keys(), settings, "the stream")
                desk = _Desk(settings, block, sample_rate_hz)
            mix = desk.mix(block, run_all)
            if limiter is not None:
                mix = limiter.process(mix)
            early = min(late, mix.shape[1])
            late -= early
            yield mix[:, early:]
    if limiter is not None and desk is not None:
        yield limiter.process(np.zeros((2, limiter.delay_frames), dtype=np.float32))[:, late:]


@contextmanager
def _threads(workers: int) -> Iterator[RunAll]:
    """A way to run independent tasks in as many threads; it returns when all are done."""
    with ThreadPoolExecutor(workers) as pool:

        def run_all(tasks: Iterable[Callable[[], None]]) -> None:
            todo = list(tasks)
            # One share each, the first for this thread: fewer hand-overs than task by task.
            shares = [todo[i::workers] for i in range(min(workers, len(todo)))]
            others = [pool.submit(_run, share) for share in shares[1:]]
            _run(shares[0] if shares else [])
            for other in others:
                other.result()

        yield run_all


def _run(tasks: list[Callable[[], None]]) -> None:
    for task in tasks:
        task()


def _check_tracks(tracks: Iterable[str], settings: Settings, where: str) -> None:
    names, strips = set(tracks), {strip.track for strip in settings.tracks}
    for found, what in ((strips - names, "no track"), (names - strips, "no strip")):
        if found:
            raise ValueError(
                f"{where}: the settings do not fit, there is {what} for {', '.join(sorted(found))}"
            )


def _add_scaled(sound: Samples, factor: np.float32, total: Samples) -> None:
    for n in range(len(sound)):
        total[n] += factor * sound[n]


_add = numba.njit(cache=True, nogil=True)(_add_scaled)

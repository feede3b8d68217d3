"""Excerpts of songs: chosen where something plays, cut on the beat, faded in and out."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mixers.multitrack import Samples
from mixers.whole import whole
from stimuli.activity import TICKS_PER_S, per_block, track_energies
from stimuli.beats import Beat, beat_near, find_beat
from stimuli.datasets.song import Song
from stimuli.names import counted, slug

How = Literal["active", "change", "chance"]
"""How passages are chosen: where most tracks play; where most begins to play, as from verse to
chorus; by chance. Never where it is silent or quiet."""

HOP_S = 0.5
"""Passages start on this grid, before they are moved onto a beat."""
SILENCE_DB = -60.0
"""Half a second this far below the song's loudest is silence."""
QUIET_DB = -12.0
"""A passage this far below the song's loudest passage is not chosen."""
ACTIVE_DB = -40.0
"""A track plays in the half seconds that are not so far below its own loudest."""
MOST_SILENCE = 0.1
"""The share of a passage that may be silence."""
PRE_ROLL_S = 0.03
"""A passage begins so long before its first beat, which the fade-in then leaves alone."""


@dataclass(frozen=True)
class Passage:
    """An excerpt of a song.

    Attributes:
        name: unique within its set of stimuli.
        song: the song's id.
        start_s: where it starts.
        duration_s: how long it is.
    """

    name: str
    song: str
    start_s: float
    duration_s: float

    def __post_init__(self) -> None:
        if not (self.start_s >= 0 and 0.5 <= self.duration_s <= 600):
            raise ValueError(
                f"passage {self.name}: starts at {self.start_s:g} s and lasts "
                f"{self.duration_s:g} s; must start at 0 or later and last 0.5..600 s"
            )


def choose_passages(
    song: Song, name: str, count: int, duration_s: float, seed: int, how: How, on_beat: bool
) -> list[Passage]:
    """Choose passages of a song, named `<name>-1` and so on.

    With `on_beat`, and where a beat is found, a passage begins just before a beat and ends after
    whole beats, so it may be shorter by less than a beat than was asked for.

    Raises:
        ValueError: the song is too short or too silent for so many passages.
    """
    energies = track_energies(song)
    starts = _choose(song, per_block(energies, round(HOP_S * TICKS_PER_S)), count, duration_s,
                     seed, how)  # fmt: skip
    beat = find_beat(energies) if on_beat else None
    cuts = [(start_s, duration_s) if beat is None else _on_beat(beat, start_s, duration_s)
            for start_s in starts]  # fmt: skip
    return [
        Passage(f"{name}-{number}", song.id, start_s, length_s)
        for number, (start_s, length_s) in enumerate(cuts, start=1)
    ]


def choose_starts(
    song: Song, count: int, duration_s: float, seed: int, how: How = "chance"
) -> list[float]:
    """Choose where passages start, in seconds, in the order of the song; they do not overlap.

    Raises:
        ValueError: the song is too short or too silent for so many passages.
    """
    blocks = per_block(track_energies(song), round(HOP_S * TICKS_PER_S))
    return _choose(song, blocks, count, duration_s, seed, how)


def passages_from_csv(path: Path) -> tuple[Passage, ...]:
    """Read passages that were chosen by hand: columns `song`, `start_s`, `duration_s`, `name`.

    Names may be left out, column or cell; passages are numbered then, song by song.

    Raises:
        ValueError: a column is missing or a cell is no number; the message names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is no CSV file in UTF-8; save it as such: {error}") from None
    passages: list[Passage] = []
    for line, row in enumerate(rows, start=2):
        song = (row.get("song") or "").strip()
        number = 1 + sum(passage.song == song for passage in passages)
        try:
            if not song:
                raise ValueError("no song")
            start_s, duration_s = float(row["start_s"]), float(row["duration_s"])
            name = slug((row.get("name") or "").strip()) or f"{slug(song)}-{number}"
            passages.append(Passage(name, song, start_s, duration_s))
        except (KeyError, TypeError, ValueError) as error:
            said = f"no column {error}" if isinstance(error, KeyError) else error
            wanted = "song, start_s, duration_s and, if you like, name, with commas between"
            raise ValueError(f"{path}, line {line}: {said}; the columns are {wanted}") from None
    names = [passage.name for passage in passages]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled or not passages:
        what = f"two passages called {doubled[0]}" if doubled else "no passages"
        raise ValueError(f"{path} has {what}")
    return tuple(passages)


def passages_to_csv(passages: Iterable[Passage], path: Path) -> None:
    """Write passages as `passages_from_csv` reads them, whole or not at all."""
    with whole(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["song", "start_s", "duration_s", "name"])
        for passage in passages:
            writer.writerow([passage.song, passage.start_s, passage.duration_s, passage.name])


def fade(samples: Samples, sample_rate_hz: int, fade_s: float) -> Samples:
    """Fade in and out with raised cosines; the length stays.

    Raises:
        ValueError: the fades are longer than the samples.
    """
    frames = round(fade_s * sample_rate_hz)
    if 2 * frames > samples.shape[1]:
        seconds = samples.shape[1] / sample_rate_hz
        raise ValueError(f"two fades of {fade_s:g} s do not fit into a passage of {seconds:.3g} s")
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(frames) + 0.5) / max(frames, 1))
    window = np.ones(samples.shape[1], dtype=np.float32)
    window[:frames] = ramp
    window[samples.shape[1] - frames :] = ramp[::-1]
    return samples * window


def _choose(
    song: Song,
    blocks: NDArray[np.float64],
    count: int,
    duration_s: float,
    seed: int,
    how: How,
) -> list[float]:
    if duration_s > song.duration_s:
        raise ValueError(
            f"song {song.id!r} lasts {song.duration_s:.2f} s, too short for {duration_s:g} s"
        )
    if how not in get_args(How):
        raise ValueError(f"there is no way {how!r} to choose passages: {', '.join(get_args(How))}")
    length = min(max(int(np.ceil(duration_s / HOP_S)), 1), blocks.shape[1])
    free = _lively(blocks.sum(axis=0), length, song.duration_s - duration_s)
    rng = np.random.default_rng(seed)
    # Chance decides between passages that are equally good.
    scores = rng.uniform(0.0, 1e-6, len(free)) + _scores(blocks, length, how)[: len(free)]
    if how == "chance":
        scores = rng.uniform(1.0, 2.0, len(free))
    scores[~free] = -np.inf
    for wanted in range(count, 0, -1):
        if starts := _best_apart(scores, wanted, length):
            break
    else:
        starts = []
    if len(starts) < count:
        raise ValueError(
            f"song {song.id!r} has room for {counted(len(starts), 'passage')} of {duration_s:g} s "
            f"not silent, not for {count}; ask for shorter or fewer ones, or say which by a file"
        )
    return [start * HOP_S for start in starts]


def _scores(blocks: NDArray[np.float64], length: int, how: How) -> NDArray[np.float64]:
    """How good a passage is that starts with each block.

    A track plays to a degree of 0 to 1: from `ACTIVE_DB` below its own loudest half second on,
    rising with its level, so that a chorus counts more than a verse with the same tracks.
    """
    loudest = np.maximum(blocks.max(axis=1, keepdims=True), 1e-12)
    levels_db = 10 * np.log10(np.maximum(blocks / loudest, 1e-12))
    degree = np.clip(1 - levels_db / ACTIVE_DB, 0.0, 1.0).mean(axis=0)
    windows = np.lib.stride_tricks.sliding_window_view(degree, length)
    if how == "change":
        half = max(length // 2, 1)
        after = windows[:, half:].sum(axis=1) / max(length - half, 1)
        return np.asarray(after - windows[:, :half].mean(axis=1), dtype=np.float64)
    active = np.lib.stride_tricks.sliding_window_view((levels_db > ACTIVE_DB).mean(axis=0), length)
    return np.asarray(active.mean(axis=1) + 0.1 * windows.mean(axis=1), dtype=np.float64)


def _best_apart(scores: NDArray[np.float64], count: int, length: int) -> list[int]:
    """The `count` starts, `length` apart at least, with the highest sum; none where it is too many.

    Exact: the best of what follows is known from the end of the song backwards.
    """
    blocks = len(scores)
    best = np.full((count + 1, blocks + length), -np.inf)
    best[0] = 0.0
    for left in range(1, count + 1):
        for start in range(blocks - 1, -1, -1):
            taken = scores[start] + best[left - 1, start + length]
            best[left, start] = max(best[left, start + 1], taken)
    if not np.isfinite(best[count, 0]):
        return []
    starts, at = [], 0
    for left in range(count, 0, -1):
        while best[left, at] == best[left, at + 1]:
            at += 1
        starts.append(at)
        at += length
    return starts


def _on_beat(beat: Beat, start_s: float, duration_s: float) -> tuple[float, float]:
    """Start and length of a passage that is moved onto the beat; it stays within its place."""
    beat_s, period_s = beat_near(beat, start_s + PRE_ROLL_S)
    # To the milliseconds, for people who read or change them.
    while beat_s - PRE_ROLL_S < start_s:
        beat_s += period_s
    moved_s = round(beat_s - PRE_ROLL_S, 3)
    beats = int((start_s + duration_s - moved_s) / period_s)
    if beats < 2:
        return start_s, duration_s
    return moved_s, round(beats * period_s, 3)


def _lively(energy: NDArray[np.float64], length: int, last_s: float) -> NDArray[np.bool_]:
    """Which blocks a passage of `length` blocks may start with."""
    windows = np.lib.stride_tricks.sliding_window_view(energy, length)
    windows = windows[: int(last_s / HOP_S) + 1]
    silent = windows <= energy.max() * 10 ** (SILENCE_DB / 10)
    means = windows.mean(axis=1)
    loud = (means > 0) & (means >= means.max() * 10 ** (QUIET_DB / 10))
    lively: NDArray[np.bool_] = loud & (silent.mean(axis=1) <= MOST_SILENCE)
    return lively

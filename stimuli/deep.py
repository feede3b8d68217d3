"""What the trainers of all networks share: crops of songs, choices, facts, and the loss curve.

songs = lesson_songs(lesson)                       # opened, with fingerprints of those learnt
crop = songs.training.draw(frames, rng)            # a Multitrack with its human mix
choices = chosen(Choices(), lesson.options)        # defaults, changed by --set
plan = choices.plan(lesson)
result = fit(Task(network, header, draw, loss, validation), plan, lesson.out, progress)
return report(result, lesson)                      # writes the loss curve too
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from mixers.checkpoints import Header
from mixers.multitrack import Multitrack
from mixers.training import Plan, Progress, Result, is_first_process
from mixers.whole import whole
from stimuli.datasets.song import Song
from stimuli.provenance import code_version
from stimuli.splits import fingerprint
from stimuli.training import Lesson

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Chosen = TypeVar("Chosen", bound=DataclassInstance)

CURVE_SUFFIX = ".loss.png"
SILENT_TRIES = 20


@dataclass(frozen=True)
class Crops:
    """Songs on disk, of which only crops are read.

    Attributes:
        songs: each with a human mix.
    """

    songs: tuple[Song, ...]

    def draw(self, frames: int, rng: np.random.Generator) -> Multitrack:
        """A crop of a song, both by chance; one whose mix is not silent, if there is any soon.

        Raises:
            ValueError: the song is shorter, or cannot be read.
        """
        crop = self._any(frames, rng)
        for _ in range(SILENT_TRIES):
            if crop.target is not None and crop.target.any():
                break
            crop = self._any(frames, rng)
        return crop

    def spread(self, frames: int, count: int) -> list[Multitrack]:
        """Crops of the songs in turn, spread over their length: the same ones in every call."""
        crops = []
        for place in range(count):
            song = self.songs[place % len(self.songs)]
            share = (place // len(self.songs) + 0.5) / (1 + (count - 1) // len(self.songs))
            crops.append(_crop(song, round(share * (song.frames - frames)), frames))
        return crops

    def _any(self, frames: int, rng: np.random.Generator) -> Multitrack:
        song = self.songs[rng.integers(len(self.songs))]
        return _crop(song, int(rng.integers(max(1, song.frames - frames + 1))), frames)


@dataclass(frozen=True)
class LessonSongs:
    """The songs of a lesson that have a human mix.

    Attributes:
        training, validation: crops of them.
        fingerprints: of both.
    """

    training: Crops
    validation: Crops
    fingerprints: tuple[str, ...]


def lesson_songs(lesson: Lesson, progress: Progress) -> LessonSongs:
    """Open the songs that may be learnt from; those of the test stay closed.

    Raises:
        ValueError: there is none to learn from or none to validate on, their rates differ, or one
            cannot be read.
    """
    parts: dict[str, list[Song]] = {"training": [], "validation": []}
    prints = []
    wanted = [(part, song) for part in parts for song in getattr(lesson.split, part)]
    for done, (part, song_id) in enumerate(wanted):
        progress("Songs", done, len(wanted))
        song = lesson.dataset.open_song(song_id)
        if song.target is not None:
            parts[part].append(song)
            prints.append(fingerprint(song, song.load()))
    progress("Songs", len(wanted), len(wanted))
    for part, songs in parts.items():
        if not songs:
            raise ValueError(
                f"{lesson.dataset.root} has no song with a human mix for {part}; "
                "a tenth of the songs is for validation, so give at least five"
            )
    rates = {song.sample_rate_hz for songs in parts.values() for song in songs}
    if len(rates) > 1:
        raise ValueError(f"the songs have several sample rates ({sorted(rates)} Hz); convert them")
    training, validation = (Crops(tuple(songs)) for songs in parts.values())
    return LessonSongs(training, validation, tuple(prints))


@dataclass(frozen=True)
class Schedule:
    """What every trainer lets people choose; a system's own choices inherit from this.

    Attributes:
        steps, learning_rate, check_every, patience: as in `mixers.training.Plan`.
        batch: crops per step.
        seconds: length of a crop.
        validation_crops: how many crops of validation songs decide which network is best.
    """

    steps: int = 2000
    learning_rate: float = 1e-3
    check_every: int = 100
    patience: int = 10
    batch: int = 4
    seconds: float = 2.0
    validation_crops: int = 16

    def plan(self, lesson: Lesson) -> Plan:
        """The plan of the loop."""
        return Plan(
            steps=self.steps,
            learning_rate=self.learning_rate,
            check_every=self.check_every,
            patience=self.patience,
            seed=lesson.seed,
            device=lesson.device,
        )


def chosen(defaults: Chosen, options: Mapping[str, str]) -> Chosen:
    """Change fields of a dataclass of defaults by name.

    Args:
        defaults: whose fields are of type int, float or str.
        options: field -> value as text.

    Raises:
        ValueError: no such field, or not a value for it.
    """
    types: dict[str, type] = {f.name: type(getattr(defaults, f.name)) for f in fields(defaults)}
    values: dict[str, Any] = {}
    for name, text in options.items():
        if name not in types:
            raise ValueError(f"there is no choice {name!r}; there are: {', '.join(types)}")
        try:
            values[name] = types[name](text)
        except ValueError:
            raise ValueError(f"{name} is {text!r}, must be {types[name].__name__}") from None
        # Nothing that can be chosen is negative; only weights of errors may be 0.
        least = 0 if types[name] is float else 1
        if types[name] is not str and not least <= values[name] < inf:
            raise ValueError(f"{name} is {text!r}, must be {least} or more")
    return replace(defaults, **values)


def header(
    architecture: str, configuration: Mapping[str, Any], lesson: Lesson, songs: LessonSongs
) -> Header:
    """What the file of weights says of itself before training."""
    facts = {
        "songs": list(songs.fingerprints),
        "seed": lesson.seed,
        "options": dict(lesson.options),
        "code_version": code_version(),
    }
    return Header(architecture, configuration, facts)


def report(result: Result, lesson: Lesson) -> list[str]:
    """Draw the loss curve beside the weights; lines for people, from the first process only."""
    if not is_first_process():
        return []
    curve = lesson.out.with_name(lesson.out.name + CURVE_SUFFIX)
    draw_loss_curve(result, curve)
    share = result.metrics["data_wait_share"]
    best, last = result.best, result.checks[-1]
    return [
        f"{last.step} steps in {result.seconds / 60:.1f} minutes; {share:.1%} of the time went "
        "into waiting for data",
        f"best validation loss {best.validation:.4f} after {best.step} steps "
        f"(first {result.checks[0].validation:.4f})",
        f"loss curve: {curve}",
    ]


def draw_loss_curve(result: Result, path: Path) -> None:
    """Write a figure of training and validation loss over steps; the best check is marked."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.add_subplot()
    rows = [asdict(check) for check in result.checks]
    steps = [row["step"] for row in rows]
    for name, colour in (("training", "#9aa5b1"), ("validation", "#1f5fa8")):
        axes.plot(steps, [row[name] for row in rows], "o-", ms=3, color=colour, label=name)
    axes.axvline(result.best.step, color="#b35900", lw=1, ls="--", label="kept")
    axes.set(xlabel="Steps", ylabel="Loss")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    with whole(path) as partial:
        figure.savefig(partial, dpi=150, format="png")


def _crop(song: Song, start: int, frames: int) -> Multitrack:
    rate_hz = song.sample_rate_hz
    return song.load(start / rate_hz, frames / rate_hz)

"""`flask mixers train NAME`: the systems that learn, and what all of them are told.

To make a system trainable, write a function of the form `Trainer` and give it a row in `TRAINERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from mixers.devices import find_device
from stimuli.datasets.dataset import Dataset
from stimuli.splits import Split, read_split, split_songs

Progress = Callable[[str, int, int], None]
"""Called with a step's name, how much of it is done, and of how much."""


@dataclass(frozen=True)
class Lesson:
    """What a system is to learn from.

    Attributes:
        dataset: where the songs are.
        split: which of them it may learn from (`training`), which tell it when to stop
            (`validation`), and which it must never open (`test`).
        device: "cpu", "cuda" or "cuda:0"; systems that need none ignore it.
        seed: of everything random.
        out: where the weights go.
        options: choices of this system, name -> value as text.
    """

    dataset: Dataset
    split: Split
    device: str
    seed: int
    out: Path
    options: Mapping[str, str] = field(default_factory=dict)


class Trainer(Protocol):
    """Trains one system and writes its weights."""

    def __call__(self, lesson: Lesson, progress: Progress) -> list[str]:
        """Train on the songs of `lesson.split`, write `lesson.out`, and return lines for people.

        Raises `ValueError` or `OSError` where that cannot be done, and then leaves what was at
        `lesson.out` as it was.
        """
        ...


TRAINERS: dict[str, str] = {
    "ddsp": "stimuli.train_controller:train_ddsp",
    "dmc": "stimuli.train_controller:train_dmc",
    "forest": "stimuli.train_forest:train",
    "tcn": "stimuli.train_tcn:train",
    "wave-u-net": "stimuli.train_waveunet:train",
}
"""System -> "module:function"."""


def train(
    name: str,
    dataset: Dataset,
    out: Path,
    device: str,
    seed: int,
    progress: Progress,
    options: Mapping[str, str] | None = None,
    split_file: Path | None = None,
) -> list[str]:
    """Train a system on the training songs of a dataset.

    Args:
        name: from `TRAINERS`.
        dataset: split by its seed; a song's folder is a dataset of one song.
        out: where the weights go.
        device: as in `Lesson`; "auto" is CUDA where there is one.
        seed: of the split and of the training.
        progress: is told how far it is.
        options: as in `Lesson`.
        split_file: the split, as `flask songs split` stores it, instead of one by the seed.

    Returns:
        What to tell people, line by line.

    Raises:
        ValueError: there is no such system, or as the system's trainer.
    """
    if name not in TRAINERS:
        raise ValueError(f"{name!r} does not learn; there are: {', '.join(TRAINERS)}")
    module, _, function = TRAINERS[name].partition(":")
    trainer = cast(Trainer, getattr(import_module(module), function))
    ids = dataset.song_ids()
    split = read_split(split_file, ids) if split_file else split_songs(ids, seed)
    lesson = Lesson(dataset, split, str(find_device(device)), seed, out, options or {})
    return trainer(lesson, progress)

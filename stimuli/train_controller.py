"""Training of the systems that set a console: `dmc` and `ddsp`.

A step takes some songs, hears some patches of each track, and compares what the controller sets
in two ways: the sound of a crop with the human mix, by the stereo loss, and gains and pans with
those that least squares recovers from that mix. The second says in few steps what the first one
takes many for; it needs no knowledge of how the mix was made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from mixers.augmentation import as_array, drop_tracks
from mixers.controller import Controller
from mixers.ddsp import DdspConfig, DdspController
from mixers.dmc import DmcConfig, DmcController
from mixers.losses import stereo_loss
from mixers.multitrack import Multitrack
from mixers.training import Batch, Task, fit
from stimuli.deep import Schedule, chosen, header, lesson_songs, report
from stimuli.lessons import SongLesson, take_lessons
from stimuli.seeds import seed_for
from stimuli.training import Lesson, Progress

Build = Callable[[int], tuple[Controller, Mapping[str, Any]]]
"""A fresh controller for songs of a sample rate, and its configuration."""

DROP_PROBABILITY = 0.1
GAIN_SPREAD_DB = 3.0
"""A gain error that weighs as much as a pan error of 1."""


@dataclass(frozen=True)
class Choices(Schedule):
    """What can be chosen with `--set`.

    Attributes:
        patches: how many patches of 0.96 s are heard of each track.
        settings: weight of the errors of gains and pans beside the stereo loss.
    """

    steps: int = 800
    learning_rate: float = 2e-3
    check_every: int = 50
    batch: int = 4
    seconds: float = 0.75
    validation_crops: int = 8
    patches: int = 4
    settings: float = 1.0


def train_dmc(lesson: Lesson, progress: Progress) -> list[str]:
    """Train a differentiable mixing console on any songs with human mixes."""

    def build(rate_hz: int) -> tuple[Controller, Mapping[str, Any]]:
        config = DmcConfig(rate_hz)
        return DmcController(config), asdict(config)

    return _train("dmc", build, lesson, progress)


def train_ddsp(lesson: Lesson, progress: Progress) -> list[str]:
    """Train a stem-aware mixer on any songs with human mixes."""

    def build(rate_hz: int) -> tuple[Controller, Mapping[str, Any]]:
        config = DdspConfig(rate_hz)
        return DdspController(config), asdict(config)

    return _train("ddsp", build, lesson, progress)


def _train(name: str, build: Build, lesson: Lesson, progress: Progress) -> list[str]:
    choices = chosen(Choices(), lesson.options)
    songs = lesson_songs(lesson, progress)
    rate_hz = songs.training.songs[0].sample_rate_hz
    frames = round(choices.seconds * rate_hz)
    torch.manual_seed(seed_for(lesson.seed, name) % 2**31)
    controller, configuration = build(rate_hz)
    ids = tuple(song.id for crops in (songs.training, songs.validation) for song in crops.songs)
    lessons = {
        taken.song_id: taken
        for taken in take_lessons(lesson.dataset, ids, partial(progress, "Listening"))
    }

    def draw(rng: np.random.Generator) -> Batch:
        crops = [songs.training.draw(frames, rng) for _ in range(choices.batch)]
        return _batch([_row(crop, lessons[crop.song], choices.patches, rng) for crop in crops])

    spread = songs.validation.spread(frames, choices.validation_crops)
    calm = np.random.default_rng(seed_for(lesson.seed, "validation"))
    validation = [
        _batch([_row(crop, lessons[crop.song], choices.patches, calm, 0.0)]) for crop in spread
    ]
    said = header(name, configuration, lesson, songs)
    task = Task(controller, said, draw, partial(_loss, weight=choices.settings), validation)
    return report(fit(task, choices.plan(lesson), lesson.out, progress), lesson)


def _row(
    crop: Multitrack,
    heard: SongLesson,
    patches: int,
    rng: np.random.Generator,
    drop: float = DROP_PROBABILITY,
) -> dict[str, Tensor]:
    """One song's tensors: a crop's levelled tracks, patches of the song, and what to aim at.

    Dropped tracks are silent, and not heard. The target comes at a root mean square of 1, as a
    controller cannot know how loud a mix was left.
    """
    assert crop.target is not None
    names = [track.name for track in crop.tracks]
    every = as_array(crop, channels=1)[[names.index(name) for name in heard.tracks]]
    tracks, target = drop_tracks(every, crop.target, rng, drop)
    # A track may rest in this crop and still be there.
    sounds = torch.from_numpy(tracks.any(axis=(1, 2)) | ~every.any(axis=(1, 2)))
    chosen_patches = rng.integers(heard.patches.shape[1], size=patches)
    levels = 10 ** (heard.levelling_db / 20)
    return {
        "tracks": torch.from_numpy(tracks) * levels[:, None, None],
        "target": torch.from_numpy(target) / max(float(np.sqrt((target**2).mean())), 1e-6),
        "patches": heard.patches[:, chosen_patches].float(),
        "sounds": sounds,
        "gain_db": heard.gain_db,
        "pan": heard.pan,
    }


def _batch(rows: Sequence[Mapping[str, Tensor]]) -> Batch:
    """Songs of any numbers of tracks as one batch, padded with tracks that are not there."""
    most = max(len(row["sounds"]) for row in rows)
    return {
        name: torch.stack(
            [_padded(row[name], most) if name != "target" else row[name] for row in rows]
        )
        for name in rows[0]
    }


def _padded(values: Tensor, length: int) -> Tensor:
    missing = values.new_zeros(length - len(values), *values.shape[1:])
    return torch.cat([values, missing])


def _loss(network: nn.Module, batch: Batch, weight: float) -> Tensor:
    strips, bus = network(batch["patches"], batch["sounds"])
    console = cast(Controller, getattr(network, "module", network)).console
    mix = console(batch["tracks"], strips, bus)
    level = mix.detach().square().mean(dim=(1, 2), keepdim=True).sqrt().clamp(min=1e-6)
    units = console.units(strips)
    there = batch["sounds"].to(strips)
    off_db = (units["gain_db"] - batch["gain_db"]) * there
    count = there.sum(dim=1, keepdim=True)
    # A fader that turns all tracks alike is no error.
    off_db = (off_db - off_db.sum(dim=1, keepdim=True) / count) * there
    apart = off_db.abs() / GAIN_SPREAD_DB + (units["pan"] - batch["pan"]).abs() * there
    errors: Tensor = apart.sum() / there.sum()
    return stereo_loss(mix / level, batch["target"]) + weight * errors

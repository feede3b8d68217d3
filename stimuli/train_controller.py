"""Training of the systems that set a console: `dmc` and `ddsp`.

A step takes some songs, hears some patches of each track, and compares what the controller sets
in two ways: the sound of crops of a few of these songs with their human mix, by the stereo loss,
and gains and pans with those that least squares recovers from the mixes of all of them. The second
says in few steps what the first one takes many for, and costs little; it needs no knowledge of how
the mixes were made. A song mixed with left and right exchanged counts as the same: engineers
differ in the side from which they look at the band, and nobody can hear which side it will be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from mixers.augmentation import as_array, drop_tracks
from mixers.controller import Controller
from mixers.ddsp import DdspConfig, DdspController
from mixers.dmc import DmcConfig, DmcController, Transformation
from mixers.losses import stereo_loss
from mixers.multitrack import Multitrack
from mixers.tcn import WEIGHTS as PROXY
from mixers.tcn import load_proxy
from mixers.training import Batch, Task, fit
from mixers.vggish import load_vggish
from stimuli.deep import Schedule, chosen, header, lesson_songs, report
from stimuli.lessons import SongLesson, take_lessons
from stimuli.seeds import seed_for
from stimuli.training import Lesson, Progress

Build = Callable[[int], tuple[Controller, Mapping[str, Any]]]
"""A fresh controller for songs of a sample rate, and its configuration."""

DROP_PROBABILITY = 0.1
LEAST_POWER = 1e-12
"""Keeps the level of a silent mix above zero, and its gradient finite."""
GAIN_SPREAD_DB = 3.0
"""A gain error that weighs as much as a pan error of 1."""


@dataclass(frozen=True)
class Choices(Schedule):
    """What can be chosen with `--set`.

    Attributes:
        songs: how many are heard in a step; `batch` of them have their crops mixed.
        patches: how many patches of 0.96 s are heard of each track.
        settings: weight of the errors of gains and pans beside the stereo loss.
    """

    steps: int = 3000
    learning_rate: float = 2e-3
    check_every: int = 100
    batch: int = 1
    seconds: float = 0.75
    validation_crops: int = 24
    songs: int = 12
    patches: int = 6
    settings: float = 5.0


@dataclass(frozen=True)
class DmcChoices(Choices):
    """What else can be chosen for `dmc`.

    Attributes:
        transformation: as in `DmcConfig`.
        proxy: file of the proxy for `tcn`; empty takes the one that ships.
        vggish: file of VGGish's weights, which then take the place of the small encoder.
    """

    transformation: Transformation = "console"
    proxy: str = ""
    vggish: str = ""


def train_dmc(lesson: Lesson, progress: Progress) -> list[str]:
    """Train a differentiable mixing console on any songs with human mixes."""
    choices = chosen(DmcChoices(), lesson.options)

    def build(rate_hz: int) -> tuple[Controller, Mapping[str, Any]]:
        encoder = load_vggish(Path(choices.vggish)) if choices.vggish else None
        config = DmcConfig(rate_hz, choices.transformation, "vggish" if encoder else "small")
        proxy = None
        if choices.transformation == "tcn":
            proxy = load_proxy(Path(choices.proxy) if choices.proxy else PROXY)
        return DmcController(config, proxy, encoder), asdict(config)

    return _train("dmc", build, choices, lesson, progress)


def train_ddsp(lesson: Lesson, progress: Progress) -> list[str]:
    """Train a stem-aware mixer on any songs with human mixes."""

    def build(rate_hz: int) -> tuple[Controller, Mapping[str, Any]]:
        config = DdspConfig(rate_hz)
        return DdspController(config), asdict(config)

    return _train("ddsp", build, chosen(Choices(), lesson.options), lesson, progress)


def _train(
    name: str, build: Build, choices: Choices, lesson: Lesson, progress: Progress
) -> list[str]:
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

    heard = [lessons[song.id] for song in songs.training.songs if song.id in lessons]

    def draw(rng: np.random.Generator) -> Batch:
        crops = [songs.training.draw(frames, rng) for _ in range(choices.batch)]
        mixed = [_mixed(crop, lessons[crop.song], choices.patches, rng) for crop in crops]
        more = rng.choice(len(heard), max(0, choices.songs - choices.batch))
        return _batch(mixed, [_heard(heard[n], choices.patches, rng) for n in more])

    spread = songs.validation.spread(frames, choices.validation_crops)
    calm = np.random.default_rng(seed_for(lesson.seed, "validation"))
    validation = [
        _batch([_mixed(crop, lessons[crop.song], choices.patches, calm, 0.0)]) for crop in spread
    ]
    said = header(name, configuration, lesson, songs)
    task = Task(
        controller, said, draw, partial(controller_loss, weight=choices.settings), validation
    )
    return report(fit(task, choices.plan(lesson), lesson.out, progress), lesson)


def _heard(song: SongLesson, patches: int, rng: np.random.Generator) -> dict[str, Tensor]:
    """One song's tensors: some of its patches, which tracks are there, and their settings."""
    chosen_patches = rng.integers(song.patches.shape[1], size=patches)
    return {
        "patches": song.patches[:, chosen_patches].float(),
        "sounds": torch.ones(len(song.tracks), dtype=torch.bool),
        "gain_db": song.gain_db,
        "pan": song.pan,
    }


def _mixed(
    crop: Multitrack,
    song: SongLesson,
    patches: int,
    rng: np.random.Generator,
    drop: float = DROP_PROBABILITY,
) -> dict[str, Tensor]:
    """The same with a crop: its levelled tracks, and the human mix.

    Dropped tracks are silent, and not heard. Gains by chance would change nothing, as tracks are
    levelled before they are heard. The target comes at a root mean square of 1, as a
    controller cannot know how loud a mix was left.
    """
    assert crop.target is not None
    names = [track.name for track in crop.tracks]
    every = as_array(crop, channels=1)[[names.index(name) for name in song.tracks]]
    tracks, target = drop_tracks(every, crop.target, rng, drop)
    # A track may rest in this crop and still be there.
    sounds = torch.from_numpy(tracks.any(axis=(1, 2)) | ~every.any(axis=(1, 2)))
    levels = 10 ** (song.levelling_db / 20)
    return _heard(song, patches, rng) | {
        "sounds": sounds,
        "tracks": torch.from_numpy(tracks) * levels[:, None, None],
        "target": torch.from_numpy(target) / max(float(np.sqrt((target**2).mean())), 1e-6),
    }


def _batch(
    mixed: Sequence[Mapping[str, Tensor]], more: Sequence[Mapping[str, Tensor]] = ()
) -> Batch:
    """Songs of any numbers of tracks as one batch, padded with tracks that are not there."""
    every = [*mixed, *more]
    most = max(len(song["sounds"]) for song in every)
    batch = {"target": torch.stack([song["target"] for song in mixed])}
    for name in mixed[0]:
        if name != "target":
            rows = [_padded(song[name], most) for song in every if name in song]
            batch[name] = torch.stack(rows)
    return batch


def _padded(values: Tensor, length: int) -> Tensor:
    missing = values.new_zeros(length - len(values), *values.shape[1:])
    return torch.cat([values, missing])


def controller_loss(network: nn.Module, batch: Batch, weight: float) -> Tensor:
    """Stereo loss of mixes as loud as their targets, plus `weight` times the settings' error."""
    strips, bus = network(batch["patches"], batch["sounds"])
    controller = cast(Controller, getattr(network, "module", network))
    count = len(batch["target"])
    mix = controller.transform(batch["tracks"], strips[:count], bus[:count])
    # The gradient goes through the level too: else the fader runs away from a level that follows.
    level = (mix.square().mean(dim=(1, 2), keepdim=True) + LEAST_POWER).sqrt()
    off = settings_error(controller.console.units(strips), batch)
    return stereo_loss(mix / level, batch["target"]) + weight * off


def settings_error(units: Mapping[str, Tensor], wanted: Batch) -> Tensor:
    """Mean error of pans, and of gains in units of `GAIN_SPREAD_DB`, over tracks and then songs.

    A fader that turns all tracks alike is no error, and neither are exchanged sides.

    Args:
        units: `gain_db` and `pan`, `(songs, tracks)`.
        wanted: the same, and `sounds`, bool, which of the tracks are there.
    """
    there = wanted["sounds"].to(units["pan"])
    count = there.sum(dim=1)
    off_db = (units["gain_db"] - wanted["gain_db"]) * there
    off_db = (off_db - (off_db.sum(dim=1) / count)[:, None]) * there
    seen = torch.stack([units["pan"] - wanted["pan"], units["pan"] + wanted["pan"]]) * there
    pans = seen.abs().sum(dim=2).amin(dim=0)
    errors: Tensor = (off_db.abs().sum(dim=1) / GAIN_SPREAD_DB + pans) / count
    return errors.mean()

"""Training of the Wave-U-Net on songs that share one list of tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn

from mixers.augmentation import as_array, drop_tracks, vary_level
from mixers.losses import stereo_loss
from mixers.multitrack import Multitrack
from mixers.training import Batch, Task, fit
from mixers.waveunet import (
    ARCHITECTURE,
    Upsampling,
    WaveUNet,
    WaveUNetConfig,
    input_places,
)
from stimuli.datasets.song import Song
from stimuli.deep import Schedule, chosen, header, lesson_songs, report
from stimuli.seeds import seed_for
from stimuli.training import Lesson, Progress

LEVEL_RANGE_DB = (-6.0, 3.0)
DROP_PROBABILITY = 0.05


@dataclass(frozen=True)
class Choices(Schedule):
    """What can be chosen with `--set`; a third of the authors' filters, to train on a CPU.

    Attributes:
        filters, levels, upsampling: as in `WaveUNetConfig`.
        waveform: weight of the mean absolute error of the waveform beside the stereo loss. The
            authors use that error alone; alone it pulls sources to the centre.
    """

    steps: int = 2200
    learning_rate: float = 2e-3
    check_every: int = 200
    batch: int = 1
    seconds: float = 1.5
    validation_crops: int = 8
    filters: int = 8
    levels: int = 10
    upsampling: Upsampling = "linear"
    waveform: float = 10.0


def train(lesson: Lesson, progress: Progress) -> list[str]:
    """Train a Wave-U-Net; its inputs are the tracks of the songs, in their order."""
    choices = chosen(Choices(), lesson.options)
    songs = lesson_songs(lesson, progress)
    every = (*songs.training.songs, *songs.validation.songs)
    config = WaveUNetConfig(
        tracks=common_tracks(every),
        sample_rate_hz=every[0].sample_rate_hz,
        levels=choices.levels,
        filters=choices.filters,
        upsampling=choices.upsampling,
    )
    torch.manual_seed(seed_for(lesson.seed, ARCHITECTURE) % 2**31)
    network = WaveUNet(config)
    frames = network.input_frames(round(choices.seconds * config.sample_rate_hz))
    shortest = min(song.frames for song in every)
    if shortest < frames:
        raise ValueError(
            f"the shortest song has {shortest / config.sample_rate_hz:.2f} s, a crop needs "
            f"{frames / config.sample_rate_hz:.2f} s with its context; set fewer seconds or levels"
        )

    def draw(rng: np.random.Generator) -> Batch:
        crops = [songs.training.draw(frames, rng) for _ in range(choices.batch)]
        return _batch([_varied(*_arrays(crop, config), rng) for crop in crops])

    def loss(wave_u_net: nn.Module, batch: Batch) -> Tensor:
        mix = wave_u_net(batch["tracks"]).float()
        beside = (batch["target"].shape[-1] - mix.shape[-1]) // 2
        target = batch["target"][..., beside : beside + mix.shape[-1]]
        error: Tensor = (mix - target).abs().mean()
        return stereo_loss(mix, target) + choices.waveform * error

    validation = [
        _batch([_arrays(crop, config)])
        for crop in songs.validation.spread(frames, choices.validation_crops)
    ]
    said = header(ARCHITECTURE, asdict(config), lesson, songs)
    task = Task(network, said, draw, loss, validation)
    return report(fit(task, choices.plan(lesson), lesson.out, progress), lesson)


def common_tracks(songs: Sequence[Song]) -> tuple[str, ...]:
    """The tracks of the song that has most; all others must have some of them, in that order.

    Raises:
        ValueError: a song has others, or another order; Wave-U-Net cannot learn from these.
    """
    longest = max(songs, key=lambda song: len(song.tracks))
    names = tuple(track.name for track in longest.tracks)
    for song in songs:
        try:
            input_places([track.name for track in song.tracks], names)
        except ValueError:
            raise ValueError(
                f"song {song.id!r} has the tracks {', '.join(t.name for t in song.tracks)}, and "
                f"{longest.id!r} has {', '.join(names)}: wave-u-net learns only from songs that "
                "share one list of tracks"
            ) from None
    return names


def _arrays(crop: Multitrack, config: WaveUNetConfig) -> tuple[np.ndarray, np.ndarray]:
    """Inputs `(tracks, 1, frames)` and target `(2, frames)`; missing tracks are silent."""
    assert crop.target is not None
    inputs = np.zeros((len(config.tracks), 1, crop.frames), dtype=np.float32)
    names = [track.name for track in crop.tracks]
    inputs[input_places(names, config.tracks)] = as_array(crop, channels=1)
    return inputs, crop.target


def _varied(
    tracks: np.ndarray, target: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    tracks, target = vary_level(tracks, target, rng, LEVEL_RANGE_DB)
    return drop_tracks(tracks, target, rng, DROP_PROBABILITY)


def _batch(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> Batch:
    return {
        "tracks": torch.from_numpy(np.stack([tracks[:, 0] for tracks, _ in pairs])),
        "target": torch.from_numpy(np.stack([target for _, target in pairs])),
    }

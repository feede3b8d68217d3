"""Controllers: networks that hear tracks and set a console.

What `dmc` and `ddsp` have in common. A controller describes each track by the mean of its patches'
embeddings and decides, from all of them, on normalised settings of the differentiable console. In
use, the settings are rendered by the offline console, so that people can read and change them.

Tracks are brought to one loudness before anything else, so the level at which they were recorded
does not matter. Silent tracks are as good as absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mixers.checkpoints import fill, load_weights
from mixers.console import render
from mixers.devices import find_device
from mixers.differentiable import DifferentiableConsole
from mixers.encoder import Encoder
from mixers.logmel import track_patches
from mixers.loudness import integrated_loudness
from mixers.multitrack import Mix, Multitrack
from mixers.settings import RANGES, BusSettings, Settings, TrackSettings

WEIGHTS = Path(__file__).parent / "weights"
LEVEL_LUFS = -25.0
"""Loudness that every track is brought to before it is heard and mixed."""


class Controller(nn.Module):
    """Base of the controllers; a subclass says what `decide` does.

    Attributes:
        encoder: `(patches, 96, 64)` to `(patches, embedding)`.
        console: what the numbers it decides on are for.
    """

    console: DifferentiableConsole

    def __init__(self, console: DifferentiableConsole, encoder: nn.Module | None = None) -> None:
        super().__init__()
        self.encoder = encoder or Encoder()
        self.console = console

    def embed(self, patches: Tensor) -> Tensor:
        """Mean embeddings of tracks, `(..., embedding)`, from `(..., patches, 96, 64)`."""
        flat = self.encoder(patches.reshape(-1, *patches.shape[-2:]))
        embeddings: Tensor = flat.reshape(*patches.shape[:-2], -1).mean(dim=-2)
        return embeddings

    def forward(self, patches: Tensor, sounds: Tensor) -> tuple[Tensor, Tensor]:
        """Hear tracks, `(batch, tracks, patches, 96, 64)`, and decide; see `decide`."""
        return self.decide(self.embed(patches), sounds)

    def transform(self, tracks: Tensor, strips: Tensor, bus: Tensor) -> Tensor:
        """Mix tracks while learning, `(batch, 2, frames)`; arguments as of the console."""
        mix: Tensor = self.console(tracks, strips, bus)
        return mix

    def decide(self, embeddings: Tensor, sounds: Tensor) -> tuple[Tensor, Tensor]:
        """Decide on the settings.

        Args:
            embeddings: of the tracks, `(batch, tracks, embedding)`.
            sounds: which tracks are there, `(batch, tracks)`, bool; at least one of each song.

        Returns:
            Strips `(batch, tracks, strip_size)` and bus `(batch, bus_size)`, 0..1. What it says
            of tracks that are not there means nothing.
        """
        raise NotImplementedError


class LearnedMixer:
    """A mixer whose trained controller sets the console; subclasses say how it is built.

    Args:
        weights: a file of `flask mixers train`; read when it is first needed.

    Attributes:
        name: of the system; the class's is that of its architecture.
        songs_: fingerprints of the songs that it learnt from.
    """

    name: str
    songs_: tuple[str, ...]
    controller_: Controller

    def __init__(self, weights: Path | None = None) -> None:
        self.weights = weights or WEIGHTS / f"{type(self).name}.safetensors"

    def build(self, configuration: Mapping[str, Any]) -> Controller:
        """An untrained controller."""
        raise NotImplementedError

    def mix(self, multitrack: Multitrack, seed: int) -> Mix:
        """Mix the multitrack; the seed is not used.

        Raises:
            ValueError, OSError: the weights cannot be read.
        """
        return replace(render(multitrack, self.settings(multitrack)), system=self.name)

    def settings(self, multitrack: Multitrack) -> Settings:
        """What the controller sets; a silent track keeps 0 dB and the centre."""
        if not hasattr(self, "controller_"):
            header, tensors = load_weights(self.weights, type(self).name)
            self.controller_ = self.build(header.configuration).eval()
            fill(self.controller_, tensors, self.weights)
            self.controller_.to(find_device("auto"))
            self.songs_ = tuple(header.facts.get("songs", ()))
        return set_console(self.controller_, multitrack)


def set_console(controller: Controller, multitrack: Multitrack) -> Settings:
    """Settings of a song by a controller in evaluation mode, for `mixers.console.render`."""
    levelling_db = levelling_gains(multitrack)
    names = [track.name for track in multitrack.tracks]
    heard = [n for n, name in enumerate(names) if np.isfinite(levelling_db[n])]
    if not heard:
        return Settings(tuple(TrackSettings(name) for name in names))
    with torch.inference_mode():
        embeddings = torch.stack(
            [_embed(controller, multitrack, n, levelling_db[n]) for n in heard]
        )
        sounds = torch.ones(1, len(heard), dtype=torch.bool, device=embeddings.device)
        strips, bus = (said.cpu() for said in controller.decide(embeddings[None], sounds))
    set_to = controller.console.settings([names[n] for n in heard], strips[0], bus[0])
    by_name = {strip.track: strip for strip in set_to.tracks}
    low_db, high_db = RANGES["gain_db"]
    for n in heard:
        gain_db = by_name[names[n]].gain_db + levelling_db[n]
        gain_db = float(np.clip(gain_db, low_db, high_db))
        by_name[names[n]] = replace(by_name[names[n]], gain_db=gain_db)
    return replace(set_to, tracks=tuple(by_name.get(n, TrackSettings(n)) for n in names))


def levelling_gains(multitrack: Multitrack) -> list[float]:
    """Gains in dB that bring each track to `LEVEL_LUFS`; infinite for silent ones."""
    return [
        LEVEL_LUFS - integrated_loudness(track.samples, multitrack.sample_rate_hz)
        for track in multitrack.tracks
    ]


def masked_mean(vectors: Tensor, sounds: Tensor) -> Tensor:
    """Mean over the tracks that are there: `(batch, tracks, size)` to `(batch, size)`."""
    there = sounds[..., None].to(vectors)
    return (vectors * there).sum(dim=-2) / there.sum(dim=-2)


def starting_logits(
    console: DifferentiableConsole, strip: TrackSettings, bus: BusSettings
) -> tuple[Tensor, Tensor]:
    """Where an untrained controller sets a strip and the bus, before the sigmoid."""
    numbers = console.parameters_of(Settings((strip,), bus))
    # At its ends the sigmoid has no slope to learn by.
    strips, buses = (torch.logit(values.clamp(0.02, 0.98)) for values in numbers)
    return strips[0], buses


def _embed(controller: Controller, multitrack: Multitrack, n: int, gain_db: float) -> Tensor:
    """Mean embedding of a track, `(embedding,)`, block by block."""
    device = next(controller.parameters()).device
    total, count = torch.zeros((), device=device), 0
    samples = multitrack.tracks[n].samples
    for patches in track_patches(samples, multitrack.sample_rate_hz, gain_db):
        total = total + controller.encoder(patches.to(device)).sum(dim=0)
        count += len(patches)
    return total / count

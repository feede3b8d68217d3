"""The differentiable mixing console (DMC) of Steinmetz, Pons, Pascual and Serrà.

After "Automatic multitrack mixing with a differentiable mixing console of neural audio effects",
ICASSP 2021 (arXiv 2010.10291): one encoder for all tracks, the mean of the tracks' embeddings as
context, and one post-processor that turns embedding and context into a track's settings. All
weights are shared, so any number of tracks in any order can be mixed, and changing the order
changes nothing. It hears only sound: neither names nor roles.

It sets gain and pan, as the talk's mixes of ENST-Drums; what it decides can be read and changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mixers.controller import Controller, LearnedMixer, masked_mean, starting_logits
from mixers.differentiable import DifferentiableConsole
from mixers.encoder import EMBEDDING
from mixers.settings import BusSettings, TrackSettings

HIDDEN = (128, 64, 32)
"""Of the post-processor; the authors' re-implementations have the same."""
DROPOUT = 0.1


@dataclass(frozen=True)
class DmcConfig:
    """What is needed to build a DMC that weights fit into.

    Attributes:
        sample_rate_hz: of the sounds it learns with; songs to be mixed may have any.
    """

    sample_rate_hz: int = 44_100


class DmcController(Controller):
    """Encoder, context and shared post-processor."""

    def __init__(self, config: DmcConfig) -> None:
        super().__init__(DifferentiableConsole(config.sample_rate_hz, ("gain", "pan")))
        layers: list[nn.Module] = []
        wide = 2 * EMBEDDING
        for narrow in HIDDEN:
            layers += [nn.Linear(wide, narrow), nn.PReLU(), nn.Dropout(DROPOUT)]
            wide = narrow
        self.postprocessor = nn.Sequential(*layers, nn.Linear(wide, self.console.strip_size))
        start, _ = starting_logits(self.console, TrackSettings("start"), BusSettings())
        self.register_buffer("start", start, persistent=False)
        self.start: Tensor

    def decide(self, embeddings: Tensor, sounds: Tensor) -> tuple[Tensor, Tensor]:
        """Decide on strips; the bus has no settings."""
        context = masked_mean(embeddings, sounds)[:, None].expand_as(embeddings)
        found = self.postprocessor(torch.cat([embeddings, context], dim=-1))
        return torch.sigmoid(self.start + found), embeddings.new_zeros(len(embeddings), 0)


class DmcMixer(LearnedMixer):
    """Gains and pans by the differentiable mixing console."""

    name = "dmc"

    def build(self, configuration: Mapping[str, Any]) -> Controller:
        """An untrained controller."""
        return DmcController(DmcConfig(**configuration))

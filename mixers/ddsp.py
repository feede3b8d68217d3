"""The stem-aware mixer with an explicit console (DDSP).

The system that the talk calls "in development": the mixing chain is modelled explicitly, so what
it decides is read as settings, and each decision is made aware of the other stems. Here tracks
attend to each other (Vaswani et al., NeurIPS 2017; without positions, so their order changes
nothing), then each is given a strip of gain, high-pass, EQ, compressor, pan and send, and all
together one room. It is trained end to end through the console with the stereo loss.
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
from mixers.starting import BUS, START_BUS, START_STRIP, STRIP

SIZE, HEADS, LAYERS, DROPOUT = 96, 4, 2, 0.1
HEAD_SPREAD = 0.01
"""Of the heads' weights before learning: settings begin close to `mixers.starting`."""


@dataclass(frozen=True)
class DdspConfig:
    """What is needed to build a DDSP that weights fit into.

    Attributes:
        sample_rate_hz: of the sounds it learns with; songs to be mixed may have any.
    """

    sample_rate_hz: int = 44_100


class DdspController(Controller):
    """Encoder, attention over the tracks, and a head each for strips and bus."""

    def __init__(self, config: DdspConfig) -> None:
        console = DifferentiableConsole(config.sample_rate_hz, STRIP, BUS)
        super().__init__(console)
        self.inwards = nn.Linear(EMBEDDING, SIZE)
        layer = nn.TransformerEncoderLayer(
            SIZE, HEADS, 2 * SIZE, DROPOUT, batch_first=True, norm_first=True
        )
        self.attention = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
        self.to_strip = nn.Linear(SIZE, console.strip_size)
        self.to_bus = nn.Linear(SIZE, console.bus_size)
        for head in (self.to_strip, self.to_bus):
            # What comes out of the attention is large: it would begin far from where it starts.
            nn.init.normal_(head.weight, std=HEAD_SPREAD)
            nn.init.zeros_(head.bias)
        strip, bus = starting_logits(console, START_STRIP, START_BUS)
        self.register_buffer("start", strip, persistent=False)
        self.register_buffer("start_bus", bus, persistent=False)
        self.start: Tensor
        self.start_bus: Tensor

    def decide(self, embeddings: Tensor, sounds: Tensor) -> tuple[Tensor, Tensor]:
        """Decide on strips, each aware of all tracks, and on the bus from all of them."""
        aware = self.attention(self.inwards(embeddings), src_key_padding_mask=~sounds)
        strips = torch.sigmoid(self.start + self.to_strip(aware))
        bus = torch.sigmoid(self.start_bus + self.to_bus(masked_mean(aware, sounds)))
        return strips, bus


class DdspMixer(LearnedMixer):
    """Gains, EQ, pans and a shared room by a controller that hears all stems at once."""

    name = "ddsp"

    def build(self, configuration: Mapping[str, Any]) -> Controller:
        """An untrained controller."""
        return DdspController(DdspConfig(**configuration))

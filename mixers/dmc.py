"""The differentiable mixing console (DMC) of Steinmetz, Pons, Pascual and Serrà.

After "Automatic multitrack mixing with a differentiable mixing console of neural audio effects",
ICASSP 2021 (arXiv 2010.10291): one encoder for all tracks, the mean of the tracks' embeddings as
context, and one post-processor that turns embedding and context into a track's settings. All
weights are shared, so any number of tracks in any order can be mixed, and changing the order
changes nothing. It hears only sound: neither names nor roles.

The mix that it learns by is made by a transformation: `gain-pan`, as the talk's mixes of
ENST-Drums; `tcn`, a neural proxy of EQ and compressor that was taught before and stays as it is,
between gain and pan (`mixers.tcn`); or `console`, the differentiable console itself. Whichever it
was, what is decided are settings of the console, which can be read and changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from mixers import starting
from mixers.controller import Controller, LearnedMixer, masked_mean, starting_logits
from mixers.controls import BusPart, StripPart
from mixers.differentiable import DifferentiableConsole
from mixers.encoder import EMBEDDING
from mixers.settings import BusSettings, Compressor, TrackSettings
from mixers.tcn import Tcn, mix_through
from mixers.vggish import Vggish

HIDDEN = (128, 64, 32)
"""Of the post-processor; the authors' re-implementations have the same."""
DROPOUT = 0.1

Transformation = Literal["gain-pan", "tcn", "console"]
Listener = Literal["small", "vggish"]


@dataclass(frozen=True)
class _Start:
    """The parts of a transformation's console, and what it is set to before learning."""

    strip: tuple[StripPart, ...]
    bus: tuple[BusPart, ...]
    start_strip: TrackSettings
    start_bus: BusSettings


STARTS: dict[Transformation, _Start] = {
    "gain-pan": _Start(("gain", "pan"), (), TrackSettings("start"), BusSettings()),
    "tcn": _Start(
        ("gain", "eq", "compressor", "pan"),
        (),
        TrackSettings("start", eq=starting.START_EQ, compressor=Compressor()),
        BusSettings(),
    ),
    "console": _Start(starting.STRIP, starting.BUS, starting.START_STRIP, starting.START_BUS),
}


@dataclass(frozen=True)
class DmcConfig:
    """What is needed to build a DMC that weights fit into.

    Attributes:
        sample_rate_hz: of the sounds it learns with; songs to be mixed may have any.
        transformation: what makes its mixes while it learns, and so which settings it decides on.
        encoder: the small one, which learns too, or VGGish.
    """

    sample_rate_hz: int = 44_100
    transformation: Transformation = "console"
    encoder: Listener = "small"

    def __post_init__(self) -> None:
        for value, known in (
            (self.transformation, get_args(Transformation)),
            (self.encoder, get_args(Listener)),
        ):
            if value not in known:
                raise ValueError(f"there is no {value!r}; say one of {', '.join(known)}")


class DmcController(Controller):
    """Encoder, context and shared post-processor.

    Args:
        config: what it is built with.
        proxy: what mixes while it learns, where the transformation is `tcn`.
        encoder: VGGish with its weights, where it is to learn with it.
    """

    def __init__(
        self, config: DmcConfig, proxy: Tcn | None = None, encoder: Vggish | None = None
    ) -> None:
        begin = STARTS[config.transformation]
        if encoder is None and config.encoder == "vggish":
            encoder = Vggish()
        super().__init__(
            DifferentiableConsole(config.sample_rate_hz, begin.strip, begin.bus), encoder
        )
        if proxy is not None and proxy.config.sample_rate_hz != config.sample_rate_hz:
            raise ValueError(
                f"the proxy was taught at {proxy.config.sample_rate_hz} Hz, the songs have "
                f"{config.sample_rate_hz} Hz"
            )
        # In a tuple, where torch does not take it for a part of the network: it is stored apart.
        self.proxies = () if proxy is None else (proxy,)
        layers: list[nn.Module] = []
        wide = 2 * EMBEDDING
        for narrow in HIDDEN:
            layers += [nn.Linear(wide, narrow), nn.PReLU(), nn.Dropout(DROPOUT)]
            wide = narrow
        self.postprocessor = nn.Sequential(*layers, nn.Linear(wide, self.console.strip_size))
        size = self.console.bus_size
        self.to_bus = nn.Linear(EMBEDDING, size) if size else None
        start, bus = starting_logits(self.console, begin.start_strip, begin.start_bus)
        self.register_buffer("start", start, persistent=False)
        self.register_buffer("start_bus", bus, persistent=False)
        self.start: Tensor
        self.start_bus: Tensor

    def transform(self, tracks: Tensor, strips: Tensor, bus: Tensor) -> Tensor:
        """Mix by the proxy where there is one, else by the console."""
        for proxy in self.proxies:
            return mix_through(proxy.to(tracks.device), self.console, tracks, strips)
        return super().transform(tracks, strips, bus)

    def decide(self, embeddings: Tensor, sounds: Tensor) -> tuple[Tensor, Tensor]:
        """Decide on strips by embedding and context, and on the bus by the context."""
        mean = masked_mean(embeddings, sounds)
        context = mean[:, None].expand_as(embeddings)
        found = self.postprocessor(torch.cat([embeddings, context], dim=-1))
        bus = mean.new_zeros(len(mean), 0)
        if self.to_bus is not None:
            bus = torch.sigmoid(self.start_bus + self.to_bus(mean))
        return torch.sigmoid(self.start + found), bus


class DmcMixer(LearnedMixer):
    """Settings by the differentiable mixing console."""

    name = "dmc"

    def build(self, configuration: Mapping[str, Any]) -> Controller:
        """An untrained controller."""
        return DmcController(DmcConfig(**configuration))

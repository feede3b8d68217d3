"""A neural proxy of the channel strip: a temporal convolutional network that emulates our console.

The transformation network of Steinmetz, Pons, Pascual and Serrà (ICASSP 2021, arXiv 2010.10291):
dilated convolutions, each followed by batch normalisation without affine, feature-wise modulation
by the settings (FiLM; Perez et al., AAAI 2018), PReLU, and a residual path. Here the settings also
say how much of the sound itself and of every block's channels is heard, as an equaliser is a bank
of filters and their gains. It is taught to sound like EQ and compressor of `mixers.differentiable`
before a controller learns through it. What the controller decides is then rendered by the console
that the proxy emulates.

Tracks differ by 20 dB in level and batches are small, so statistics of each batch would be chance:
normalisation takes them once, from many sounds, before learning (`settle`).

Convolutions look back only, as a console does: with kernels of 15 and ten dilations of 1 to 512
frames an output hears the last third of a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from mixers import functional
from mixers.checkpoints import fill, load_weights
from mixers.controls import StripPart
from mixers.differentiable import DifferentiableConsole

ARCHITECTURE = "tcn"
WEIGHTS = Path(__file__).parent / "weights" / "tcn.safetensors"
"""The proxy that ships; its model card lies beside it."""
STRIP: tuple[StripPart, ...] = ("eq", "compressor")
"""The parts of the strip that are emulated; gain and pan need no proxy."""
STACK = 10
"""Dilations double from block to block and begin anew after so many."""
AMOUNTS_SPREAD = 0.01
"""Of the weights that say what is heard, before learning."""


@dataclass(frozen=True)
class TcnConfig:
    """What a proxy is built with.

    Attributes:
        sample_rate_hz: of all sounds; frequencies and times mean nothing at another rate.
        blocks: 10, 20 and 30 are the authors' sizes.
        channels: of every block; theirs are thought to have 128.
        kernel: length of the convolutions.
        conditioning: size of what the settings are turned into.
    """

    sample_rate_hz: int = 44_100
    blocks: int = 10
    channels: int = 16
    kernel: int = 15
    conditioning: int = 64

    def __post_init__(self) -> None:
        if min(self.blocks, self.channels, self.kernel, self.conditioning) < 1:
            raise ValueError(f"every size of a TCN is at least 1, not as in {self}")


class Tcn(nn.Module):
    """The network: mono sound and settings to sound.

    Attributes:
        config: what it was built with.
        console: what it emulates; its `strip_controls` say what the settings stand for.
        receptive_frames: an output depends on so many inputs.
    """

    def __init__(self, config: TcnConfig) -> None:
        super().__init__()
        self.config = config
        self.console = DifferentiableConsole(config.sample_rate_hz, STRIP)
        self.settings = nn.Sequential(
            nn.Linear(self.console.strip_size, config.conditioning),
            nn.PReLU(),
            nn.Linear(config.conditioning, config.conditioning),
            nn.PReLU(),
        )
        self.blocks = nn.ModuleList(
            _Block(1 if place == 0 else config.channels, config, 2 ** (place % STACK))
            for place in range(config.blocks)
        )
        self.amounts = nn.Linear(config.conditioning, 1 + config.blocks * config.channels)
        for values in self.amounts.parameters():
            nn.init.normal_(values, std=AMOUNTS_SPREAD)  # Close to doing nothing.
        reaches = [2 ** (place % STACK) * (config.kernel - 1) for place in range(config.blocks)]
        self.receptive_frames = 1 + sum(reaches)
        self.train()

    def forward(self, sound: Tensor, settings: Tensor) -> Tensor:
        """Process.

        Args:
            sound: `(batch, frames)`, any level; before it there was silence.
            settings: `(batch, console.strip_size)`, 0..1.

        Returns:
            `(batch, frames)`.
        """
        told = self.settings(2 * settings - 1)
        amounts = self.amounts(told)
        processed: Tensor = (1 + amounts[:, :1]) * sound
        x = sound[:, None]
        for block, amount in zip(
            self.blocks, amounts[:, 1:].chunk(len(self.blocks), 1), strict=True
        ):
            x = block(x, told)
            processed = processed + (amount[:, None] @ x)[:, 0]
        return processed

    def train(self, mode: bool = True) -> Tcn:
        """As of any module, but for the normalisation, whose statistics stay."""
        super().train(mode)
        for normalise in self._normalisations():
            normalise.eval()
        return self

    @torch.no_grad()
    def settle(self, sound: Tensor, settings: Tensor) -> None:
        """Take the statistics for normalisation from many sounds; arguments as of `forward`."""
        for normalise in self._normalisations():
            normalise.train()
            normalise.momentum = 1.0
        self(sound, settings)
        self.train(self.training)

    def _normalisations(self) -> list[nn.BatchNorm1d]:
        return [module for module in self.modules() if isinstance(module, nn.BatchNorm1d)]


class _Block(nn.Module):
    """One dilated convolution with its modulation and its residual path."""

    def __init__(self, inputs: int, config: TcnConfig, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.convolve = nn.Conv1d(
            inputs, config.channels, config.kernel, dilation=dilation, bias=False
        )
        self.normalise = nn.BatchNorm1d(config.channels, affine=False)
        self.modulate = nn.Linear(config.conditioning, 2 * config.channels)
        self.bend = nn.PReLU(config.channels)
        self.residual = nn.Conv1d(inputs, config.channels, 1, bias=False)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        factor, offset = self.modulate(told)[..., None].chunk(2, dim=1)
        normal = self.normalise(_convolved(x, self.convolve.weight, self.dilation))
        processed: Tensor = self.bend(torch.addcmul(offset, factor, normal)) + self.residual(x)
        return processed


def _convolved(x: Tensor, kernel: Tensor, dilation: int) -> Tensor:
    """Convolve `(batch, channels, frames)` looking back only, with silence before.

    Frames are laid out as rows of one dilation, over which an undilated kernel runs down: on a CPU
    the gradient takes a third of the time that it takes for a dilated one.
    """
    batch, channels, frames = x.shape
    rows = pad(x, (0, -frames % dilation)).reshape(batch, channels, -1, dilation)
    down = conv2d(pad(rows, (0, 0, kernel.shape[-1] - 1, 0)), kernel[..., None])
    return down.flatten(2)[..., :frames]


def emulated(console: DifferentiableConsole, sound: Tensor, settings: Tensor) -> Tensor:
    """What the console makes of mono sound, `(batch, frames)`: what a proxy is to sound like."""
    mix = console(sound[:, None, None], settings[:, None])
    # In the centre, either side has the sound times the root of one half.
    left: Tensor = mix[:, 0] * 2**0.5
    return left


def mix_through(
    proxy: Tcn, console: DifferentiableConsole, tracks: Tensor, strips: Tensor
) -> Tensor:
    """Mix as a console of gain, `STRIP` and pan would, with the proxy in place of `STRIP`.

    Args:
        proxy: of the console's sample rate.
        console: says what `strips` stand for; it has no bus.
        tracks: `(batch, tracks, channels, frames)`; silent ones stay silent.
        strips: `(batch, tracks, console.strip_size)`, 0..1.

    Returns:
        `(batch, 2, frames)`.
    """
    values = console.units(strips)
    sound = functional.gain(tracks, values["gain_db"])
    names = [control.name for control in console.strip_controls]
    places = [names.index(control.name) for control in proxy.console.strip_controls]
    told = strips[..., None, places].expand(*sound.shape[:-1], len(places))
    processed = proxy(sound.flatten(0, 2), told.flatten(0, 2)).reshape(sound.shape)
    # A network hums where a console is silent.
    processed = processed * sound.detach().any(dim=-1, keepdim=True)
    return functional.pan(processed, values["pan"], console.pan_law).sum(dim=-3)


def load_proxy(weights: Path = WEIGHTS) -> Tcn:
    """A trained proxy that learns no more.

    Raises:
        ValueError, OSError: the file is missing, damaged, or of another network.
    """
    header, tensors = load_weights(weights, ARCHITECTURE)
    proxy = Tcn(TcnConfig(**header.configuration))
    fill(proxy, tensors, weights)
    return proxy.eval().requires_grad_(False)


def error_db(processed: Tensor, wanted: Tensor) -> Tensor:
    """What is left of each wanted sound beside the processed one, `(batch,)`, in dB of it."""
    rest = (processed - wanted).square().sum(dim=-1)
    return 10 * torch.log10((rest / wanted.square().sum(dim=-1).clamp_min(1e-12)).clamp_min(1e-12))

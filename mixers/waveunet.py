"""Wave-U-Net for mixing: waveforms of a fixed list of tracks in, a stereo waveform out.

After Martínez Ramírez, Stoller and Moffat, "A Deep Learning Approach to Intelligent Drum Mixing
with the Wave-U-Net", JAES 69(3), 2021: 10 levels of 24·(i+1) filters, kernels of 15 down, 5 up and
1 at the end, LeakyReLU 0.2, decimation by 2, linear upsampling, convolutions without padding
(context instead), the inputs once more before the last layer, output clipped.

The talk blames transposed convolutions for tones in the mix: where strides do not divide kernels,
outputs get unequal numbers of taps, which repeats with each layer's rate (Odena, Dumoulin, Olah,
"Deconvolution and Checkerboard Artifacts", 2016). `upsampling` offers both, to be heard and
measured.

The network knows its inputs by their place, so it mixes only songs with its own tracks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import gcd
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from scipy.signal import resample_poly
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, leaky_relu

from mixers.augmentation import as_array
from mixers.checkpoints import fill, load_weights
from mixers.devices import find_device
from mixers.multitrack import Mix, Multitrack, Samples

ARCHITECTURE = "wave-u-net"
WEIGHTS = Path(__file__).parent / "weights"
SHIPPED = (WEIGHTS / "wave-u-net.safetensors", WEIGHTS / "wave-u-net-band.safetensors")
"""The networks that ship, one for each list of tracks; their model cards lie beside them."""

DOWN_KERNEL, UP_KERNEL = 15, 5
TRANSPOSED_KERNEL = 3
"""The one whose outputs all have their taps within the input, as those of linear upsampling do."""
SLOPE = 0.2
WINDOW_FRAMES = 2**17
"""Songs are mixed in windows of this length: little context twice, and tensors that a CPU's
allocator keeps instead of asking the system for new ones."""

WINDOWS_AT_ONCE = {"cpu": 1, "cuda": 8}
"""Windows in a batch: more cost a CPU its caches, and fewer leave a GPU waiting."""

Upsampling = Literal["linear", "transposed"]


@dataclass(frozen=True)
class WaveUNetConfig:
    """What a Wave-U-Net is built with; the defaults are the authors'.

    Attributes:
        tracks: names of the inputs, in their order.
        sample_rate_hz: of all sounds.
        levels: how often the rate is halved.
        filters: of the first level; level i has (i + 1) times as many.
        upsampling: "linear" or "transposed" (convolutions of kernel 3, stride 2).
    """

    tracks: tuple[str, ...]
    sample_rate_hz: int = 44_100
    levels: int = 10
    filters: int = 24
    upsampling: Upsampling = "linear"

    def __post_init__(self) -> None:
        if self.upsampling not in ("linear", "transposed"):
            raise ValueError(f"upsampling is {self.upsampling!r}; say linear or transposed")
        if not self.tracks or self.levels < 1 or self.filters < 1:
            raise ValueError("a Wave-U-Net has at least one track, one level and one filter")


class Linear(nn.Module):
    """Upsample `(batch, channels, 1, n)` to 2n - 1 by the mean of neighbours."""

    def forward(self, x: Tensor) -> Tensor:
        """Keep the samples and put means between them."""
        shape = (*x.shape[:-1], 2 * x.shape[-1] - 1)
        up = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=_layout(x))
        up[..., ::2] = x
        up[..., 1::2] = torch.lerp(x[..., :-1], x[..., 1:], 0.5)
        return up


class Transposed(nn.ConvTranspose1d):
    """Upsample `(batch, channels, 1, n)` to 2n - 1 by a transposed convolution."""

    def __init__(self, width: int) -> None:
        super().__init__(width, width, TRANSPOSED_KERNEL, stride=2, padding=1)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Put what is learnt between the samples."""
        return conv_transpose2d(x, _flat(self.weight), self.bias, (1, 2), (0, 1))


class WaveUNet(nn.Module):
    """The network: `(batch, tracks, frames)` to `(batch, 2, frames - 2 context)`.

    Outputs lie at the centre of the inputs; what is earlier or later only gives them context.

    Attributes:
        config: what it was built with.
        grid: windows that begin a multiple of this apart see the same network.
        context: frames at either end that are input only.
    """

    def __init__(self, config: WaveUNetConfig) -> None:
        super().__init__()
        self.config = config
        widths = [len(config.tracks), *(config.filters * (i + 1) for i in range(config.levels + 1))]
        self.down = nn.ModuleList(
            nn.Conv1d(before, after, DOWN_KERNEL) for before, after in pairwise(widths[:-1])
        )
        self.bottom = nn.Conv1d(widths[-2], widths[-1], DOWN_KERNEL)
        self.upsample = nn.ModuleList(
            Linear() if config.upsampling == "linear" else Transposed(width) for width in widths[2:]
        )
        self.up = nn.ModuleList(
            nn.Conv1d(below + beside, beside, UP_KERNEL)
            for below, beside in zip(widths[2:], widths[1:-1], strict=True)
        )
        self.out = nn.Conv1d(widths[1] + widths[0], 2, 1)
        self.grid: int = 2**config.levels
        self.context: int = (DOWN_KERNEL + 1) * self.grid - (DOWN_KERNEL + UP_KERNEL - 2) // 2

    def input_frames(self, outputs: int) -> int:
        """The shortest input that gives at least so many frames."""
        steps = -(-(outputs - UP_KERNEL) // self.grid)
        return max(steps, 1) * self.grid + UP_KERNEL + 2 * self.context

    def forward(self, tracks: Tensor) -> Tensor:
        """Mix; `frames` must be what `input_frames` gives, or a multiple of `grid` more.

        Raises:
            ValueError: other tracks or frames than that.
        """
        count, frames = tracks.shape[-2:]
        if count != len(self.config.tracks) or frames != self.input_frames(
            frames - 2 * self.context
        ):
            raise ValueError(
                f"{count} tracks of {frames} frames; this Wave-U-Net wants "
                f"{len(self.config.tracks)} of n * {self.grid} + {UP_KERNEL + 2 * self.context}"
            )
        sound = tracks[:, :, None].contiguous(memory_format=_layout(tracks))
        x, skipped = sound, []
        for convolve in self.down:
            x = leaky_relu(_convolved(x, convolve), SLOPE, inplace=True)
            skipped.append(x)
            x = x[..., ::2]
        x = leaky_relu(_convolved(x, self.bottom), SLOPE, inplace=True)
        for upsample, convolve in zip(reversed(self.upsample), reversed(self.up), strict=True):
            x = upsample(x)
            x = _convolved(torch.cat([x, _centre(skipped.pop(), x)], dim=1), convolve)
            x = leaky_relu(x, SLOPE, inplace=True)
        return _convolved(torch.cat([x, _centre(sound, x)], dim=1), self.out)[:, :, 0]


def _convolved(x: Tensor, layer: nn.Module) -> Tensor:
    """A convolution in time of `(batch, channels, 1, frames)`.

    On a CPU the channels of a frame lie side by side: then it takes two thirds of the time that
    `layer` itself takes for `(batch, channels, frames)`.
    """
    assert isinstance(layer, nn.Conv1d)
    return conv2d(x, _flat(layer.weight), layer.bias)


def _flat(kernel: Tensor) -> Tensor:
    return kernel[:, :, None].contiguous(memory_format=_layout(kernel))


def _layout(x: Tensor) -> torch.memory_format:
    return torch.channels_last if x.device.type == "cpu" else torch.contiguous_format


@torch.no_grad()
def mix_song(
    network: WaveUNet, tracks: Samples, window: int = WINDOW_FRAMES, at_once: int | None = None
) -> Samples:
    """Mix tracks of any length, `(tracks, frames)`, in overlapping windows; `(2, frames)`.

    Equal to one pass over the whole song. Before and after the song there is silence.

    Args:
        network: on any device.
        tracks: as the network knows them.
        window: length of a window in frames; at least one step of the network's grid is taken.
        at_once: windows in a batch; None takes what the network's device likes best.
    """
    frames = tracks.shape[1]
    hop = max(network.grid, min(window, frames) // network.grid * network.grid)
    mix = np.empty((2, frames), dtype=np.float32)
    device = next(network.parameters()).device
    batch = hop * (at_once or WINDOWS_AT_ONCE[device.type])
    for first in range(0, frames, batch):
        starts = range(first, min(first + batch, frames), hop)
        windows = torch.from_numpy(np.stack([_window(network, tracks, at, hop) for at in starts]))
        outputs = network(windows.to(device))[..., :hop].cpu().numpy()
        for start, output in zip(starts, outputs, strict=True):
            mix[:, start : start + hop] = output[:, : frames - start]
    return mix


def _window(network: WaveUNet, tracks: Samples, start: int, hop: int) -> Samples:
    """What the network needs to hear for a hop, with silence where there is no song."""
    seen = network.input_frames(hop + UP_KERNEL)
    first, last = start - network.context, start - network.context + seen
    inside = tracks[:, max(first, 0) : last]
    beside = (max(-first, 0), seen - max(-first, 0) - inside.shape[1])
    return np.pad(inside, ((0, 0), beside))


class WaveUNetMixer:
    """Mix songs that have the tracks of a trained Wave-U-Net, or some of them.

    Args:
        weights: a file of `flask mixers train wave-u-net`; read when it is first needed. None takes
            the one of those that ship that knows most tracks of a song.

    Attributes:
        networks_: the trained networks.
        songs_: fingerprints of the songs that they learnt from.
    """

    name = "wave-u-net"
    networks_: tuple[WaveUNet, ...]
    songs_: tuple[str, ...]

    def __init__(self, weights: Path | None = None) -> None:
        self.weights = SHIPPED if weights is None else (weights,)

    def mix(self, multitrack: Multitrack, seed: int) -> Mix:
        """Mix the multitrack; the seed is not used.

        Tracks that the song lacks are silent inputs, stereo tracks become mono, other sample rates
        are converted, and the output is clipped to -1..1. A silent song stays silent.

        Raises:
            ValueError: the song has tracks that the network does not know, or in another order.
            OSError: the weights cannot be read.
        """
        if not hasattr(self, "networks_"):
            loaded = [load_network(weights) for weights in self.weights]
            device = find_device("auto")
            self.networks_ = tuple(network.to(device) for network, _ in loaded)
            self.songs_ = tuple(song for _, songs in loaded for song in songs)
        names = [track.name for track in multitrack.tracks]
        network = max(self.networks_, key=lambda one: len(set(names) & set(one.config.tracks)))
        config = network.config
        places = input_places(names, config.tracks)
        sound = as_array(multitrack, channels=1)[:, 0]
        heard = _at_rate(sound, multitrack.sample_rate_hz, config.sample_rate_hz)
        inputs = np.zeros((len(config.tracks), heard.shape[1]), dtype=np.float32)
        inputs[places] = heard
        mix = np.zeros((2, multitrack.frames), dtype=np.float32)
        if inputs.any():
            mixed = mix_song(network, inputs)
            back = _at_rate(mixed, config.sample_rate_hz, multitrack.sample_rate_hz)
            mix = np.clip(back[:, : multitrack.frames], -1, 1)
        return Mix(self.name, multitrack.sample_rate_hz, mix)


def load_network(weights: Path) -> tuple[WaveUNet, tuple[str, ...]]:
    """A trained network, ready to mix, and the fingerprints of the songs that it learnt from.

    Raises:
        ValueError, OSError: the file is missing, damaged, or of another network.
    """
    header, tensors = load_weights(weights, ARCHITECTURE)
    config = WaveUNetConfig(**header.configuration)
    network = WaveUNet(replace(config, tracks=tuple(config.tracks)))
    fill(network, tensors, weights)
    return network.eval(), tuple(header.facts.get("songs", ()))


def input_places(names: Sequence[str], inputs: Sequence[str]) -> list[int]:
    """At which input each track of a song goes in.

    Raises:
        ValueError: a track is unknown, or they come in another order than the inputs.
    """
    listed = ", ".join(inputs)
    unknown = [name for name in names if name not in inputs]
    if unknown:
        raise ValueError(
            f"wave-u-net has no input for {', '.join(unknown)}: it was trained on exactly "
            f"{len(inputs)} tracks ({listed}) and can take no others; leave tracks out, rename "
            "them, or train it on songs like this one"
        )
    places = [list(inputs).index(name) for name in names]
    if places != sorted(places):
        raise ValueError(
            f"the tracks come as {', '.join(names)}, but wave-u-net knows its inputs only by "
            f"their order ({listed}) and would mix each as another; bring them into that order"
        )
    return places


def _centre(x: Tensor, like: Tensor) -> Tensor:
    beside = (x.shape[-1] - like.shape[-1]) // 2
    return x[..., beside : beside + like.shape[-1]]


def _at_rate(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    if from_hz == to_hz:
        return samples
    common_hz = gcd(from_hz, to_hz)
    converted = resample_poly(samples, to_hz // common_hz, from_hz // common_hz, axis=1)
    return np.asarray(converted, dtype=np.float32)

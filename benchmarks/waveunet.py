"""Wave-U-Net on 8 tracks × 30 s beside the network of the public re-implementation, on one thread.

The peer is rebuilt here from its description (automix-toolkit's Mix-Wave-U-Net, 6 levels of 32·i
channels): per level two convolutions of kernel 5 with group norm and ReLU on the way down, two on
the way up, fixed filters of 15 taps for resampling. It takes 131 072 frames a pass, as its authors
train and mix. Ours is the authors' network of the paper, of 10 levels, over a whole song.
Times are of the processor, so that other work on the machine counts little.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from mixers.waveunet import WaveUNet, WaveUNetConfig, mix_song

RATE_HZ, SECONDS, TRACKS = 44_100, 30, 8
PEER_FRAMES = 131_072
REPEATS = 3


class PeerConvolution(nn.Module):
    """Convolution, group norm, ReLU."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.convolve = nn.Conv1d(before, after, 5, padding=2)
        self.norm = nn.GroupNorm(after // 8, after)

    def forward(self, x: Tensor) -> Tensor:
        """Keeps the length."""
        return relu(self.norm(self.convolve(x)))


class Peer(nn.Module):
    """The layers of the re-implementation's network, padded instead of cropped."""

    def __init__(self, levels: int = 6, channels: int = 32) -> None:
        super().__init__()
        widths = [channels * (i + 1) for i in range(levels)]
        pairs = list(pairwise(widths))
        self.before = nn.ModuleList(
            PeerConvolution(TRACKS if i == 0 else w, w) for i, w in enumerate(widths[:-1])
        )
        self.after = nn.ModuleList(PeerConvolution(a, b) for a, b in pairs)
        self.decimate = nn.ModuleList(
            nn.Conv1d(b, b, 15, stride=2, padding=7, groups=b) for _, b in pairs
        )
        self.bottom = PeerConvolution(widths[-1], widths[-1])
        self.upsample = nn.ModuleList(
            nn.ConvTranspose1d(b, b, 15, stride=2, padding=7, output_padding=1, groups=b)
            for _, b in pairs
        )
        self.up = nn.ModuleList(PeerConvolution(b, a) for a, b in pairs)
        self.join = nn.ModuleList(PeerConvolution(2 * a, a) for a, _ in pairs)
        self.out = nn.Conv1d(widths[0], 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Mix `(batch, tracks, frames)`; frames a multiple of 32."""
        skipped = []
        for before, after, decimate in zip(self.before, self.after, self.decimate, strict=True):
            x = before(x)
            skipped.append(x)
            x = decimate(after(x))
        x = self.bottom(x)
        layers = list(zip(self.upsample, self.up, self.join, strict=True))
        for upsample, up, join in reversed(layers):
            x = join(torch.cat([skipped.pop(), up(upsample(x))], dim=1))
        return self.out(x).clamp(-1, 1)


def seconds(call: Callable[[], object]) -> float:
    """The least processor time of some runs after one to warm up."""
    best = float("inf")
    for turn in range(REPEATS + 1):
        started = time.process_time()
        call()
        best = min(best, time.process_time() - started) if turn else best
    return best


@torch.no_grad()
def main() -> None:
    """Print processor time per second of audio, and the ratio."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    song = (0.1 * rng.standard_normal((TRACKS, RATE_HZ * SECONDS))).astype(np.float32)
    passage = torch.from_numpy(song[None, :, :PEER_FRAMES].copy())
    theirs = seconds(partial(Peer().eval(), passage)) * RATE_HZ / PEER_FRAMES
    tracks = tuple(f"track {i}" for i in range(TRACKS))
    print(f"{'ms per second of 8 tracks':32}{'ours':>10}{'peer':>10}{'ratio':>8}")
    for filters in (24, 8):
        network = WaveUNet(WaveUNetConfig(tracks, filters=filters)).eval()
        ours = seconds(partial(mix_song, network, song)) / SECONDS
        name = f"Wave-U-Net, 10 levels of {filters}·(i+1)"
        print(f"{name:32}{1e3 * ours:10.1f}{1e3 * theirs:10.1f}{theirs / ours:8.2f}")
    torch.set_num_threads(threads)


if __name__ == "__main__":
    main()

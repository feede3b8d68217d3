"""The encoder: a small network that hears log-mel patches of a track and describes them.

It has the shape of VGGish (Hershey et al., ICASSP 2017), the encoder of the differentiable mixing
console's authors, at a hundredth of its size, and is trained with the system that uses it. Beside
the convolutions a straight path hears how each band behaves: one overhead differs from the other
in the balance of what both hear, which convolutions that start from nothing take very long to find.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from mixers.logmel import BANDS

EMBEDDING = 128
"""Length of an embedding, as VGGish's."""
CHANNELS = (8, 16, 32, 64)
FIRST_KERNEL = 5
MEAN, SPREAD = -1.5, 1.5
"""Of log-mel values of tracks at their usual level; the input is scaled by them."""
ONSETS_SCALE = 3.0
"""Rises from one spectrum to the next are small beside the values themselves."""


class Encoder(nn.Module):
    """Four convolutions, each halving time and bands, beside bands' behaviour: 90 thousand weights.

    Both go through linear layers, whose sum describes the patch.
    """

    def __init__(self) -> None:
        super().__init__()
        # A first layer at full resolution would take most of the time.
        first = nn.Conv2d(1, CHANNELS[0], FIRST_KERNEL, stride=2, padding=FIRST_KERNEL // 2)
        layers: list[nn.Module] = [first, nn.ReLU()]
        for before, channels in pairwise(CHANNELS):
            layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        self.features = nn.Sequential(*layers)
        self.embeddings = nn.Linear(CHANNELS[-1] * (BANDS // 16), EMBEDDING)
        self.behaviour = nn.Linear(4 * BANDS, EMBEDDING, bias=False)

    def forward(self, patches: Tensor) -> Tensor:
        """Describe patches `(patches, 96, 64)` by embeddings `(patches, 128)`."""
        scaled = (patches - MEAN) / SPREAD
        # Channels last takes two thirds of the time on a CPU.
        image = scaled[:, None].to(memory_format=torch.channels_last)
        found = self.features(image).mean(dim=2).flatten(1)
        described: Tensor = self.embeddings(found) + self.behaviour(band_behaviour(scaled))
        return described


def band_behaviour(patches: Tensor) -> Tensor:
    """Mean, spread, onsets and peak of each band: `(..., spectra, bands)` to `(..., 4 bands)`."""
    onsets = patches.diff(dim=-2).clamp(min=0).mean(dim=-2)
    summaries = (
        patches.mean(dim=-2),
        patches.std(dim=-2),
        ONSETS_SCALE * onsets,
        patches.amax(dim=-2),
    )
    return torch.cat(summaries, dim=-1)

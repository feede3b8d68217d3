"""The encoder: a small network that hears log-mel patches of a track and describes them.

It has the shape of VGGish (Hershey et al., ICASSP 2017), the encoder of the differentiable mixing
console's authors, at a hundredth of its size, and is trained with the system that uses it.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from mixers.logmel import BANDS

EMBEDDING = 128
"""Length of an embedding, as VGGish's."""
CHANNELS = (8, 16, 32, 64)
FIRST_KERNEL = 5
MEAN, SPREAD = -1.5, 1.5
"""Of log-mel values of tracks at their usual level; the input is scaled by them."""


class Encoder(nn.Module):
    """Four convolutions, each halving time and bands, then a linear layer: 57 thousand weights."""

    def __init__(self) -> None:
        super().__init__()
        # A first layer at full resolution would take most of the time.
        first = nn.Conv2d(1, CHANNELS[0], FIRST_KERNEL, stride=2, padding=FIRST_KERNEL // 2)
        layers: list[nn.Module] = [first, nn.ReLU()]
        for before, channels in pairwise(CHANNELS):
            layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        self.features = nn.Sequential(*layers)
        self.embeddings = nn.Linear(CHANNELS[-1] * (BANDS // 16), EMBEDDING)

    def forward(self, patches: Tensor) -> Tensor:
        """Describe patches `(patches, 96, 64)` by embeddings `(patches, 128)`."""
        found = self.features(((patches - MEAN) / SPREAD)[:, None])
        embeddings: Tensor = self.embeddings(found.mean(dim=2).flatten(1))
        return embeddings

"""The encoder: a small network that hears log-mel patches of a track and describes them.

It has the shape of VGGish (Hershey et al., ICASSP 2017), the encoder of the differentiable mixing
console's authors, at a hundredth of its size, and is trained with the system that uses it.
"""

from __future__ import annotations

from torch import Tensor, nn

from mixers.logmel import BANDS

EMBEDDING = 128
"""Length of an embedding, as VGGish's."""
CHANNELS = (8, 16, 32, 64)
MEAN, SPREAD = -1.5, 1.5
"""Of log-mel values of tracks at their usual level; the input is scaled by them."""


class Encoder(nn.Module):
    """Four convolutions with pooling, then a linear layer: 57 thousand weights."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, channels in zip((1, *CHANNELS), CHANNELS, strict=False):
            layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        self.features = nn.Sequential(*layers)
        self.embeddings = nn.Linear(CHANNELS[-1] * (BANDS // 16), EMBEDDING)

    def forward(self, patches: Tensor) -> Tensor:
        """Describe patches `(patches, 96, 64)` by embeddings `(patches, 128)`."""
        found = self.features(((patches - MEAN) / SPREAD)[:, None])
        embeddings: Tensor = self.embeddings(found.mean(dim=2).flatten(1))
        return embeddings

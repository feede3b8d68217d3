"""VGGish, the encoder that the differentiable mixing console was published with.

Hershey et al., "CNN architectures for large-scale audio classification", ICASSP 2017. Its weights
are published, but not shipped here: 72 million of them. They are read as the PyTorch conversions
name them (`features.0.weight`, …, `embeddings.4.bias`), from safetensors or from a file of
`torch.save`, of which nothing but tensors is unpickled.
"""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from mixers.encoder import EMBEDDING
from mixers.logmel import BANDS, PATCH_SPECTRA

CHANNELS = ((64,), (128,), (256, 256), (512, 512))
"""Of the convolutions; after each group time and bands are halved."""
WIDE = 4096


class Vggish(nn.Module):
    """Six convolutions and three linear layers: patches `(patches, 96, 64)` to `(patches, 128)`."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 1
        for group in CHANNELS:
            for channels in group:
                layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU()]
                before = channels
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        halved = 2 ** len(CHANNELS)
        found = before * (PATCH_SPECTRA // halved) * (BANDS // halved)
        self.embeddings = nn.Sequential(
            nn.Linear(found, WIDE), nn.ReLU(), nn.Linear(WIDE, WIDE), nn.ReLU(),
            nn.Linear(WIDE, EMBEDDING), nn.ReLU(),
        )  # fmt: skip

    def forward(self, patches: Tensor) -> Tensor:
        """Describe patches `(patches, 96, 64)` by embeddings `(patches, 128)`."""
        # The weights come from a library whose images have their channels last.
        found = self.features(patches[:, None]).permute(0, 2, 3, 1).flatten(1)
        embeddings: Tensor = self.embeddings(found)
        return embeddings


def load_vggish(path: Path) -> Vggish:
    """VGGish with published weights, which learn no more.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds no weights of VGGish, or more than tensors.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there are no weights at {path}")
    try:
        if path.suffix == ".safetensors":
            tensors = load_file(path)
        else:
            tensors = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{path} holds no weights that can be read safely: {reason}") from None
    with torch.device("meta"):
        network = Vggish()
    wanted = {name: tuple(t.shape) for name, t in network.state_dict().items()}
    found = {
        name: tuple(t.shape)
        for name, t in (tensors.items() if isinstance(tensors, dict) else ())
        if name in wanted and isinstance(t, Tensor)
    }
    wrong = sorted(name for name in wanted if found.get(name) != wanted[name])
    if wrong:
        first = f"{wrong[0]} is {found.get(wrong[0])}, must be {wanted[wrong[0]]}"
        raise ValueError(f"{path} holds no weights of VGGish: {first}")
    network.load_state_dict({name: tensors[name].float() for name in wanted}, assign=True)
    return network.eval().requires_grad_(False)

"""Trained weights on disk: tensors with a header that says what they are; nothing unpickles.

    header = Header("wave-u-net", asdict(config), {"songs": fingerprints}, {"validation": 0.7})
    save_weights(path, network.state_dict(), header)
    header, tensors = load_weights(path, "wave-u-net")

One safetensors file, written whole or not at all. Beside the tensors it holds the architecture,
its configuration, facts on the training (data, code version, steps, …), metrics, and a digest of
all this, so that a damaged file is told from a good one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from mixers.whole import whole

FORMAT = "blindmix-weights-1"


@dataclass(frozen=True)
class Header:
    """What a file of weights says of itself.

    Attributes:
        architecture: the name of the network.
        configuration: what it is built with.
        facts: where it comes from: fingerprints of the songs, code version, steps, seed, …
        metrics: what it reached.
    """

    architecture: str
    configuration: Mapping[str, Any]
    facts: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)


def save_weights(path: Path, tensors: Mapping[str, Tensor], header: Header) -> None:
    """Write tensors with their header; what was at `path` is replaced when all is written."""
    stored = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    text = json.dumps(asdict(header))
    said = {"format": FORMAT, "header": text, "digest": _digest(text, stored)}
    with whole(path) as partial:
        partial.write_bytes(save(stored, said))


def architecture_of(path: Path) -> str:
    """The architecture that a file holds weights of.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or no file of Blindmix.
    """
    return _read(path)[0].architecture


def load_weights(path: Path, architecture: str) -> tuple[Header, dict[str, Tensor]]:
    """Read weights of an architecture; floats that were stored as halves come as they were stored.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, no file of Blindmix, or of another architecture.
    """
    header, tensors = _read(path)
    if header.architecture != architecture:
        raise ValueError(f"{path} holds weights of {header.architecture}, not of {architecture}")
    return header, tensors


def fill(network: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Put weights into a network, in its own precision.

    Raises:
        ValueError: they are not those of this network; `path` says where they come from.
    """
    wanted = {name: tuple(t.shape) for name, t in network.state_dict().items()}
    found = {name: tuple(t.shape) for name, t in tensors.items()}
    if wanted != found:
        wrong = sorted(n for n in wanted.keys() | found.keys() if wanted.get(n) != found.get(n))
        first = f"{wrong[0]} is {found.get(wrong[0])}, must be {wanted.get(wrong[0])}"
        raise ValueError(f"{path} does not fit the network in {len(wrong)} tensors: {first}")
    network.load_state_dict(dict(tensors))


def halved(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Floats in half precision, for weights that ship; the rest as it is."""
    return {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in tensors.items()
    }


def _read(path: Path) -> tuple[Header, dict[str, Tensor]]:
    if not path.is_file():
        raise FileNotFoundError(f"there are no weights at {path}")
    try:
        with safe_open(path, framework="pt") as file:
            said = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, RuntimeError, ValueError, OSError) as error:
        raise ValueError(f"{path} is damaged or holds no weights: {error}") from None
    if said.get("format") != FORMAT:
        raise ValueError(f"{path} was not written by this version of Blindmix; train it again")
    text = said.get("header", "")
    if said.get("digest") != _digest(text, tensors):
        raise ValueError(f"{path} is damaged: it does not hold what was written")
    return Header(**json.loads(text)), tensors


def _digest(header: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(header.encode())
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()

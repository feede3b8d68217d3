"""VGGish: the published shape, read from files in the published layout, and nothing unpickled."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from mixers.dmc import DmcConfig, DmcController
from mixers.vggish import Vggish, load_vggish

SHAPES = {
    "features.0.weight": (64, 1, 3, 3),
    "features.3.weight": (128, 64, 3, 3),
    "features.6.weight": (256, 128, 3, 3),
    "features.8.weight": (256, 256, 3, 3),
    "features.11.weight": (512, 256, 3, 3),
    "features.13.weight": (512, 512, 3, 3),
    "embeddings.0.weight": (4096, 12288),
    "embeddings.2.weight": (4096, 4096),
    "embeddings.4.weight": (128, 4096),
}
"""The layout of the PyTorch conversions; each has a bias, too."""


@pytest.fixture(scope="module")
def published() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    weights = {n: 0.02 * torch.randn(shape, generator=generator) for n, shape in SHAPES.items()}
    biases = {
        name.replace("weight", "bias"): torch.zeros(shape[0]) for name, shape in SHAPES.items()
    }
    return {**weights, **biases}


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_published_weights_are_read_and_frozen(
    published: dict[str, Tensor], tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"vggish{suffix}"
    save_file(published, path) if suffix == ".safetensors" else torch.save(published, path)
    network = load_vggish(path)
    assert not any(weights.requires_grad for weights in network.parameters())
    assert sum(weights.numel() for weights in network.parameters()) == 72_141_184
    patches = torch.randn(2, 96, 64)
    with torch.no_grad():
        embeddings = network(patches)
        # The first linear layer takes time, then bands, then channels.
        found = network.features(patches[:, None]).permute(0, 2, 3, 1).reshape(2, -1)
        torch.testing.assert_close(embeddings, network.embeddings(found))
        controller = DmcController(DmcConfig(encoder="vggish"), encoder=network).eval()
        strips, _ = controller(patches[None, :, None], torch.ones(1, 2, dtype=torch.bool))
    assert embeddings.shape == (2, 128)
    assert strips.shape == (1, 2, controller.console.strip_size)


class _Attack:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("unpickled",)


def test_what_is_more_than_tensors_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"features.0.weight": _Attack()}, tmp_path / "attack.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(_Attack(), protocol=2))
    for name in ("attack.pth", "plain.pth"):
        with pytest.raises(ValueError, match="no weights that can be read safely"):
            load_vggish(tmp_path / name)
    assert "unpickled" not in capsys.readouterr().out


def test_other_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no weights at"):
        load_vggish(tmp_path / "gone.pth")
    torch.save({"features.0.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"no weights of VGGish: embeddings\.0\.bias is None"):
        load_vggish(tmp_path / "other.pth")
    (tmp_path / "cut.safetensors").write_bytes(b"cut")
    with pytest.raises(ValueError, match="read safely"):
        load_vggish(tmp_path / "cut.safetensors")


def test_the_shape_is_the_published_one() -> None:
    with torch.device("meta"):
        shapes = {name: tuple(t.shape) for name, t in Vggish().state_dict().items()}
    assert {name: shape for name, shape in shapes.items() if name.endswith("weight")} == SHAPES

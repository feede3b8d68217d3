"""Learning through each transformation network, and with VGGish, from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from click.testing import CliRunner

from mixers.checkpoints import load_weights
from mixers.dmc import DmcMixer
from mixers.vggish import Vggish
from stimuli.cli.mixing import mixers
from stimuli.datasets.dataset import open_dataset

RATE_HZ = 44_100
GAINS = {"bass": (0.3, 0.1), "guitar": (0.4, 1.6), "vocal": (3.0, 3.0)}
"""Of left and right."""
SHORT = ("seconds=0.1", "validation_crops=6")


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory, noise: Callable[..., np.ndarray]) -> Path:
    """Six songs of noises of three colours, each colour at a place of its own in the mix."""
    root = tmp_path_factory.mktemp("songs")
    for place in range(6):
        folder = root / f"song {place}"
        folder.mkdir()
        mix = np.zeros((2 * RATE_HZ, 2))
        for number, (name, gains) in enumerate(GAINS.items()):
            samples = noise(2.0, seed=10 * place + number)[0]
            coloured = np.convolve(samples, np.ones(1 + 8 * number) / 10, mode="same")
            mix += coloured[:, None] * gains
            soundfile.write(folder / f"{name}.wav", coloured, RATE_HZ, subtype="FLOAT")
        soundfile.write(folder / "mix.wav", mix, RATE_HZ, subtype="FLOAT")
    return root


def losses(name: str, songs: Path, out: Path, *choices: str) -> list[float]:
    """Train, and give the validation losses."""
    arguments = ["train", name, "--songs", str(songs), "-o", str(out), "--device", "cpu"]
    for choice in (*SHORT, *choices):
        arguments += ["--set", choice]
    result = CliRunner().invoke(mixers, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [loss for _, _, loss in load_weights(out, name)[0].metrics["checks"]]


@pytest.fixture(scope="module")
def proxy(songs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[float]]:
    out = tmp_path_factory.mktemp("proxy") / "tcn.safetensors"
    size = ("blocks=4", "channels=4", "batch=4", "steps=40", "check_every=10")
    return out, losses("tcn", songs, out, *size)


@pytest.mark.slow
def test_a_proxy_comes_nearer_to_the_console(proxy: tuple[Path, list[float]]) -> None:
    _, found = proxy
    assert min(found) < found[0]


@pytest.mark.slow
@pytest.mark.parametrize("transformation", ["gain-pan", "tcn", "console"])
def test_dmc_learns_through_each_transformation(
    transformation: str, proxy: tuple[Path, list[float]], songs: Path, tmp_path: Path
) -> None:
    """The stereo loss alone falls: what the transformation passes back is worth following."""
    out = tmp_path / "dmc.safetensors"
    through = (f"transformation={transformation}", f"proxy={proxy[0]}", "settings=0")
    plan = ("steps=60", "check_every=10", "learning_rate=0.003", "songs=2", "batch=2")
    found = losses("dmc", songs, out, *through, *plan)
    assert min(found) < 0.95 * found[0]
    song = open_dataset(songs).open_song("song 0").load()
    assert [strip.track for strip in DmcMixer(out).settings(song).tracks] == list(GAINS)


@pytest.mark.slow
def test_dmc_learns_on_what_vggish_hears(songs: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    published = Vggish().state_dict()
    # As files were before torch 1.6, which the published one is.
    torch.save(published, tmp_path / "vggish.pth", _use_new_zipfile_serialization=False)
    out = tmp_path / "dmc.safetensors"
    plan = ("steps=1", "songs=2", "batch=2", "patches=1", "validation_crops=1")
    told = f"vggish={tmp_path / 'vggish.pth'}"
    losses("dmc", songs, out, told, "transformation=gain-pan", *plan)
    header, tensors = load_weights(out, "dmc")
    assert header.configuration["encoder"] == "vggish"
    for name, weights in published.items():
        assert torch.equal(tensors[f"encoder.{name}"], weights)
    song = open_dataset(songs).open_song("song 0").load()
    assert DmcMixer(out).mix(song, 0).samples.any()

"""Weights that someone trained, under a name of their own: mixed with, measured, rendered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from numpy.typing import NDArray

from app import create_app
from mixers.checkpoints import Header, save_weights
from mixers.dmc import DmcConfig, DmcController
from mixers.forest import Forest
from mixers.mixer import load_mixer, system_label
from stimuli.cli.mixing import mix, mixers
from stimuli.datasets.dataset import open_dataset
from stimuli.plan import Plan
from stimuli.render import render

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]


@pytest.fixture
def songs(tmp_path: Path, noise: Noise, write_sound: Write) -> Path:
    folder = tmp_path / "songs"
    for seed, name in enumerate(("kick", "bass", "mix")):
        sound = noise(3.0, channels=2 if name == "mix" else 1, seed=seed)
        write_sound(folder / "one" / f"{name}.wav", sound)
    return folder


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return write_weights(tmp_path / "weights.safetensors", seed=0)


def write_weights(path: Path, seed: int) -> Path:
    torch.manual_seed(seed)
    controller = DmcController(DmcConfig())
    with torch.no_grad():
        controller.postprocessor[-1].bias.add_(torch.randn(controller.console.strip_size))
    save_weights(path, controller.state_dict(), Header("dmc", asdict(DmcConfig())))
    return path


def test_a_song_is_mixed_with_them(songs: Path, weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "mix.wav"
    arguments = ["song", str(songs / "one"), "--mixer", f"ours={weights}", "-o", str(out)]
    assert CliRunner().invoke(mix, arguments, catch_exceptions=False).exit_code == 0
    assert out.stat().st_size > 100_000
    assert load_mixer(f"ours={weights}").name == "ours"
    assert load_mixer(f"dmc={weights}").name == "dmc"
    assert load_mixer("mono").name == system_label("mono") == "mono"


def test_they_are_measured_anew_when_they_change(
    songs: Path, weights: Path, tmp_path: Path
) -> None:
    levels = []
    systems = f"mono,ours={weights}"
    for seed in (0, 1):
        write_weights(weights, seed)
        arguments = ["evaluate", "--songs", str(songs), "--systems", systems]
        arguments += ["-o", str(tmp_path / "out")]
        assert CliRunner().invoke(mixers, arguments, catch_exceptions=False).exit_code == 0
        lines = (tmp_path / "out" / "evaluation.csv").read_text(encoding="utf-8").splitlines()
        assert [line.split(",")[1] for line in lines[1:]] == ["mono", "ours"]
        levels.append(lines[2])
    assert levels[0] != levels[1]


def test_stimuli_are_called_by_the_label_and_made_anew(
    songs: Path, weights: Path, tmp_path: Path
) -> None:
    plan = Plan(("mono", f"ours={weights}"), duration_s=2.0)
    contents = []
    for seed in (0, 1):
        write_weights(weights, seed)
        report = render(open_dataset(songs), plan, tmp_path / "out")
        assert not report.failures
        made = {s.system: tmp_path / "out" / s.path for s in report.manifest.stimuli}
        assert {system: path.name for system, path in made.items()} == {
            "mono": "mono.wav",
            "ours": "ours.wav",
        }
        contents.append(made["ours"].read_bytes())
    assert contents[0] != contents[1]


def test_a_forest_is_known_by_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "wood.skops"
    path.write_bytes(b"")
    mixer = load_mixer(f"ours={path}")
    assert isinstance(mixer, Forest)
    assert mixer.weights == path


@pytest.mark.parametrize(
    ("label", "answer"),
    [
        ("Ours!", "'Ours!' cannot name a system"),
        ("", "'' cannot name a system"),
        ("mono", "holds weights of dmc; call it other than 'mono'"),
    ],
)
def test_labels_that_mislead_are_refused(label: str, answer: str, weights: Path) -> None:
    with pytest.raises(ValueError, match=answer):
        load_mixer(f"{label}={weights}")


def test_two_systems_of_one_name_are_refused(weights: Path) -> None:
    with pytest.raises(ValueError, match="systems of one name in ours, mono, ours"):
        Plan((f"ours={weights}", "mono", f"ours={weights}"))


def test_files_that_are_no_weights_get_one_clear_line(songs: Path, tmp_path: Path) -> None:
    (tmp_path / "text.safetensors").write_text("no weights", encoding="utf-8")
    app = create_app({"INSTANCE_PATH": tmp_path / "instance"})
    for file, answer in (("text.safetensors", "damaged"), ("none", "no weights at"), (".", "at")):
        system = f"ours={tmp_path / file}"
        arguments = ["mix", "song", str(songs / "one"), "--mixer", system, "-o", "mix.wav"]
        done = app.test_cli_runner().invoke(args=arguments)
        assert done.exit_code == 1
        assert done.stderr.startswith("Error: ")
        assert answer in done.stderr
        assert done.stderr.count("\n") == 1

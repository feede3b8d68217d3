"""The training loop and its files, on a network so small that a step takes no time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mixers.checkpoints import Header, fill, halved, load_weights, save_weights
from mixers.training import STATE_SUFFIX, Batch, Plan, Result, Task, fit

ROOT = Path(__file__).resolve().parents[2]
PLAN = Plan(steps=40, learning_rate=0.05, check_every=10, patience=4, seed=3)


def draw(rng: np.random.Generator) -> Batch:
    x = torch.from_numpy(rng.standard_normal((16, 3)).astype(np.float32))
    return {"x": x, "y": x @ torch.tensor([[1.0], [-2.0], [0.5]])}


def loss(network: nn.Module, batch: Batch) -> Tensor:
    error: Tensor = (network(batch["x"]) - batch["y"]).square().mean()
    return error


def task() -> Task:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.1), nn.PReLU(), nn.Linear(8, 1))
    validation = [draw(np.random.default_rng(n)) for n in range(3)]
    return Task(network, Header("line", {"width": 8}, {"songs": ["a"]}), draw, loss, validation)


def quiet(step: str, done: int, total: int) -> None:
    """Nobody watches."""


def train(out: Path, plan: Plan = PLAN, what: Task | None = None) -> Result:
    return fit(what or task(), plan, out, quiet)


def weights(path: Path) -> dict[str, bytes]:
    return {name: t.numpy().tobytes() for name, t in load_weights(path, "line")[1].items()}


def test_it_learns_and_says_what_it_did(tmp_path: Path) -> None:
    out = tmp_path / "line.safetensors"
    result = train(out, replace(PLAN, steps=200, check_every=50))
    assert result.checks[-1].validation < 0.1 * result.checks[0].training
    header, tensors = load_weights(out, "line")
    assert header.configuration == {"width": 8}
    assert header.facts["songs"] == ["a"]
    assert header.facts["plan"]["seed"] == 3
    assert header.metrics["validation_loss"] == result.best.validation
    assert 0 <= header.metrics["data_wait_share"] <= 1
    network = task().network.eval()
    fill(network, tensors, out)
    with torch.no_grad():
        found = np.mean([float(loss(network, batch)) for batch in task().validation])
    assert found == pytest.approx(result.best.validation, rel=1e-5)
    assert list(tmp_path.iterdir()) == [out]


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        train(tmp_path / name, replace(PLAN, seed=seed))
    assert weights(tmp_path / "a") == weights(tmp_path / "b") != weights(tmp_path / "c")


def test_it_stops_when_validation_gets_no_better_and_keeps_the_best(tmp_path: Path) -> None:
    what = task()
    worse = [{name: -t if name == "y" else t for name, t in b.items()} for b in what.validation]
    plan = replace(PLAN, steps=1000, patience=2)
    what = replace(what, validation=worse)
    result = train(tmp_path / "w", plan, what)
    assert result.checks[-1].step == result.best.step + 20 < 1000
    with torch.no_grad():
        kept = np.mean([float(loss(what.network.eval(), batch)) for batch in worse])
    assert kept == pytest.approx(result.best.validation, rel=1e-5)


def test_ctrl_c_ends_the_step_and_the_training_goes_on_later(tmp_path: Path) -> None:
    train(tmp_path / "whole")

    def draw_and_press(rng: np.random.Generator) -> Batch:
        if not pressed and rng.bit_generator.seed_seq.entropy == [3, 0, 17]:  # type: ignore[attr-defined]
            pressed.append(True)
            os.kill(os.getpid(), signal.SIGINT)
        return draw(rng)

    pressed: list[bool] = []
    out = tmp_path / "parts"
    with pytest.raises(KeyboardInterrupt):
        train(out, what=replace(task(), draw=draw_and_press))
    assert out.with_name("parts" + STATE_SUFFIX).is_file()
    train(out)
    assert weights(out) == weights(tmp_path / "whole")


def script(out: Path, plan: Plan, pause_s: float) -> list[str]:
    """A process of its own that trains."""
    code = (
        "import sys, time, warnings\n"
        f"sys.path[:0] = [{str(ROOT)!r}, {str(Path(__file__).parent)!r}]\n"
        "from pathlib import Path\nfrom dataclasses import replace\n"
        "import test_training as t\n"
        "from mixers.training import Plan\n"
        f"def slow(rng):\n    time.sleep({pause_s})\n    return t.draw(rng)\n"
        f"t.train(Path({str(out)!r}), {plan!r}, replace(t.task(), draw=slow))\n"
    )
    path = out.with_name("script.py")
    path.write_text(code, encoding="utf-8")
    return [str(path)]


@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    train(tmp_path / "whole")
    out = tmp_path / "killed"
    process = subprocess.Popen([sys.executable, *script(out, PLAN, 0.2)])
    state = out.with_name("killed" + STATE_SUFFIX)
    try:
        until = time.monotonic() + 120
        while not state.is_file() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
    header, _ = load_weights(state, "line")
    assert 0 < header.metrics["step"] < PLAN.steps
    train(out)
    assert weights(out) == weights(tmp_path / "whole")


@pytest.mark.slow
def test_two_processes_train_one_network(tmp_path: Path) -> None:
    out = tmp_path / "two"
    run = ["torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [sys.executable, "-m", *run, *script(out, PLAN, 0)],
        capture_output=True,
        text=True,
        timeout=240,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    result = load_weights(out, "line")[0].metrics
    assert result["checks"][-1][0] == PLAN.steps
    train(tmp_path / "one")
    assert weights(out) != weights(tmp_path / "one")
    assert result["validation_loss"] < 0.3 * result["checks"][0][1]


def test_a_state_of_another_training_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "w"

    def fail(rng: np.random.Generator) -> Batch:
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        train(out, what=replace(task(), draw=fail))
    assert not out.exists()
    header = Header("line", {"width": 8}, {"training": {}})
    save_weights(out.with_name("w" + STATE_SUFFIX), {"network.x": torch.zeros(1)}, header)
    with pytest.raises(ValueError, match="another training"):
        train(out)


def test_a_loss_that_is_not_finite_ends_the_training(tmp_path: Path) -> None:
    what = replace(task(), loss=lambda network, batch: loss(network, batch) * torch.nan)
    with pytest.raises(ValueError, match="loss is nan at step 0"):
        train(tmp_path / "w", what=what)


@pytest.mark.parametrize("device", ["warp", "cuda"])
def test_a_device_that_is_not_there_is_named(tmp_path: Path, device: str) -> None:
    if device == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(ValueError, match="device"):
        train(tmp_path / "w", replace(PLAN, device=device))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_learns_as_well(tmp_path: Path) -> None:
    plan = replace(PLAN, steps=200, check_every=50)
    on_cpu, on_cuda = (train(tmp_path / d, replace(plan, device=d)) for d in ("cpu", "cuda"))
    assert on_cuda.best.validation == pytest.approx(on_cpu.best.validation, abs=0.1)


def saved(tmp_path: Path) -> Path:
    path = tmp_path / "w"
    save_weights(path, {"weight": torch.arange(1000.0)}, Header("line", {"width": 8}))
    return path


@pytest.mark.parametrize("place", [0, 30, 2000, -1])
def test_one_wrong_byte_is_noticed(tmp_path: Path, place: int) -> None:
    path = saved(tmp_path)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"damaged|not written by"):
        load_weights(path, "line")


@pytest.mark.parametrize("length", [0, 5, 100, 3000])
def test_a_cut_file_is_refused(tmp_path: Path, length: int) -> None:
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ValueError, match="damaged"):
        load_weights(path, "line")


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with pytest.raises(ValueError, match="weights of line, not of dmc"):
        load_weights(path, "dmc")
    with pytest.raises(ValueError, match="does not fit the network in 3 tensors: 0"):
        fill(nn.Sequential(nn.Linear(2, 2)), {"weight": torch.zeros(3)}, path)
    with pytest.raises(FileNotFoundError):
        load_weights(tmp_path / "none", "line")


def test_halves_fill_a_network_of_singles(tmp_path: Path) -> None:
    network = nn.Linear(4, 2)
    fill(network, halved(network.state_dict()), tmp_path)
    assert network.weight.dtype == torch.float32

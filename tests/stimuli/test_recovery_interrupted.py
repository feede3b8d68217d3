"""A search for a chain goes on where it was interrupted, and ends as if it had not been."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from stimuli.recovery import Request, recover

# Sounds of a moment: handing them between threads would take longer than they do.
torch.set_num_threads(1)

RATE_HZ = 16_000
STEPS = 8
ROOT = Path(__file__).resolve().parents[2]

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]


@pytest.fixture
def request_chain(tmp_path: Path, noise: Noise, write_sound: Write) -> Request:
    """Two tracks, of which the mix holds one delayed, so that no setting fits at once."""
    a, b = noise(1.0, RATE_HZ, 1, 1), noise(1.0, RATE_HZ, 1, 2)
    write_sound(tmp_path / "song" / "a.wav", a, RATE_HZ)
    write_sound(tmp_path / "song" / "b.wav", b, RATE_HZ)
    mix = np.repeat(0.4 * a + 0.2 * b + 0.1 * np.roll(b, 300), 2, axis=0)
    path = write_sound(tmp_path / "mix.wav", mix, RATE_HZ)
    return Request(tmp_path / "song", path, tmp_path / "found.json", "chain", steps=STEPS)


class Steps:
    """Progress that notes the steps, and interrupts at one of them."""

    def __init__(self, interrupt_at: int | None = None) -> None:
        self.seen: list[int] = []
        self._interrupt_at = interrupt_at

    def __call__(self, name: str, done: int, total: int) -> None:
        if name == "Search":
            self.seen.append(done)
            if done == self._interrupt_at:
                raise KeyboardInterrupt


def test_an_interrupted_search_ends_as_if_it_had_not_been(request_chain: Request) -> None:
    whole = replace(request_chain, out=request_chain.out.with_name("whole.json"))
    recover(whole, None, Steps())
    with pytest.raises(KeyboardInterrupt):
        recover(request_chain, None, Steps(interrupt_at=5))
    assert request_chain.state.is_file()
    assert not request_chain.out.exists()
    again = Steps()
    recover(request_chain, None, again)
    assert again.seen == [5, 6, 7, STEPS]
    assert request_chain.out.read_bytes() == whole.out.read_bytes()
    assert not request_chain.state.exists()


@pytest.mark.parametrize("other", [{"seed": 1}, {"steps": 9}, {"reverb": "individual"}])
def test_what_another_search_left_is_kept_and_named(
    request_chain: Request, other: dict[str, object]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        recover(request_chain, None, Steps(interrupt_at=2))
    left = request_chain.state.read_bytes()
    with pytest.raises(ValueError, match=r"found\.json\.state is the state of another search"):
        recover(replace(request_chain, **other), None, Steps())  # type: ignore[arg-type]
    assert request_chain.state.read_bytes() == left


def test_a_damaged_state_is_named(request_chain: Request) -> None:
    request_chain.state.write_bytes(b"no state")
    with pytest.raises(ValueError, match=r"found\.json\.state is damaged"):
        recover(request_chain, None, Steps())


def test_a_search_ends_where_nothing_is_gained(request_chain: Request) -> None:
    seen = Steps()
    exact = replace(request_chain, mix=request_chain.tracks / "a.wav", steps=5_000)
    recover(exact, None, seen)
    assert seen.seen[-2] < 1_000


@pytest.mark.parametrize(
    ("device", "message"), [("tape", "no device 'tape'"), ("cuda:99", "no CUDA device 99")]
)
def test_devices_that_are_not_there_are_named(
    request_chain: Request, device: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        recover(replace(request_chain, device=device), None, Steps())


@pytest.mark.slow
@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_the_command_survives_ctrl_c_and_kill(request_chain: Request, kill: int) -> None:
    command = [sys.executable, "-m", "flask", "mix", "recover", str(request_chain.tracks)]
    command += [str(request_chain.mix), "-o", str(request_chain.out), "--method", "chain"]
    command += ["--steps", "60", "--device", "cpu"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    first = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not request_chain.state.is_file() and time.monotonic() < deadline:
        time.sleep(0.02)
    first.send_signal(kill)
    assert first.wait(60) != 0
    assert request_chain.state.is_file()
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    assert b"Settings: " in done.stdout
    assert not request_chain.state.exists()

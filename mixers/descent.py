"""Gradient descent on a console's parameters until it turns one song's tracks into its mix.

The loss is the energy left over, in dB, of the waveforms: tracks and mix are the same recording,
so phase is evidence too, of filters and delays. A search that keeps its state on disk loses at
most one step when it is killed: the same search then goes on, and ends as if nothing had happened.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mixers.checkpoints import Header, load_weights, save_weights
from mixers.devices import find_device
from mixers.differentiable import DifferentiableConsole
from mixers.multitrack import Multitrack, Samples
from mixers.settings import Settings

Progress = Callable[[int, int], None]

EXCERPT_S = 5.0
"""Longest stretch that is fitted: the one of most energy."""
RUN_IN_S = 1.0
"""Its beginning, which is heard but not compared: compressors and reverb come from before."""
LEARNING_RATE = 0.01
LAST_RATE = 0.1
"""Share of it at the end; in between it falls as a cosine."""
PATIENCE_STEPS = 30
"""Steps without a gain of `LEAST_GAIN_DB` after which the search ends."""
LEAST_GAIN_DB = 0.05
NUDGE = 0.002
"""Standard deviation of what is added to the start, on the scale of 0..1."""
MARGIN = 1e-4
"""Parameters stay this far inside 0..1, so that gradients reach them."""
STATE = "recovery"


@dataclass(frozen=True)
class Descent:
    """How to search.

    Attributes:
        steps: at most; fewer where nothing is gained any more.
        seed: of the small nudge to the start.
        device: "cpu", "cuda" or "auto", which is CUDA where there is one.
        state: file that keeps the search after every step, and from which it goes on; None keeps
            nothing.
    """

    steps: int = 200
    seed: int = 0
    device: str = "cpu"
    state: Path | None = None

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"{self.steps} steps: must be at least 1")


@dataclass
class _Reached:
    """Where a search is.

    Attributes:
        step: the next one.
        best_db: the least that was left over.
        gained_at: the last step that gained something worth a step.
    """

    step: int = 0
    best_db: float = math.inf
    gained_at: int = 0


class Search:
    """Adam on the normalised parameters of one song's console.

    Attributes:
        best_strips, best_bus: the parameters that left least, `(tracks, strip_size)` and
            `(bus_size,)`.
    """

    def __init__(
        self,
        console: DifferentiableConsole,
        start: Settings,
        multitrack: Multitrack,
        mix: Samples,
        plan: Descent,
    ) -> None:
        self._console, self._plan = console, plan
        device = find_device(plan.device)
        first, last, self._run_in = _excerpt(mix, multitrack.sample_rate_hz)
        tracks = [
            np.broadcast_to(track.samples[:, first:last], (2, last - first))
            for track in multitrack.tracks
        ]
        self._tracks = torch.from_numpy(np.stack(tracks))[None].to(device)
        self._mix = torch.from_numpy(mix[:, first:last].copy())[None].to(device)
        random = torch.Generator().manual_seed(plan.seed)
        strips, bus = console.parameters_of(start)
        self._raw = [
            _inside(value + NUDGE * torch.randn(value.shape, generator=random)).to(device)
            for value in (strips[None], bus[None])
        ]
        self.best_strips, self.best_bus = strips, bus
        self._identity = self._what_is_searched()
        moved = [raw.requires_grad_() for raw in self._raw if raw.numel()]
        self._optimiser = torch.optim.Adam(moved, LEARNING_RATE)
        self._at = _Reached()

    def run(self, progress: Progress) -> int:
        """Search to the end; returns the steps taken, those before an interruption too.

        Raises:
            ValueError: the state on disk is damaged or of another search.
        """
        steps = self._plan.steps
        self._resume()
        while self._at.step < steps and self._at.step - self._at.gained_at <= PATIENCE_STEPS:
            progress(self._at.step, steps)
            self._step()
            self._keep()
        progress(steps, steps)
        return self._at.step

    def _step(self) -> None:
        at = self._at
        self._optimiser.zero_grad()
        loss = self._left_over_db()
        loss_db = loss.item()
        if loss_db < at.best_db - LEAST_GAIN_DB:
            at.gained_at = at.step
        if loss_db < at.best_db:
            at.best_db = loss_db
            self.best_strips, self.best_bus = (raw.detach()[0].cpu().clone() for raw in self._raw)
        torch.autograd.backward(loss)
        for group in self._optimiser.param_groups:
            group["lr"] = _rate(at.step / self._plan.steps)
        self._optimiser.step()
        with torch.no_grad():
            for raw in self._raw:
                raw.copy_(_inside(raw))
        at.step += 1

    def _left_over_db(self) -> Tensor:
        strips, bus = self._raw
        found = self._console(self._tracks, strips, bus if bus.numel() else None)
        error = (found - self._mix)[..., self._run_in :]
        energy = self._mix[..., self._run_in :].square().sum()
        return 10 * torch.log10(error.square().sum() / energy + 1e-9)

    def _keep(self) -> None:
        if self._plan.state is None:
            return
        tensors = {"strips": self._raw[0], "bus": self._raw[1]}
        tensors |= {"best.strips": self.best_strips, "best.bus": self.best_bus}
        for place, values in self._optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{place}.{name}": value for name, value in values.items()}
        save_weights(
            self._plan.state, tensors, Header(STATE, self._identity, metrics=asdict(self._at))
        )

    def _resume(self) -> None:
        path = self._plan.state
        if path is None or not path.is_file():
            return
        header, tensors = load_weights(path, STATE)
        if header.configuration != self._identity:
            raise ValueError(
                f"{path} is the state of another search (of other sounds, seed, steps or reverb); "
                "remove it, or write to another file"
            )
        with torch.no_grad():
            for raw, name in zip(self._raw, ("strips", "bus"), strict=True):
                raw.copy_(tensors[name])
        self.best_strips, self.best_bus = tensors["best.strips"], tensors["best.bus"]
        state = self._optimiser.state_dict()
        for name, value in tensors.items():
            part, _, rest = name.partition(".")
            place, _, key = rest.partition(".")
            if part == "optimiser":
                state["state"].setdefault(int(place), {})[key] = value
        self._optimiser.load_state_dict(state)
        self._at = _Reached(**header.metrics)

    def _what_is_searched(self) -> dict[str, Any]:
        """All that the search depends on but the device; as JSON would give it back."""
        digest = hashlib.sha256()
        for tensor in (self._tracks, self._mix, *self._raw):
            digest.update(tensor.cpu().numpy().tobytes())
        controls = (*self._console.strip_controls, *self._console.bus_controls)
        return {
            "sounds": digest.hexdigest(),
            "sample_rate_hz": self._console.sample_rate_hz,
            "controls": [control.name for control in controls],
            "steps": self._plan.steps,
            "seed": self._plan.seed,
        }


def _rate(done: float) -> float:
    """The learning rate after a share of all steps."""
    return LEARNING_RATE * (LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * done)) / 2)


def _inside(values: Tensor) -> Tensor:
    return values.clamp(MARGIN, 1 - MARGIN)


def _excerpt(mix: Samples, sample_rate_hz: int) -> tuple[int, int, int]:
    """First and last frame of the stretch of most energy, and the frames of its run-in."""
    length = min(mix.shape[1], round(EXCERPT_S * sample_rate_hz))
    energy = np.concatenate([[0.0], np.cumsum(np.sum(mix.astype(np.float64) ** 2, axis=0))])
    first = int(np.argmax(energy[length:] - energy[: len(energy) - length]))
    # From the song's very beginning nothing is missing.
    run_in = 0 if first == 0 else min(round(RUN_IN_S * sample_rate_hz), length // 4)
    return first, first + length, run_in

"""One loop that trains every network here: seeded, resumable, on any device, on many of them.

    plan = Plan(steps=2000, learning_rate=1e-3, check_every=100, patience=5, seed=1, device="cpu")
    task = Task(network, header, draw, loss, validation)
    result = fit(task, plan, out, progress)

`draw(rng)` makes a batch, a mapping of tensors, on a thread of its own while the device works;
`loss(network, batch)` is a scalar and must call `network(...)`, which may be wrapped; `validation`
are fixed batches. The step decides the seed of its batch and of dropout, so a training that was
killed and goes on gives the weights of one that was not.

At every check the state (network, best so far, optimiser) goes to `OUT.state`, from which the same
call goes on, and the best network to `OUT`. Ctrl-C ends the step, writes the state, and is then
passed on. Under torchrun each process draws its own batches and the first one writes.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributed, nn

from mixers.checkpoints import Header, fill, load_weights, save_weights
from mixers.devices import find_device

Batch = Mapping[str, Tensor]
Progress = Callable[[str, int, int], None]

STATE_SUFFIX = ".state"
CLIP_NORM = 1.0
"""A step's gradient is shortened to this length: one odd batch must not undo a training."""


@dataclass(frozen=True)
class Plan:
    """How to train.

    Attributes:
        steps: at most.
        learning_rate: at the start; falls along half a cosine to a hundredth over `steps`.
        check_every: steps between two validations, each of which writes the state.
        patience: validations without a new best one after which training stops.
        seed: of the batches and of dropout; the network is made by the caller.
        device: "cpu", "cuda" or "cuda:0". On CUDA the network runs in mixed precision (bfloat16);
            under torchrun "cuda" is each process's own device.
    """

    steps: int
    learning_rate: float
    check_every: int
    patience: int
    seed: int = 0
    device: str = "cpu"

    def rate(self, step: int) -> float:
        """The learning rate of a step."""
        fallen = 0.5 * (1 + np.cos(np.pi * step / self.steps))
        return float(self.learning_rate * (0.01 + 0.99 * fallen))


@dataclass(frozen=True)
class Task:
    """What to train on what.

    Attributes:
        network: trained in place; at the end it is the best one.
        header: what its file says; steps and metrics are added.
        draw: makes a batch.
        loss: of a network on a batch, a scalar.
        validation: batches that decide which network is best; at least one.
    """

    network: nn.Module
    header: Header
    draw: Callable[[np.random.Generator], Batch]
    loss: Callable[[nn.Module, Batch], Tensor]
    validation: Sequence[Batch]


@dataclass(frozen=True)
class Check:
    """One validation: after how many steps, mean loss of the batches since the last, and of it."""

    step: int
    training: float
    validation: float


@dataclass
class Result:
    """How a training went; grows while it goes on.

    Attributes:
        checks: all validations.
        seconds: time spent in the loop, validations included.
        waited_s: of these, waiting for batches.
    """

    checks: list[Check] = field(default_factory=list)
    seconds: float = 0.0
    waited_s: float = 0.0

    @property
    def best(self) -> Check:
        """The best validation."""
        return min(self.checks, key=lambda check: check.validation)

    @property
    def metrics(self) -> dict[str, Any]:
        """What goes into the header of the weights."""
        return {
            "validation_loss": self.best.validation,
            "best_step": self.best.step,
            "seconds": round(self.seconds, 1),
            "data_wait_share": round(self.waited_s / max(self.seconds, 1e-9), 4),
            "checks": [list(asdict(check).values()) for check in self.checks],
        }

    def is_over(self, plan: Plan) -> bool:
        """Whether the steps or the patience are spent."""
        if not self.checks:
            return False
        stale = len(self.checks) - 1 - self.checks.index(self.best)
        return self.checks[-1].step >= plan.steps or stale >= plan.patience


def fit(task: Task, plan: Plan, out: Path, progress: Progress) -> Result:
    """Train, or go on with a training of the same task and plan.

    Returns:
        How it went; `out` holds the best network, `task.network` too.

    Raises:
        ValueError: there is no such device, the state at hand is damaged or of another training,
            or the loss is not finite.
    """
    with _processes(plan.device) as (rank, world, device):
        run = _Run(task, plan, out, rank, world, device)
        result = run.resumed()
        with ThreadPoolExecutor(1) as loader, _interrupt_between_steps() as interrupted:
            while not result.is_over(plan):
                run.train_until_check(loader, progress, interrupted)
                run.check()
        fill(task.network, run.best, out)
        if rank == 0:
            _state_of(out).unlink(missing_ok=True)
    return result


def is_first_process() -> bool:
    """Whether this process is the one that writes and talks; always so without torchrun."""
    return os.environ.get("RANK", "0") == "0"


def _state_of(out: Path) -> Path:
    return out.with_name(out.name + STATE_SUFFIX)


class _Run:
    """The moving parts of one training: network, optimiser, best weights and where it is."""

    def __init__(
        self, task: Task, plan: Plan, out: Path, rank: int, world: int, device: torch.device
    ) -> None:
        self.task, self.plan, self.out = task, plan, out
        self.rank, self.world, self.device = rank, world, device
        self.network = task.network.to(device)
        learns = [p for p in self.network.parameters() if p.requires_grad]
        self.optimiser = torch.optim.Adam(learns, lr=plan.learning_rate)
        self.wrapped: nn.Module = self.network
        if world > 1:
            self.wrapped = nn.parallel.DistributedDataParallel(
                self.network, device_ids=[device] if device.type == "cuda" else None
            )
        self.result = Result()
        self.best = self._weights()
        self.step = 0
        self.losses: list[float] = []

    def train_until_check(
        self, loader: ThreadPoolExecutor, progress: Progress, interrupted: threading.Event
    ) -> None:
        """Steps up to the next validation."""
        started = time.perf_counter()
        end = min(self.plan.steps, (self.step // self.plan.check_every + 1) * self.plan.check_every)
        coming = loader.submit(self._draw, self.step)
        while self.step < end:
            waiting = time.perf_counter()
            batch = coming.result()
            self.result.waited_s += time.perf_counter() - waiting
            if self.step + 1 < end:
                coming = loader.submit(self._draw, self.step + 1)
            self._learn(batch)
            progress("Training", self.step, self.plan.steps)
            if interrupted.is_set():
                self.result.seconds += time.perf_counter() - started
                self.save_state()
                raise KeyboardInterrupt
        self.result.seconds += time.perf_counter() - started

    def check(self) -> None:
        """Validate, keep the best, and write."""
        started = time.perf_counter()
        validation = self._validate()
        self.result.checks.append(Check(self.step, float(np.mean(self.losses)), validation))
        self.losses = []
        self.result.seconds += time.perf_counter() - started
        if self.result.best is self.result.checks[-1]:
            self.best = self._weights()
        if self.rank == 0:
            header = self.task.header
            facts = {**header.facts, "steps": self.step, "plan": asdict(self.plan)}
            header = replace(header, facts=facts, metrics=self.result.metrics)
            save_weights(self.out, self.best, header)
        self.save_state()

    def resumed(self) -> Result:
        """Take up the state that is there, if there is one."""
        path = _state_of(self.out)
        if not path.is_file():
            return self.result
        header, tensors = load_weights(path, self.task.header.architecture)
        if header.facts["training"] != self._identity():
            raise ValueError(
                f"{path} is the state of another training (of other data, plan or configuration); "
                "remove it, or write to another file"
            )
        fill(self.network, _below("network", tensors), path)
        self.best = _below("best", tensors)
        state = self.optimiser.state_dict()
        state["state"] = _optimiser_state(_below("optimiser", tensors))
        self.optimiser.load_state_dict(state)
        at = header.metrics
        self.step, self.losses = at["step"], at["losses"]
        self.result.checks = [Check(*check) for check in at["checks"]]
        self.result.seconds, self.result.waited_s = at["seconds"], at["waited_s"]
        return self.result

    def save_state(self) -> None:
        """Write all that is needed to go on."""
        if self.rank != 0:
            return
        tensors = {f"network.{name}": t for name, t in self._weights().items()}
        tensors |= {f"best.{name}": t for name, t in self.best.items()}
        for place, values in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{place}.{name}": t for name, t in values.items()}
        header = replace(
            self.task.header,
            facts={"training": self._identity()},
            metrics={**asdict(self.result), "step": self.step, "losses": self.losses}
            | {"checks": [list(asdict(check).values()) for check in self.result.checks]},
        )
        save_weights(_state_of(self.out), tensors, header)

    def _learn(self, batch: Batch) -> None:
        torch.manual_seed(self._seed(self.step))
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.rate(self.step)
        self.wrapped.train()
        self.optimiser.zero_grad()
        loss = self._loss(self.wrapped, batch)
        torch.autograd.backward(loss)
        if not loss.isfinite():
            raise ValueError(f"the loss is {loss.item()} at step {self.step}; lower the rate")
        nn.utils.clip_grad_norm_(self.wrapped.parameters(), CLIP_NORM)
        self.optimiser.step()
        self.losses.append(loss.item())
        self.step += 1

    def _loss(self, network: nn.Module, batch: Batch) -> Tensor:
        on_device = {name: t.to(self.device, non_blocking=True) for name, t in batch.items()}
        with torch.autocast("cuda", torch.bfloat16, enabled=self.device.type == "cuda"):
            return self.task.loss(network, on_device)

    def _validate(self) -> float:
        """Mean loss over the validation batches, of which each process takes its share."""
        self.network.eval()
        batches = self.task.validation[self.rank :: self.world]
        with torch.no_grad():
            losses = [self._loss(self.network, batch).double().cpu() for batch in batches]
        total = torch.stack([*losses, torch.zeros((), dtype=torch.float64)]).sum()
        if self.world > 1:
            total = total.float().to(self.device)
            distributed.all_reduce(total)
        return float(total) / len(self.task.validation)

    def _draw(self, step: int) -> Batch:
        return self.task.draw(np.random.default_rng([self.plan.seed, self.rank, step]))

    def _seed(self, step: int) -> int:
        return int(np.random.default_rng([self.plan.seed, self.rank, step, 1]).integers(2**62))

    def _weights(self) -> dict[str, Tensor]:
        return {name: t.detach().clone() for name, t in self.network.state_dict().items()}

    def _identity(self) -> dict[str, Any]:
        """What must be the same for a training to go on, as JSON gives it back."""
        header = self.task.header
        said = {"configuration": dict(header.configuration), "facts": dict(header.facts)}
        plan = {k: v for k, v in asdict(self.plan).items() if k != "device"}
        identity: dict[str, Any] = json.loads(json.dumps({**said, "plan": plan}))
        return identity


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = prefix + "."
    return {name[len(start) :]: t for name, t in tensors.items() if name.startswith(start)}


def _optimiser_state(tensors: Mapping[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        place, _, value = name.partition(".")
        state.setdefault(int(place), {})[value] = tensor
    return state


@contextmanager
def _processes(device: str) -> Iterator[tuple[int, int, torch.device]]:
    """This process's rank, how many there are, and its device; one of one without torchrun."""
    found = find_device(device)
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield 0, 1, found
        return
    if found.type == "cuda":
        found = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(found)
    distributed.init_process_group("nccl" if found.type == "cuda" else "gloo")
    try:
        yield distributed.get_rank(), world, found
    finally:
        distributed.destroy_process_group()


@contextmanager
def _interrupt_between_steps() -> Iterator[threading.Event]:
    """Hold Ctrl-C back until a step is done; the second one comes through at once."""
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return

    def note(number: int, frame: object) -> None:
        if interrupted.is_set():
            raise KeyboardInterrupt
        interrupted.set()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)

"""Training of the proxy: tracks of songs and random settings in, what the console makes of them.

The sound is that of single tracks of the training songs, at random levels; the human mixes are not
needed but for choosing the songs. Afterwards the proxy is compared with the console on tracks and
settings that it never met, beside doing nothing and beside turning the fader at best.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn

from mixers.augmentation import as_array
from mixers.controls import Control
from mixers.differentiable import DifferentiableConsole
from mixers.losses import mr_stft_loss
from mixers.tcn import ARCHITECTURE, Tcn, TcnConfig, emulated, error_db
from mixers.training import Batch, Task, fit
from stimuli.deep import Crops, Schedule, chosen, header, lesson_songs, report
from stimuli.seeds import seed_for
from stimuli.training import Lesson, Progress

LEVEL_RANGE_DB = (-35.0, -12.0)
"""Root mean square of what goes in: what a controller's fader makes of levelled tracks."""
EQ_SPREAD_DB = 6.0
"""Standard deviation of the gains of the filters."""
DRAWN: dict[str, tuple[float, float]] = {
    "q": (0.3, 4.0),
    "threshold_db": (-45.0, 0.0),
    "ratio": (1.0, 10.0),
    "attack_ms": (0.5, 100.0),
    "release_ms": (20.0, 1_000.0),
    "knee_db": (0.0, 24.0),
    "makeup_db": (0.0, 6.0),
}
"""Where settings are drawn from, evenly as their controls run: where engineers turn."""
SETTLING = 24
"""Sounds from which normalisation takes its statistics."""
LEAST_NORM = 1e-3
"""Sounds softer than this count as if they were as loud."""


@dataclass(frozen=True)
class Choices(Schedule):
    """What can be chosen with `--set`.

    Attributes:
        blocks, channels, kernel: as in `TcnConfig`.
        waveform: weight of the waveform's error beside the MR-STFT loss.
    """

    steps: int = 1200
    learning_rate: float = 4e-3
    check_every: int = 100
    batch: int = 6
    seconds: float = 0.6
    validation_crops: int = 48
    blocks: int = 10
    channels: int = 16
    kernel: int = 15
    waveform: float = 2.0


def train(lesson: Lesson, progress: Progress) -> list[str]:
    """Train a proxy of the channel strip on any songs."""
    choices = chosen(Choices(), lesson.options)
    songs = lesson_songs(lesson, progress)
    rate_hz = songs.training.songs[0].sample_rate_hz
    config = TcnConfig(rate_hz, choices.blocks, choices.channels, choices.kernel)
    torch.manual_seed(seed_for(lesson.seed, ARCHITECTURE) % 2**31)
    proxy = Tcn(config)
    frames = round(choices.seconds * rate_hz)
    rng = np.random.default_rng(seed_for(lesson.seed, "settling"))
    typical = _batch(songs.training, proxy.console, SETTLING, frames, rng)
    proxy.settle(typical["sound"], typical["settings"])

    def draw(rng: np.random.Generator) -> Batch:
        return _batch(songs.training, proxy.console, choices.batch, frames, rng)

    def loss(network: nn.Module, batch: Batch) -> Tensor:
        made = network(batch["sound"], batch["settings"]).float()
        error = relative_error(made, batch["wanted"]).mean()
        spectra = mr_stft_loss(made[:, None], batch["wanted"][:, None])
        total: Tensor = spectra + choices.waveform * error
        return total

    def held_out(purpose: str) -> list[Batch]:
        rng = np.random.default_rng(seed_for(lesson.seed, purpose))
        count = -(-choices.validation_crops // choices.batch)
        return [
            _batch(songs.validation, proxy.console, choices.batch, frames, rng)
            for _ in range(count)
        ]

    said = header(ARCHITECTURE, asdict(config), lesson, songs)
    task = Task(proxy, said, draw, loss, held_out("validation"))
    lines = report(fit(task, choices.plan(lesson), lesson.out, progress), lesson)
    return lines and [*lines, *compared(proxy.cpu(), held_out("report"), loss)]


def relative_error(made: Tensor, wanted: Tensor) -> Tensor:
    """What is left of each sound over the sound, `(batch,)`: soft ones count as loud ones do."""
    rest = torch.linalg.vector_norm(made - wanted, dim=-1)
    error: Tensor = rest / torch.linalg.vector_norm(wanted, dim=-1).clamp_min(LEAST_NORM)
    return error


def compared(
    proxy: Tcn, batches: list[Batch], loss: Callable[[nn.Module, Batch], Tensor]
) -> list[str]:
    """How near the proxy comes to the console, beside doing nothing and the best gain alone."""
    rows: dict[str, list[Tensor]] = {"the proxy": [], "the best gain": [], "doing nothing": []}
    proxy.eval()
    with torch.no_grad():
        for batch in batches:
            sound, wanted = batch["sound"], batch["wanted"]
            best = (sound * wanted).sum(-1) / sound.square().sum(-1).clamp_min(1e-12)
            rows["the proxy"].append(error_db(proxy(sound, batch["settings"]), wanted))
            rows["the best gain"].append(error_db(best[:, None] * sound, wanted))
            rows["doing nothing"].append(error_db(sound, wanted))
        spectra = torch.stack([loss(proxy, batch) for batch in batches]).mean()
        idle = torch.stack([loss(_Nothing(), batch) for batch in batches]).mean()
    medians = {name: float(torch.cat(errors).median()) for name, errors in rows.items()}
    said = ", ".join(f"{name} leaves {value:.1f} dB" for name, value in medians.items())
    count = sum(len(batch["sound"]) for batch in batches)
    return [
        f"beside the console, median of {count} held-out sounds and settings: {said}",
        f"loss on these: {spectra:.3f}, of doing nothing {idle:.3f}",
    ]


class _Nothing(nn.Module):
    def forward(self, sound: Tensor, settings: Tensor) -> Tensor:
        return sound


def draw_settings(console: DifferentiableConsole, count: int, rng: np.random.Generator) -> Tensor:
    """Settings of so many strips, `(count, strip_size)`, 0..1."""
    columns = [_drawn(control, count, rng) for control in console.strip_controls]
    return torch.tensor(np.stack(columns, axis=1), dtype=torch.float32)


def _drawn(control: Control, count: int, rng: np.random.Generator) -> np.ndarray:
    if control.name.endswith("_gain_db"):
        values = np.clip(rng.normal(0, EQ_SPREAD_DB, count), control.low, control.high)
        return np.array([control.to_normalised(float(value)) for value in values])
    name = "q" if control.name.endswith("_q") else control.name
    low, high = DRAWN.get(name, (control.low, control.high))
    return rng.uniform(control.to_normalised(low), control.to_normalised(high), count)


def _batch(
    crops: Crops,
    console: DifferentiableConsole,
    count: int,
    frames: int,
    rng: np.random.Generator,
) -> Batch:
    sound = torch.stack([_track(crops, frames, rng) for _ in range(count)])
    settings = draw_settings(console, count, rng)
    with torch.no_grad():
        wanted = emulated(console, sound, settings)
    return {"sound": sound, "settings": settings, "wanted": wanted}


def _track(crops: Crops, frames: int, rng: np.random.Generator) -> Tensor:
    """A track that sounds, at a level by chance, `(frames,)`."""
    crop = crops.draw(frames, rng)
    tracks = as_array(crop, channels=1)[:, 0]
    level = np.sqrt(np.square(tracks).mean(axis=1))
    place = rng.choice(np.flatnonzero(level > 0.1 * level.max()))
    wanted = 10 ** (rng.uniform(*LEVEL_RANGE_DB) / 20)
    return torch.from_numpy(tracks[place] * np.float32(wanted / max(level[place], 1e-9)))

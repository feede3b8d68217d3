"""Settings of a whole mixing chain recovered from a finished mix by gradient descent.

After Colonel and Reiss, "Reverse engineering of a recording mix with differentiable digital signal
processing", JASA 150(1), 2021, and its follow-up with compression: the parameters of a
differentiable console are moved until it turns the tracks into the mix. Reverb is one shared bus
("stereo reverb") or one room per track ("individual reverb"). The start is the gains and pans
that least squares recovers; what is returned leaves less unexplained than those, or is those.

The loss is the energy left over, in dB, of the waveforms: tracks and mix are the same recording,
so phase is evidence too, of filters and delays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from mixers.console import render
from mixers.controls import BusPart, StripPart
from mixers.differentiable import DifferentiableConsole
from mixers.multitrack import Multitrack, Samples
from mixers.reverse import recover_gains
from mixers.settings import (
    BusSettings,
    Compressor,
    EqBand,
    Reverb,
    Settings,
    TrackSettings,
)

ReverbKind = Literal["stereo", "individual"]
Progress = Callable[[int, int], None]

EXCERPT_S = 5.0
"""Longest stretch that is fitted: the one of most energy."""
RUN_IN_S = 1.0
"""Its beginning, which is heard but not compared: compressors and reverb come from before."""
LEARNING_RATE = 0.01
PATIENCE_STEPS = 30
"""Steps without a gain of `LEAST_GAIN_DB` after which the search ends."""
LEAST_GAIN_DB = 0.05
NUDGE = 0.002
"""Standard deviation of what is added to the start, on the scale of 0..1."""
MARGIN = 1e-4
"""Parameters stay this far inside 0..1, so that gradients reach them."""
ABOVE_HZ = 1_000.0

_STRIP: tuple[StripPart, ...] = ("gain", "high_pass", "eq", "compressor", "pan")
_BY_KIND: dict[ReverbKind, tuple[tuple[StripPart, ...], tuple[BusPart, ...]]] = {
    "stereo": ((*_STRIP, "send"), ("reverb",)),
    "individual": ((*_STRIP, "reverb"), ()),
}


@dataclass(frozen=True)
class RecoveredChain:
    """Settings of a chain, and how well they explain the mix.

    Attributes:
        settings: what to set the console to.
        residual_db: energy that they leave unexplained over the whole song, relative to the mix.
        baseline_db: the same of gains and pans alone (`mixers.reverse.recover_gains`).
        steps: of the search.
    """

    settings: Settings
    residual_db: float
    baseline_db: float
    steps: int


def recover_chain(
    multitrack: Multitrack,
    mix: Samples,
    seed: int,
    reverb: ReverbKind = "stereo",
    steps: int = 200,
    progress: Progress = lambda done, total: None,
) -> RecoveredChain:
    """Recover gain, pan, EQ, compressor and reverb of every track.

    Args:
        multitrack: the tracks, aligned with the mix.
        mix: `(2, frames)`, as long as the tracks.
        seed: of the small nudge to the start.
        reverb: one shared room, or one per track.
        steps: at most; fewer where nothing is gained any more.
        progress: is told steps done and at most to do.

    Raises:
        ValueError: as `recover_gains`, or `steps` is below 1.
    """
    if steps < 1:
        raise ValueError(f"{steps} steps: must be at least 1")
    baseline = recover_gains(multitrack, mix).settings
    start = recover_gains(multitrack, mix, ABOVE_HZ).settings
    strip, bus = _BY_KIND[reverb]
    console = DifferentiableConsole(multitrack.sample_rate_hz, strip, bus)
    search = _Search(console, _chain(start, reverb), multitrack, mix, seed)
    taken = search.run(steps, progress)
    names = [track.name for track in multitrack.tracks]
    found = console.settings(names, search.best_strips, search.best_bus if bus else None)
    candidates = [baseline, _louder_or_softer(found, multitrack, mix)]
    residuals = [residual_db(multitrack, mix, settings) for settings in candidates]
    best = int(np.argmin(residuals))
    return RecoveredChain(candidates[best], residuals[best], residuals[0], taken)


def residual_db(multitrack: Multitrack, mix: Samples, settings: Settings) -> float:
    """Energy of the mix that settings leave unexplained, relative to the mix; 0 dB is all."""
    error = render(multitrack, settings).samples.astype(np.float64) - mix
    energy = float(np.sum(mix.astype(np.float64) ** 2))
    return float(10 * np.log10(max(np.sum(error**2) / energy, 1e-20)))


class _Search:
    """Adam on the normalised parameters of one song's console."""

    def __init__(
        self,
        console: DifferentiableConsole,
        start: Settings,
        multitrack: Multitrack,
        mix: Samples,
        seed: int,
    ) -> None:
        first, last, run_in = _excerpt(mix, multitrack.sample_rate_hz)
        tracks = [
            np.broadcast_to(track.samples[:, first:last], (2, last - first))
            for track in multitrack.tracks
        ]
        self._tracks = torch.from_numpy(np.stack(tracks))[None]
        self._mix = torch.from_numpy(mix[:, first:last].copy())[None]
        self._run_in = run_in
        self._console = console
        random = torch.Generator().manual_seed(seed)
        strips, bus = console.parameters_of(start)
        self._raw = [
            _inside(value + NUDGE * torch.randn(value.shape, generator=random)).requires_grad_()
            for value in (strips[None], bus[None])
        ]
        self.best_strips, self.best_bus = strips, bus

    def run(self, steps: int, progress: Progress) -> int:
        """Search; returns the steps taken."""
        optimiser = torch.optim.Adam([raw for raw in self._raw if raw.numel()], LEARNING_RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, 0.1 * LEARNING_RATE)
        best_db, gained_at = np.inf, 0
        for step in range(steps):
            progress(step, steps)
            optimiser.zero_grad()
            loss = self._left_over_db()
            loss_db = loss.item()
            if loss_db < best_db - LEAST_GAIN_DB:
                gained_at = step
            if loss_db < best_db:
                best_db = loss_db
                self.best_strips, self.best_bus = (raw.detach()[0].clone() for raw in self._raw)
            if step - gained_at > PATIENCE_STEPS:
                break
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
            with torch.no_grad():
                for raw in self._raw:
                    raw.copy_(_inside(raw))
        progress(steps, steps)
        return step + 1

    def _left_over_db(self) -> Tensor:
        strips, bus = self._raw
        found = self._console(self._tracks, strips, bus if bus.numel() else None)
        error = (found - self._mix)[..., self._run_in :]
        energy = self._mix[..., self._run_in :].square().sum()
        return 10 * torch.log10(error.square().sum() / energy + 1e-9)


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


def _chain(gains: Settings, reverb: ReverbKind) -> Settings:
    """Gains and pans with everything else where it does little, but not nothing."""
    room = Reverb(decay_s=1.2, predelay_ms=20.0)
    return replace(
        gains,
        tracks=tuple(_strip(strip, reverb) for strip in gains.tracks),
        bus=BusSettings(room if reverb == "stereo" else None),
    )


def _strip(strip: TrackSettings, reverb: ReverbKind) -> TrackSettings:
    return replace(
        strip,
        gain_db=float(np.clip(strip.gain_db, -60, 60)),
        eq=(
            EqBand("high_pass", 30.0),
            EqBand("low_shelf", 100.0, 0.0),
            *(EqBand("peak", hz, 0.0, 0.707) for hz in (350.0, 1_000.0, 3_000.0)),
            EqBand("high_shelf", 8_000.0, 0.0),
        ),
        compressor=Compressor(threshold_db=-25.0, ratio=1.5, attack_ms=15.0, release_ms=150.0),
        reverb=Reverb(1.2, 20.0, 0.5, -25.0) if reverb == "individual" else None,
        send_db=-20.0 if reverb == "stereo" else None,
    )


def _louder_or_softer(settings: Settings, multitrack: Multitrack, mix: Samples) -> Settings:
    """The same mix as a whole at the level that fits best."""
    found = render(multitrack, settings).samples.astype(np.float64)
    energy = float(np.sum(found**2))
    factor = float(np.sum(found * mix)) / energy if energy > 0 else 0.0
    fader_db = float(np.clip(20 * np.log10(max(factor, 1e-3)), -20, 20))
    return replace(settings, bus=replace(settings.bus, fader_db=fader_db))

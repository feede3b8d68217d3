"""Settings of a whole mixing chain recovered from a finished mix by gradient descent.

After Colonel and Reiss, "Reverse engineering of a recording mix with differentiable digital signal
processing", JASA 150(1), 2021, and its follow-up with compression: the parameters of a
differentiable console are moved until it turns the tracks into the mix. Reverb is one shared bus
("stereo reverb") or one room per track ("individual reverb"). The start is the gains and pans
that least squares recovers; what is returned leaves less unexplained than those, or is those.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mixers.console import render
from mixers.controls import BusPart, StripPart
from mixers.descent import Descent, Progress, Search
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
    plan: Descent,
    reverb: ReverbKind = "stereo",
    progress: Progress = lambda done, total: None,
) -> RecoveredChain:
    """Recover gain, pan, EQ, compressor and reverb of every track.

    Args:
        multitrack: the tracks, aligned with the mix.
        mix: `(2, frames)`, as long as the tracks.
        plan: of the search.
        reverb: one shared room, or one per track.
        progress: is told steps done and at most to do.

    Raises:
        ValueError: as `recover_gains` and `Search.run`, or there is no such device.
    """
    baseline = recover_gains(multitrack, mix).settings
    start = recover_gains(multitrack, mix, ABOVE_HZ).settings
    strip, bus = _BY_KIND[reverb]
    console = DifferentiableConsole(multitrack.sample_rate_hz, strip, bus)
    search = Search(console, _chain(start, reverb), multitrack, mix, plan)
    taken = search.run(progress)
    names = [track.name for track in multitrack.tracks]
    found = console.settings(names, search.best_strips, search.best_bus if bus else None)
    candidates = [baseline, _louder_or_softer(found, multitrack, mix)]
    residuals = [residual_db(multitrack, mix, settings) for settings in candidates]
    best = int(np.argmin(residuals))
    return RecoveredChain(candidates[best], residuals[best], residuals[0], taken)


def residual_db(multitrack: Multitrack, mix: Samples, settings: Settings) -> float:
    """Energy of the mix that settings leave unexplained, relative to the mix; 0 dB is all."""
    error = render(multitrack, settings).samples
    error -= mix
    return float(10 * np.log10(max(_product(error, error) / _product(mix, mix), 1e-20)))


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
    found = render(multitrack, settings).samples
    energy = _product(found, found)
    factor = _product(found, mix) / energy if energy > 0 else 0.0
    fader_db = float(np.clip(20 * np.log10(max(factor, 1e-3)), -20, 20))
    return replace(settings, bus=replace(settings.bus, fader_db=fader_db))


def _product(one: Samples, other: Samples) -> float:
    """The inner product in double precision, without copies of long songs."""
    return float(np.einsum("cf,cf->", one, other, dtype=np.float64))

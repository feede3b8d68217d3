"""Both paths of the console on recorded music."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from mixers.console import render
from mixers.controls import BUS, STRIP
from mixers.differentiable import DifferentiableConsole
from mixers.multitrack import Multitrack, Track
from mixers.settings import Compressor, Settings, TrackSettings

# Sounds of a moment: handing them between threads would take longer than they do.
torch.set_num_threads(1)

BAND = Path(__file__).resolve().parents[2].parent / "shared" / "multitracks" / "webaudio_band"
NAMES = ("bassguitar", "clav", "drums", "horns", "leadguitar")
SECONDS = 6


@pytest.fixture(scope="module")
def band() -> Multitrack:
    """The first seconds in which all play."""
    if not BAND.is_dir():
        pytest.skip("the recordings of the band are not on this machine")
    tracks, rate_hz = [], 0
    for name in NAMES:
        samples, rate_hz = soundfile.read(BAND / f"{name}.mp3", dtype="float32", always_2d=True)
        part = samples.T[:, 10 * rate_hz : (10 + SECONDS) * rate_hz]
        tracks.append(Track(name, "unknown", np.ascontiguousarray(part[:2])))
    return Multitrack("band", rate_hz, tuple(tracks))


def stacked(band: Multitrack) -> torch.Tensor:
    """`(1, tracks, 2, frames)`."""
    pairs = [np.broadcast_to(track.samples, (2, band.frames)) for track in band.tracks]
    return torch.from_numpy(np.stack(pairs)[None].copy())


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))]
)
def test_the_paths_agree_to_60_db(band: Multitrack, seed: int) -> None:
    console = DifferentiableConsole(band.sample_rate_hz, tuple(STRIP), tuple(BUS))
    generator = torch.Generator().manual_seed(seed)
    strips = torch.rand(1, len(NAMES), console.strip_size, generator=generator)
    bus = torch.rand(1, console.bus_size, generator=generator)
    # Gains of any size would leave one track alone to be heard.
    strips[..., 0] = 0.5
    # Loud enough for the limiter.
    bus[..., -2] = 1.0
    ours = console(stacked(band), strips, bus)[0].numpy()
    offline = render(band, console.settings(NAMES, strips[0], bus[0])).samples
    assert np.linalg.norm(ours - offline) < 1e-3 * np.linalg.norm(offline)


def test_side_chains_agree_to_60_db(band: Multitrack) -> None:
    ducked = Compressor(-40, 6, 5, 150, 4, 2, sidechain="drums")
    settings = Settings(
        tuple(
            TrackSettings(name, gain_db=-40, compressor=ducked if name == "clav" else None)
            for name in NAMES
        )
    )
    console = DifferentiableConsole(band.sample_rate_hz, ("gain", "compressor", "pan"))
    (strips, _), keys = console.parameters_of(settings), console.keys_of(settings)
    ours = console(stacked(band), strips[None], keys=keys[None])[0].numpy()
    offline = render(band, settings).samples
    assert np.linalg.norm(ours - offline) < 1e-3 * np.linalg.norm(offline)

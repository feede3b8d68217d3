"""The controllers of `dmc` and `ddsp`: promises on tracks, order, level, rate and files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mixers.checkpoints import Header, save_weights
from mixers.controller import Controller, LearnedMixer, levelling_gains, set_console
from mixers.ddsp import DdspConfig, DdspController, DdspMixer
from mixers.dmc import DmcConfig, DmcController, DmcMixer
from mixers.multitrack import Multitrack, Track
from mixers.settings import TrackSettings, settings_from_json, settings_to_json

Make = Callable[[int], Controller]
RATE_HZ = 44_100


def dmc(rate_hz: int) -> Controller:
    return DmcController(DmcConfig(rate_hz))


def dmc_gain_pan(rate_hz: int) -> Controller:
    return DmcController(DmcConfig(rate_hz, "gain-pan"))


def dmc_tcn(rate_hz: int) -> Controller:
    return DmcController(DmcConfig(rate_hz, "tcn"))


def ddsp(rate_hz: int) -> Controller:
    return DdspController(DdspConfig(rate_hz))


@pytest.fixture(params=[dmc, dmc_gain_pan, dmc_tcn, ddsp])
def controller(request: pytest.FixtureRequest) -> Controller:
    """An untrained controller, whose weights say something of every track all the same."""
    torch.manual_seed(1)
    made: Controller = request.param(RATE_HZ)
    with torch.no_grad():
        for weights in made.parameters():
            weights.add_(0.1 * torch.randn_like(weights))
    return made.eval()


def heard(tracks: int, seed: int = 0, batch: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    patches = torch.randn(batch, tracks, 2, 96, 64, generator=generator) - 1.5
    return patches, torch.ones(batch, tracks, dtype=torch.bool)


def song(tracks: int, frames: int = 60_000, rate_hz: int = RATE_HZ, seed: int = 0) -> Multitrack:
    rng = np.random.default_rng(seed)
    made = []
    for n in range(tracks):
        colour = np.cumsum(rng.standard_normal((1 + n % 2, frames)), axis=1) % 1.0 - 0.5
        sound = (0.05 * (1 + n) * colour).astype(np.float32)
        made.append(Track(f"track {n}", "unknown", sound))
    return Multitrack("song", rate_hz, tuple(made))


@torch.inference_mode()
def test_the_order_of_tracks_changes_nothing(controller: Controller) -> None:
    patches, sounds = heard(7)
    order = torch.randperm(7, generator=torch.Generator().manual_seed(3))
    strips, bus = controller(patches, sounds)
    turned, turned_bus = controller(patches[:, order], sounds)
    assert strips.std(dim=1).max() > 1e-3  # Tracks are told apart.
    torch.testing.assert_close(turned, strips[:, order], atol=1e-5, rtol=0)
    torch.testing.assert_close(turned_bus, bus, atol=1e-5, rtol=0)


@torch.inference_mode()
@pytest.mark.parametrize("tracks", [1, 2, 8, 32])
def test_one_network_takes_any_number_of_tracks(controller: Controller, tracks: int) -> None:
    strips, bus = controller(*heard(tracks))
    assert strips.shape == (1, tracks, controller.console.strip_size)
    assert bus.shape == (1, controller.console.bus_size)
    for numbers in (strips, bus):
        assert ((numbers >= 0) & (numbers <= 1)).all()


@torch.inference_mode()
def test_tracks_that_are_not_there_change_nothing(controller: Controller) -> None:
    patches, sounds = heard(5)
    more, _ = heard(8, seed=4)
    padded = torch.cat([patches, more[:, 5:]], dim=1)
    strips, bus = controller(padded, torch.arange(8)[None] < 5)
    alone, alone_bus = controller(patches, sounds)
    torch.testing.assert_close(strips[:, :5], alone, atol=1e-5, rtol=0)
    torch.testing.assert_close(bus, alone_bus, atol=1e-5, rtol=0)


@torch.inference_mode()
def test_each_decision_knows_the_other_tracks(controller: Controller) -> None:
    patches, sounds = heard(4)
    other = torch.cat([patches[:, :3], heard(1, seed=9)[0]], dim=1)
    first, changed = (controller(p, sounds)[0][0, 0] for p in (patches, other))
    assert (first - changed).abs().max() > 1e-4


def test_the_level_of_a_recording_does_not_matter(controller: Controller) -> None:
    before = song(4)
    louder = [
        replace(track, samples=track.samples * np.float32(10 ** (n / 2)))
        for n, track in enumerate(before.tracks)
    ]
    one, two = (set_console(controller, m) for m in (before, replace(before, tracks=tuple(louder))))
    for n, (strip, turned) in enumerate(zip(one.tracks, two.tracks, strict=True)):
        assert turned.gain_db == pytest.approx(strip.gain_db - 10 * n, abs=0.01)
        assert turned.pan == pytest.approx(strip.pan, abs=1e-4)


def test_silent_tracks_are_as_good_as_absent(controller: Controller) -> None:
    some = song(3)
    silence = Track("silence", "unknown", np.zeros((1, some.frames), dtype=np.float32))
    more = replace(some, tracks=(some.tracks[0], silence, *some.tracks[1:]))
    settings = set_console(controller, more)
    assert settings.tracks[1] == TrackSettings("silence")
    assert settings.tracks[:1] + settings.tracks[2:] == set_console(controller, some).tracks
    nothing = replace(some, tracks=(silence,))
    assert set_console(controller, nothing).tracks == (TrackSettings("silence"),)


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 96_000])
@pytest.mark.parametrize("make", [dmc, ddsp])
def test_settings_can_be_kept_and_rendered_at_any_rate(
    make: Make, rate_hz: int, tmp_path: Path
) -> None:
    torch.manual_seed(2)
    mixer = {dmc: DmcMixer, ddsp: DdspMixer}[make](_saved(make(RATE_HZ), tmp_path / "weights"))
    some = song(3, frames=rate_hz // 2, rate_hz=rate_hz)
    mix = mixer.mix(some, 0)
    assert mix.system == mixer.name
    assert mix.samples.shape == (2, some.frames)
    assert np.isfinite(mix.samples).all()
    assert mix.samples.any()
    assert mix.settings is not None
    assert settings_from_json(settings_to_json(mix.settings)) == mix.settings
    assert mixer.songs_ == ("one",)


def test_levels_are_those_of_the_standard() -> None:
    some = song(2)
    levels = levelling_gains(some)
    again = replace(
        some,
        tracks=tuple(
            replace(track, samples=track.samples * np.float32(10 ** (gain_db / 20)))
            for track, gain_db in zip(some.tracks, levels, strict=True)
        ),
    )
    np.testing.assert_allclose(levelling_gains(again), 0, atol=0.01)


@pytest.mark.parametrize(
    ("architecture", "change", "answer"),
    [
        ("ddsp", {}, "holds weights of ddsp, not of dmc"),
        ("dmc", {"postprocessor.0.weight": torch.zeros(3, 3)}, "does not fit the network"),
    ],
)
def test_weights_of_another_network_are_refused(
    architecture: str, change: dict[str, Tensor], answer: str, tmp_path: Path
) -> None:
    path = tmp_path / "weights"
    tensors = dict(dmc(RATE_HZ).state_dict()) | change
    save_weights(path, tensors, Header(architecture, asdict(DmcConfig())))
    with pytest.raises(ValueError, match=answer):
        DmcMixer(path).mix(song(2), 0)


def test_damaged_and_missing_weights_are_refused(tmp_path: Path) -> None:
    path = _saved(dmc(RATE_HZ), tmp_path / "weights")
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(ValueError, match="damaged"):
        DmcMixer(path).mix(song(1), 0)
    with pytest.raises(FileNotFoundError, match="no weights at"):
        DmcMixer(tmp_path / "none").mix(song(1), 0)


def test_the_base_leaves_the_decision_to_its_subclasses() -> None:
    base = Controller(dmc(RATE_HZ).console)
    with pytest.raises(NotImplementedError):
        base(*heard(1))
    with pytest.raises(NotImplementedError):
        _Unnamed(Path("none")).build({})


class _Unnamed(LearnedMixer):
    name = "unnamed"


def _saved(controller: Controller, path: Path) -> Path:
    config: Any = {DmcController: DmcConfig, DdspController: DdspConfig}[type(controller)]()
    name = {DmcController: "dmc", DdspController: "ddsp"}[type(controller)]
    save_weights(path, controller.state_dict(), Header(name, asdict(config), {"songs": ["one"]}))
    return path


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("mixer", [DmcMixer(), DdspMixer()], ids=["dmc", "ddsp"])
def test_cuda_agrees_with_the_cpu(mixer: LearnedMixer) -> None:
    multitrack = song(3)
    mixer.settings(multitrack)
    with_cuda = set_console(mixer.controller_.cuda(), multitrack)
    alone = set_console(mixer.controller_.cpu(), multitrack)
    for one, other in zip(with_cuda.tracks, alone.tracks, strict=True):
        assert one.gain_db == pytest.approx(other.gain_db, abs=1e-2)
        assert one.pan == pytest.approx(other.pan, abs=1e-4)

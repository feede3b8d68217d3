"""The proxy of the channel strip: what it hears, how it is steered, and how it mixes."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from mixers.checkpoints import Header, save_weights
from mixers.differentiable import DifferentiableConsole
from mixers.dmc import DmcConfig, DmcController
from mixers.tcn import (
    ARCHITECTURE,
    STRIP,
    Tcn,
    TcnConfig,
    emulated,
    error_db,
    load_proxy,
    mix_through,
)

SMALL = TcnConfig(blocks=3, channels=4, kernel=5, conditioning=8)


def proxy(config: TcnConfig = SMALL) -> Tcn:
    torch.manual_seed(0)
    network = Tcn(config).eval()
    with torch.no_grad():
        for weights in network.parameters():
            weights.add_(0.2 * torch.randn_like(weights))
    return network


def sounds(count: int, frames: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn(count, frames, generator=generator)


def strips(network: Tcn, count: int, seed: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, network.console.strip_size, generator=generator)


@pytest.mark.parametrize(("blocks", "frames"), [(10, 14_323), (20, 28_645), (30, 42_967)])
def test_the_sizes_of_the_authors_hear_so_far_back(blocks: int, frames: int) -> None:
    assert Tcn(TcnConfig(blocks=blocks, channels=1)).receptive_frames == frames


@torch.no_grad()
def test_an_output_hears_its_receptive_field_and_nothing_to_come() -> None:
    network, sound = proxy(), sounds(1, 200)
    told = strips(network, 1)
    at, reach = 150, network.receptive_frames
    plain = network(sound, told)
    heard = []
    for place in range(200):
        touched = sound.clone()
        touched[0, place] += 1
        if network(touched, told)[0, at] != plain[0, at]:
            heard.append(place)
    assert (heard[0], heard[-1]) == (at - reach + 1, at)
    assert reach == 1 + 4 * (1 + 2 + 4)


@torch.no_grad()
def test_settings_steer_the_sound() -> None:
    network, sound = proxy(), sounds(2, 300)
    told = strips(network, 2)
    assert not torch.allclose(network(sound, told), network(sound, told.flip(0)))


def test_emulated_is_the_strip_alone() -> None:
    network = proxy()
    console = network.console
    nothing = torch.tensor(
        [[control.to_normalised(control.neutral) for control in console.strip_controls]]
    )
    sound = sounds(1, 4_000)
    torch.testing.assert_close(emulated(console, sound, nothing), sound, atol=2e-5, rtol=0)


@torch.no_grad()
def test_a_perfect_proxy_would_mix_as_the_console_does(monkeypatch: pytest.MonkeyPatch) -> None:
    console = DifferentiableConsole(44_100, ("gain", *STRIP, "pan"))
    network = proxy()
    monkeypatch.setattr(
        Tcn, "forward", lambda self, sound, told: emulated(self.console, sound, told)
    )
    tracks = sounds(6, 3_000).reshape(2, 3, 1, 3_000)
    tracks[1, 2] = 0
    settings = torch.rand(2, 3, console.strip_size, generator=torch.Generator().manual_seed(2))
    # Levels that a float can hold to the last bits.
    settings[..., 0] = 0.45 + 0.1 * settings[..., 0]
    mix = mix_through(network, console, tracks, settings)
    wanted = console(tracks, settings)
    assert float((mix - wanted).norm() / wanted.norm()) < 1e-4


@torch.no_grad()
def test_silent_tracks_add_nothing() -> None:
    console = DifferentiableConsole(44_100, ("gain", *STRIP, "pan"))
    tracks = torch.cat([sounds(1, 500)[None, :, None], torch.zeros(1, 1, 1, 500)], dim=1)
    settings = torch.rand(1, 2, console.strip_size)
    alone = mix_through(proxy(), console, tracks[:, :1], settings[:, :1])
    torch.testing.assert_close(mix_through(proxy(), console, tracks, settings), alone)


def test_the_proxy_is_frozen_and_stored_apart(tmp_path: Path) -> None:
    path = tmp_path / "tcn"
    save_weights(path, proxy().state_dict(), Header(ARCHITECTURE, asdict(SMALL)))
    loaded = load_proxy(path)
    assert not any(weights.requires_grad for weights in loaded.parameters())
    controller = DmcController(DmcConfig(transformation="tcn"), loaded)
    assert controller.state_dict().keys() == (
        DmcController(DmcConfig(transformation="tcn")).state_dict().keys()
    )
    settings = torch.rand(1, 1, controller.console.strip_size, requires_grad=True)
    mix = controller.transform(sounds(1, 400)[None, :, None], settings, torch.zeros(1, 0))
    mix.square().mean().backward()
    assert settings.grad is not None
    assert (settings.grad.abs() > 0).any()
    with pytest.raises(ValueError, match=r"taught at 44100 Hz, the songs have 48000 Hz"):
        DmcController(DmcConfig(48_000, "tcn"), loaded)


def test_error_is_in_db_of_what_is_wanted() -> None:
    wanted = sounds(3, 1_000)
    torch.testing.assert_close(error_db(1.1 * wanted, wanted), torch.full((3,), -20.0))
    assert float(error_db(wanted, wanted).max()) == -120


def test_no_size_is_nothing() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        replace(SMALL, blocks=0)


def test_the_proxy_that_ships_is_the_smallest_of_the_authors() -> None:
    shipped = load_proxy()
    assert shipped.config.blocks == 10
    assert shipped.config.sample_rate_hz == 44_100

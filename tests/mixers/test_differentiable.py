"""The torch console and the offline console make one mix of one set of parameters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from mixers.console import render
from mixers.controls import BUS, STRIP
from mixers.differentiable import DifferentiableConsole
from mixers.loudness import true_peak
from mixers.multitrack import Multitrack, Track
from mixers.settings import BusSettings, EqBand, Reverb, Settings, TrackSettings

# Sounds of a moment: handing them between threads would take longer than they do.
torch.set_num_threads(1)

RATE_HZ = 22_050
NAMES = ("kick", "pad", "vox")


def full(**options: object) -> DifferentiableConsole:
    return DifferentiableConsole(RATE_HZ, tuple(STRIP), tuple(BUS), **options)  # type: ignore[arg-type]


@pytest.fixture
def tracks() -> Tensor:
    """Bursts of noise that die away, `(1, 3, 2, frames)`."""
    rng = np.random.default_rng(4)
    fall = np.exp(-np.arange(RATE_HZ) % 8000 / 2000.0)
    noise = rng.standard_normal((1, 3, 2, RATE_HZ)) * 0.2 * fall
    return torch.from_numpy(noise.astype(np.float32))


def parameters(console: DifferentiableConsole, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    strips = torch.rand(1, len(NAMES), console.strip_size, generator=generator)
    bus = torch.rand(1, console.bus_size, generator=generator)
    return 0.2 + 0.6 * strips, loud(console, 0.2 + 0.6 * bus)


def loud(console: DifferentiableConsole, bus: Tensor) -> Tensor:
    """The bus with its fader so far up, and its ceiling so far down, that the limiter works."""
    names = [control.name for control in console.bus_controls]
    bus[..., names.index("fader_db")] = 1.0
    bus[..., names.index("ceiling_dbtp")] *= 0.3
    return bus


def song(tracks: Tensor) -> Multitrack:
    return Multitrack(
        "bursts",
        RATE_HZ,
        tuple(
            Track(name, "unknown", samples.numpy())
            for name, samples in zip(NAMES, tracks[0], strict=True)
        ),
    )


@pytest.mark.parametrize("seed", range(4))
def test_both_paths_agree(tracks: Tensor, seed: int) -> None:
    console = full(pan_law="compromise")
    strips, bus = parameters(console, seed)
    ours = console(tracks, strips, bus)[0].numpy()
    settings = console.settings(NAMES, strips[0], bus[0])
    offline = render(song(tracks), settings).samples
    assert true_peak(offline, RATE_HZ) == pytest.approx(settings.bus.ceiling_dbtp, abs=0.1)
    assert np.linalg.norm(ours - offline) < 1e-3 * np.linalg.norm(offline)


@pytest.mark.parametrize("seed", range(2))
def test_both_paths_agree_on_side_chains(tracks: Tensor, seed: int) -> None:
    console = full()
    strips, bus = parameters(console, seed)
    keys = torch.tensor([[0, 0, 1]])
    ours = console(tracks, strips, bus, keys)
    settings = console.settings(NAMES, strips[0], bus[0], keys[0])
    offline = render(song(tracks), settings).samples
    assert [strip.compressor and strip.compressor.sidechain for strip in settings.tracks] == [
        None,
        "kick",
        "pad",
    ]
    assert torch.equal(console.keys_of(settings), keys[0])
    assert np.linalg.norm(ours[0].numpy() - offline) < 1e-3 * np.linalg.norm(offline)
    assert not torch.allclose(ours, console(tracks, strips, bus), rtol=1e-2)


def test_each_song_of_a_batch_has_its_own_side_chains(tracks: Tensor) -> None:
    console = full()
    strips, bus = parameters(console, 3)
    sound = tracks[..., :4000]
    keys = torch.tensor([[0, 0, 1], [2, 1, 0]])
    both = console(sound.repeat(2, 1, 1, 1), strips.repeat(2, 1, 1), bus.repeat(2, 1), keys)
    for n in range(2):
        torch.testing.assert_close(both[n], console(sound, strips, bus, keys[n : n + 1])[0])


def test_settings_and_parameters_are_one_thing() -> None:
    console = full()
    strips, bus = parameters(console, 1)
    settings = console.settings(NAMES, strips[0], bus[0])
    strips_again, bus_again = console.parameters_of(settings)
    polarity = [c.name for c in console.strip_controls].index("polarity")
    kept = [i for i in range(console.strip_size) if i != polarity]
    torch.testing.assert_close(strips_again[:, kept], strips[0][:, kept])
    torch.testing.assert_close(bus_again, bus[0])
    assert set(strips_again[:, polarity].tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("keys", [None, torch.tensor([[1, 0]])], ids=["own", "side chains"])
def test_gradients_of_the_whole_console_are_right(tracks: Tensor, keys: Tensor | None) -> None:
    # Polarity hands on the gradient of what it rounds, by design.
    parts = tuple(part for part in STRIP if part != "polarity")
    console = DifferentiableConsole(8_000, parts, tuple(BUS), "compromise")
    generator = torch.Generator().manual_seed(5)
    # Decays of a tenth of a second keep this quick; the check tries every number in turn.
    strips = torch.rand(1, 2, console.strip_size, generator=generator, dtype=torch.float64)
    bus = torch.rand(1, console.bus_size, generator=generator, dtype=torch.float64) * 0.1
    bus = loud(console, bus)
    sound = tracks[:, :2, :, :64].double()
    inputs = [tensor.requires_grad_() for tensor in (sound, strips, bus)]
    assert torch.autograd.gradcheck(lambda *x: console(*x, keys), inputs, fast_mode=True)


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_the_ends_are_settings_with_finite_gradients(tracks: Tensor, end: float) -> None:
    console = full()
    strips = torch.full((1, len(NAMES), console.strip_size), end, requires_grad=True)
    bus = torch.full((1, console.bus_size), end, requires_grad=True)
    console.settings(NAMES, strips[0], bus[0])
    for sound in (tracks[..., :4000], torch.zeros(1, 3, 2, 4000), torch.ones(1, 3, 2, 4000)):
        strips.grad = bus.grad = None
        (console(sound, strips, bus) ** 2).mean().backward()
        for tensor in (strips, bus):
            assert tensor.grad is not None
            assert torch.isfinite(tensor.grad).all()


def test_every_parameter_is_heard(tracks: Tensor) -> None:
    console = full()
    strips, bus = (p.requires_grad_() for p in parameters(console, 2))
    (console(tracks, strips, bus) ** 2).mean().backward()
    for tensor in (strips, bus):
        assert tensor.grad is not None
        assert tensor.grad.ne(0).all()


def test_tracks_come_in_any_order_and_silent_ones_add_nothing(tracks: Tensor) -> None:
    console = full()
    strips, bus = parameters(console, 3)
    mix = console(tracks, strips, bus)
    turned = console(tracks.flip(1), strips.flip(1), bus)
    padded = console(
        torch.nn.functional.pad(tracks, (0, 0, 0, 0, 0, 2)), strips[:, [0, 1, 2, 0, 1]], bus
    )
    torch.testing.assert_close(turned, mix)
    torch.testing.assert_close(padded, mix)


def test_mono_is_stereo_with_equal_sides(tracks: Tensor) -> None:
    console = full()
    strips, bus = parameters(console, 3)
    mono = tracks[:, :, :1]
    torch.testing.assert_close(
        console(mono, strips, bus), console(mono.expand(-1, -1, 2, -1), strips, bus)
    )


def test_what_settings_leave_out_does_least() -> None:
    console = full()
    settings = Settings((TrackSettings("kick", gain_db=3.0),))
    strips, bus = console.parameters_of(settings)
    values = console.units(strips)
    assert values["gain_db"].item() == pytest.approx(3, abs=1e-4)
    assert values["ratio"].item() == pytest.approx(1)
    assert values["send_db"].item() == pytest.approx(-96)
    assert console.bus_units(bus[None])["fader_db"].item() == pytest.approx(0, abs=1e-4)
    assert console.bus_units(bus[None])["ceiling_dbtp"].item() == pytest.approx(0, abs=1e-4)
    assert console.keys_of(settings).tolist() == [0]


KICK = TrackSettings("kick")


@pytest.mark.parametrize(
    ("strip", "message"),
    [
        (replace(KICK, gain_db=-80.0), "gain_db is -80.0, the differentiable console reaches"),
        (replace(KICK, eq=(EqBand("low_shelf", 100),) * 2), "more low_shelf filters"),
        (replace(KICK, eq=(EqBand("high_pass", 100, q=2.0),)), "q of high_pass is 2.0"),
    ],
)
def test_settings_beyond_the_console_are_refused(strip: TrackSettings, message: str) -> None:
    with pytest.raises(ValueError, match=f"track 'kick'.*{message}"):
        full().parameters_of(Settings((strip,)))


def test_parts_that_are_not_there_are_refused() -> None:
    console = DifferentiableConsole(RATE_HZ)
    with pytest.raises(ValueError, match="track 'kick': the console has no reverb_decay_s"):
        console.parameters_of(Settings((replace(KICK, reverb=Reverb()),)))
    with pytest.raises(ValueError, match="bus: the console has no ceiling_dbtp"):
        console.parameters_of(Settings((KICK,), BusSettings(ceiling_dbtp=-1.0)))
    with pytest.raises(ValueError, match="pan by linear, the console constant_power"):
        console.parameters_of(Settings((KICK,), pan_law="linear"))
    with pytest.raises(ValueError, match="no part echo"):
        DifferentiableConsole(RATE_HZ, ("gain", "echo"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="send, but the bus has no reverb"):
        DifferentiableConsole(RATE_HZ, ("send",))
    with pytest.raises(ValueError, match="3 parameters, the console has 2: gain_db, pan"):
        console(torch.zeros(1, 1, 1, 8), torch.zeros(1, 1, 3))
    with pytest.raises(ValueError, match="0 parameters, the console has 6: reverb_decay_s"):
        full()(torch.zeros(1, 1, 1, 8), torch.zeros(1, 1, full().strip_size))


def test_descent_finds_what_was_set(tracks: Tensor) -> None:
    console = DifferentiableConsole(RATE_HZ, ("gain", "eq", "compressor", "pan"))
    truth, _ = parameters(full(), 7)
    truth = truth[..., : console.strip_size]
    sound = tracks[..., :1, :3000]
    wanted = console(sound, truth)
    raw = torch.zeros_like(truth, requires_grad=True)
    optimiser = torch.optim.Adam([raw], lr=0.15)
    losses = []
    for _ in range(50):
        optimiser.zero_grad()
        loss = ((console(sound, torch.sigmoid(raw)) - wanted) ** 2).sum() / (wanted**2).sum()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]

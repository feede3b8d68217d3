"""The differentiable processors: right gradients, finite everywhere, equal to the offline ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from scipy import signal
from torch import Tensor

from mixers import functional
from mixers.console import pan_gains
from mixers.cookbook import biquad
from mixers.dynamics import Dynamics
from mixers.limiter import Limiter
from mixers.loudness import true_peak
from mixers.recursion import detect_level, filter_section, scan_detector, scan_detector_gradients
from mixers.room import room_response
from mixers.settings import RANGES, Compressor, EqBand, EqKind, PanLaw, Reverb

# Sounds of a moment: handing them between threads would take longer than they do.
torch.set_num_threads(1)

RATE_HZ = 44_100
LAWS: list[PanLaw] = ["constant_power", "linear", "compromise"]
KINDS: list[EqKind] = ["high_pass", "low_shelf", "peak", "high_shelf"]


def sound(channels: int = 2, frames: int = 32, seed: int = 0) -> Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.uniform(-1, 1, (2, channels, frames)))


def values(*numbers: float) -> Tensor:
    """One parameter of two sounds."""
    return torch.tensor(numbers, dtype=torch.float64, requires_grad=True)


def equalised(kind: EqKind, x: Tensor, frequency_hz: Tensor, gain_db: Tensor, q: Tensor) -> Tensor:
    sections = functional.section(kind, frequency_hz, gain_db, q, RATE_HZ)
    return functional.equalise(x, sections[:, None])


def roomy(x: Tensor, *parameters: Tensor) -> Tensor:
    return functional.reverberate(x, functional.room(*parameters, 8000))


PROCESSORS: dict[str, tuple[Callable[..., Tensor], tuple[Tensor, ...]]] = {
    "gain": (functional.gain, (values(-6, 3),)),
    "polarity": (functional.polarity, (values(1, -1),)),
    **{f"pan {law}": (partial(functional.pan, law=law), (values(-0.3, 0.8),)) for law in LAWS},
    **{
        kind: (
            partial(equalised, kind),
            (values(900, 9000), values(-7, 5), values(0.7, 3)),
        )
        for kind in KINDS
    },
    "compressor": (
        lambda x, *p: functional.compress(x, *p, RATE_HZ),
        (values(-30, -9), values(3, 8), values(0.2, 0.5), values(5, 9), values(6, 9), values(2, 1)),
    ),
    "limiter": (lambda x, *p: functional.limit(x, *p, RATE_HZ), (values(-6, -20),)),
    "reverb": (roomy, (values(0.11, 0.14), values(1.1, 0.3), values(0.4, 0.8), values(-3, 2))),
}  # fmt: skip


@pytest.mark.parametrize("name", PROCESSORS)
def test_gradients_are_right(name: str) -> None:
    processor, parameters = PROCESSORS[name]
    # Differences in steps of 1e-6 cross no kink of the compressor with these sounds.
    torch.autograd.gradcheck(processor, (sound().requires_grad_(), *parameters))


def test_gradients_of_a_side_chain_are_right() -> None:
    parameters = PROCESSORS["compressor"][1]
    key = sound(1, seed=3).requires_grad_()
    torch.autograd.gradcheck(
        lambda x, key: functional.compress(x, *parameters, RATE_HZ, key),
        (sound().requires_grad_(), key),
    )


ENDS: dict[str, list[str]] = {
    "gain": ["gain_db"],
    "compressor": ["threshold_db", "ratio", "attack_ms", "release_ms", "knee_db", "makeup_db"],
    "limiter": ["ceiling_dbtp"],
    "reverb": ["decay_s", "predelay_ms", "brightness", "wet_db"],
    **{f"pan {law}": ["pan"] for law in LAWS},
    **{kind: ["frequency_hz", "eq_gain_db", "q"] for kind in KINDS},
}


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("level", [0.0, 1e-30, 1.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_are_finite_at_every_end(name: str, level: float, dtype: torch.dtype) -> None:
    processor, _ = PROCESSORS[name]
    square = torch.where(torch.arange(4000) % 100 < 50, level, -level)
    for ends in ((0, 1), (1, 0)):
        parameters = [
            torch.tensor([RANGES[key][end] for end in ends], dtype=dtype, requires_grad=True)
            for key in ENDS[name]
        ]
        x = square.to(dtype).expand(2, 2, -1).clone().requires_grad_()
        out = processor(x, *parameters)
        gradients = torch.autograd.grad(
            (out**2).sum(), (x, *parameters), allow_unused=True, materialize_grads=True
        )
        assert torch.isfinite(out).all()
        for gradient in gradients:
            assert torch.isfinite(gradient).all()
        if level == 0.0:
            assert not out.any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", [functional.equalise, functional.equalise_by_fft])
@pytest.mark.parametrize("frequency_hz", [20.0, 1000.0, 15_000.0])
def test_filters_agree_with_scipy(
    kind: EqKind, way: Callable[[Tensor, Tensor], Tensor], frequency_hz: float
) -> None:
    band = EqBand(kind, frequency_hz, 0.0 if kind == "high_pass" else -8.0, 2.0)
    b0, b1, b2, a1, a2 = biquad(band, RATE_HZ)
    x = sound(frames=RATE_HZ).float()
    ours = way(
        x,
        functional.section(
            kind, *(torch.full((2,), v) for v in (frequency_hz, band.gain_db, band.q)), RATE_HZ
        )[:, None],
    )
    theirs = signal.lfilter([b0, b1, b2], [1, a1, a2], x.double().numpy())
    assert np.linalg.norm(ours.numpy() - theirs) < 1e-5 * np.linalg.norm(theirs)


@pytest.mark.parametrize("law", LAWS)
def test_pans_agree_with_the_offline_console(law: PanLaw) -> None:
    for pan in (-1.0, -0.4, 0.0, 0.7, 1.0):
        sides = functional.pan(torch.ones(1, 1), torch.tensor(pan), law)[:, 0]
        np.testing.assert_allclose(sides.numpy(), pan_gains(pan, law), atol=1e-6)


@pytest.mark.parametrize("knee_db", [0.0, 10.0])
def test_the_compressor_agrees_with_the_offline_one(knee_db: float) -> None:
    settings = Compressor(-20, 4, 2, 80, knee_db, 3)
    x = sound(frames=RATE_HZ // 2).float()
    numbers = (-20, 4, 2, 80, knee_db, 3)
    ours = functional.compress(x, *(torch.full((2,), float(v)) for v in numbers), RATE_HZ)
    theirs = [Dynamics(settings, RATE_HZ).process(one, one) for one in x.numpy()]
    assert np.linalg.norm(ours.numpy() - theirs) < 1e-5 * np.linalg.norm(theirs)


@pytest.mark.parametrize("reverb", [Reverb(), Reverb(0.1, 0, 0, -20), Reverb(3, 77.7, 1, 3)])
def test_rooms_agree_with_the_offline_ones(reverb: Reverb) -> None:
    numbers = (reverb.decay_s, reverb.predelay_ms, reverb.brightness, reverb.wet_db)
    ours = functional.room(*(torch.tensor(float(v)) for v in numbers), RATE_HZ).numpy()
    theirs = room_response(reverb, RATE_HZ)
    np.testing.assert_allclose(ours.shape[1], theirs.shape[1], atol=1)
    frames = min(ours.shape[1], theirs.shape[1])
    error = np.linalg.norm(ours[:, :frames] - theirs[:, :frames])
    assert error < 1e-4 * np.linalg.norm(theirs)


@pytest.mark.parametrize("sample_rate_hz", [8_000, 44_100, 96_000, 192_000])
@pytest.mark.parametrize("ceiling_dbtp", [-0.1, -14.0])
def test_the_limiter_agrees_with_the_offline_one(sample_rate_hz: int, ceiling_dbtp: float) -> None:
    x = 0.5 * np.random.default_rng(1).standard_normal((2, 30_000))
    # Loud at both ends, where the interpolator rings outside of the sound.
    x = (x * (np.arange(30_000) % 20_000 < 5_000)).astype(np.float32)
    limiter = Limiter(ceiling_dbtp, sample_rate_hz)
    late = limiter.process(np.pad(x, ((0, 0), (0, limiter.delay_frames))))
    offline = late[:, limiter.delay_frames :]
    ceiling = torch.tensor(ceiling_dbtp)
    ours = functional.limit(torch.from_numpy(x), ceiling, sample_rate_hz).numpy()
    assert np.linalg.norm(ours - offline) < 1e-4 * np.linalg.norm(offline)
    assert true_peak(ours, sample_rate_hz) < ceiling_dbtp + 0.05


def test_the_limiter_leaves_alone_what_is_below() -> None:
    x = sound(frames=5_000)
    limited = functional.limit(0.1 * x, torch.tensor([-6.0, -3.0]).double(), RATE_HZ)
    torch.testing.assert_close(limited, 0.1 * x)


def test_the_scans_of_other_devices_agree_with_the_compiled_detector() -> None:
    drive = torch.from_numpy(np.random.default_rng(5).exponential(3, (2, 3001)))
    attack, release = values(0.9, 0.99), values(0.999, 0.95)
    level = detect_level(drive.requires_grad_(), attack, release)
    grad = torch.sin(torch.arange(2 * 3001, dtype=torch.float64)).reshape(2, -1)
    level.backward(grad)
    with torch.no_grad():
        held, scanned = scan_detector(drive, attack, release)
        gradients = scan_detector_gradients(grad, drive, attack, release, held, scanned)
    torch.testing.assert_close(scanned, level.detach())
    for mine, theirs in zip(gradients, (drive, attack, release), strict=True):
        torch.testing.assert_close(mine, theirs.grad)


def test_second_derivatives_are_refused_not_wrong() -> None:
    x = sound().reshape(4, -1).requires_grad_()
    sections = torch.tensor([[0.5, 0.1, 0.0, -0.3, 0.1]] * 4, dtype=torch.float64)
    (gradient,) = torch.autograd.grad(
        (filter_section(x, sections) ** 2).sum(), x, create_graph=True
    )
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


def test_threads_change_no_gradient() -> None:
    processor, parameters = PROCESSORS["peak"]
    before = torch.get_num_threads()
    results = []
    for threads in (1, 3):
        torch.set_num_threads(threads)
        x = sound(frames=500).requires_grad_()
        results.append(
            torch.autograd.grad((processor(x, *parameters) ** 2).sum(), (x, *parameters))
        )
    torch.set_num_threads(before)
    for alone, shared in zip(*results, strict=True):
        torch.testing.assert_close(shared, alone, rtol=0, atol=0)

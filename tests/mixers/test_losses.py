"""The losses beside auraloss, and what they promise to training."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mixers.distance import RESOLUTIONS, stereo_distance
from mixers.functional import pan
from mixers.losses import mr_stft_loss, stereo_loss

auraloss = pytest.importorskip("auraloss", reason="auraloss is not installed")

LOSSES = {"mr-stft": mr_stft_loss, "stereo": stereo_loss}
OTHER = ((512, 128, 512), (256, 100, 250))
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


def peer(name: str, resolutions: tuple[tuple[int, int, int], ...]) -> torch.nn.Module:
    lists = {
        key: [resolution[place] for resolution in resolutions]
        for place, key in enumerate(("fft_sizes", "hop_sizes", "win_lengths"))
    }
    if name == "mr-stft":
        return auraloss.freq.MultiResolutionSTFTLoss(**lists)
    return auraloss.freq.SumAndDifferenceSTFTLoss(**lists)


def sounds(seed: int, *shape: int) -> tuple[Tensor, Tensor]:
    """Two that resemble each other, with a silent stretch."""
    rng = np.random.default_rng(seed)
    target = 0.3 * rng.standard_normal(shape)
    prediction = 0.6 * target + 0.05 * rng.standard_normal(shape)
    prediction[..., : shape[-1] // 4] = 0
    return torch.tensor(prediction).float(), torch.tensor(target).float()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("resolutions", [RESOLUTIONS, OTHER], ids=["default", "others"])
@pytest.mark.parametrize("frames", [1025, 7_001])
def test_equals_auraloss(
    name: str, resolutions: tuple[tuple[int, int, int], ...], frames: int
) -> None:
    prediction, target = sounds(1, 3, 2, frames)
    ours, theirs = prediction.clone().requires_grad_(), prediction.clone().requires_grad_()
    loss = LOSSES[name](ours, target, resolutions)
    expected = peer(name, resolutions)(theirs, target)
    assert loss.item() == pytest.approx(expected.item(), abs=1e-5)
    loss.backward()
    expected.backward()
    assert ours.grad is not None
    assert theirs.grad is not None
    scale = theirs.grad.abs().max()
    torch.testing.assert_close(ours.grad / scale, theirs.grad / scale, atol=1e-3, rtol=0)


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_the_derivative(name: str) -> None:
    prediction, target = (x.double() for x in sounds(2, 2, 2, 100))
    assert torch.autograd.gradcheck(
        lambda x: LOSSES[name](x, target, ((64, 10, 40), (32, 7, 30))),
        (prediction.requires_grad_(),),
        fast_mode=True,
    )


def test_equals_the_distance_of_evaluations() -> None:
    prediction, target = sounds(3, 2, 30_000)
    expected = stereo_distance(prediction.numpy(), target.numpy())
    assert stereo_loss(prediction, target).item() == pytest.approx(expected, rel=1e-5)


@settings(max_examples=10)
@given(seed=st.integers(0, 2**31), frames=st.integers(1025, 6_000), batch=st.integers(1, 4))
def test_swapped_sides_cost_nothing(seed: int, frames: int, batch: int) -> None:
    prediction, target = sounds(seed, batch, 2, frames)
    loss = stereo_loss(prediction, target)
    torch.testing.assert_close(stereo_loss(prediction.flip(1), target), loss, rtol=1e-6, atol=0)
    torch.testing.assert_close(stereo_loss(prediction, target.flip(1)), loss, rtol=1e-6, atol=0)
    assert stereo_loss(target.flip(1), target) < 1e-6 < loss


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("silent", ["prediction", "target", "both", "difference"])
def test_silence_gives_finite_values_and_gradients(name: str, silent: str) -> None:
    prediction, target = sounds(4, 2, 2, 5_000)
    if silent == "difference":
        prediction, target = (x[:, :1].repeat(1, 2, 1) for x in (prediction, target))
    if silent in ("prediction", "both"):
        prediction = torch.zeros_like(prediction)
    if silent in ("target", "both"):
        target = torch.zeros_like(target)
    prediction.requires_grad_()
    loss = LOSSES[name](prediction, target)
    loss.backward()
    assert prediction.grad is not None
    assert loss.isfinite()
    assert prediction.grad.isfinite().all()
    assert (loss == 0) == (silent == "both")


def test_l1_pulls_a_panned_source_to_the_centre_and_this_loss_does_not() -> None:
    """Engineers put the source to either side as often; what is best on average?"""
    rng = np.random.default_rng(5)
    source = torch.tensor(rng.standard_normal((1, 1, 8_000))).float()
    room = torch.tensor(0.3 * rng.standard_normal((2, 8_000))).float()
    pans = torch.linspace(0, 1, 11)
    targets = [pan(source, torch.tensor([place]))[0] + room for place in (-0.7, 0.7)]

    def best(loss: torch.nn.Module | None) -> float:
        costs = []
        for place in pans:
            mix = pan(source, place[None])[0]
            each = [(loss or stereo_loss)(mix, target) for target in targets]
            costs.append(torch.stack(each).mean())
        return float(pans[int(torch.stack(costs).argmin())])

    assert best(torch.nn.L1Loss()) == 0
    assert best(torch.nn.MSELoss()) == 0
    assert best(None) == pytest.approx(0.7, abs=0.11)


def test_halves_are_compared_in_single_precision() -> None:
    prediction, target = sounds(6, 1, 2, 5_000)
    half = prediction.half().requires_grad_()
    loss = stereo_loss(half, target)
    assert loss.dtype == torch.float32
    loss.backward()
    assert half.grad is not None
    assert half.grad.dtype == torch.float16


def test_what_cannot_be_compared_is_refused() -> None:
    sound = torch.zeros(1, 2, 3_000)
    with pytest.raises(ValueError, match="one shape"):
        stereo_loss(sound, sound[..., :-1])
    with pytest.raises(ValueError, match="2, frames"):
        stereo_loss(sound[:, :1], sound[:, :1])
    with pytest.raises(ValueError, match="more than 1024"):
        mr_stft_loss(sound[..., :1024], sound[..., :1024])
    with pytest.raises(ValueError, match="detach"):
        mr_stft_loss(sound, sound.clone().requires_grad_())


@needs_cuda
@pytest.mark.parametrize("name", LOSSES)
def test_cuda_agrees_with_the_cpu(name: str) -> None:
    prediction, target = sounds(7, 4, 2, 40_000)
    on_cpu, on_cuda = prediction.clone().requires_grad_(), prediction.cuda().requires_grad_()
    expected = LOSSES[name](on_cpu, target)
    loss = LOSSES[name](on_cuda, target.cuda())
    assert loss.item() == pytest.approx(expected.item(), abs=1e-4)
    expected.backward()
    loss.backward()
    assert on_cpu.grad is not None
    assert on_cuda.grad is not None
    scale = on_cpu.grad.abs().max()
    torch.testing.assert_close(on_cuda.grad.cpu() / scale, on_cpu.grad / scale, atol=1e-3, rtol=0)

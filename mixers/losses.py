"""Losses between mixes: multi-resolution STFT, and that of sum and difference.

    loss = stereo_loss(mix, target)         # both (batch, 2, frames), or (2, frames)
    loss.backward()

The MR-STFT loss is spectral convergence plus the mean distance of log-magnitudes, averaged over
three resolutions (Yamamoto, Song and Kim, ICASSP 2020, equations 4 to 6). The stereo loss takes it
of L + R and of L - R (Steinmetz et al., ICASSP 2021, arXiv 2010.10291): it only sees magnitudes of
those, so swapped sides cost nothing, and a source that engineers put to either side is not pulled
to the centre as by L1. Values and gradients are those of auraloss 0.4.0.
`mixers.distance.stereo_distance` is the same as a measure, without torch.

The gradient is written by hand and made together with the value, some rows at a time: on a CPU the
large spectra that autograd would keep cost more than to transform them. Only first derivatives
exist, and only those of the prediction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad

from mixers.distance import LEAST_POWER, RESOLUTIONS

ROW_BLOCK_FRAMES = {"cpu": 2**17, "cuda": 2**23}
"""So much sound is transformed at once: on a CPU what its caches hold, else what keeps it busy."""


@dataclass(frozen=True)
class _Resolution:
    """One STFT: transform size, hop and window length, in frames, as `torch.stft` has them.

    Only the windowed part of a frame is transformed, from its own start: magnitudes do not know
    where a frame begins. It is `reach` frames long, a multiple of the hop, so that overlapping
    frames are added up in blocks.
    """

    size: int
    hop: int
    window: int

    @property
    def reach(self) -> int:
        return -(-self.window // self.hop) * self.hop

    @property
    def start(self) -> int:
        """Where the window begins in a transform that is centred on its frame."""
        return (self.size - self.window) // 2

    def shape(self, like: Tensor) -> Tensor:
        hann = torch.hann_window(self.window, dtype=like.dtype, device=like.device)
        return pad(hann, (0, self.reach - self.window))

    def spectra(self, rows: Tensor) -> Tensor:
        """Spectra of `(rows, frames)`, `(rows, hops, bins)`."""
        half = self.size // 2
        beyond = max(0, self.start + self.reach - self.size)
        padded = pad(pad(rows[None], (half, half), mode="reflect")[0], (0, beyond))
        hops = rows.shape[-1] // self.hop + 1
        frames = padded[:, self.start :].unfold(-1, self.reach, self.hop)[:, :hops]
        spectra: Tensor = torch.fft.rfft(frames * self.shape(rows), n=self.size)
        return spectra

    def adjoint(self, spectra: Tensor, frames: int) -> Tensor:
        """What a gradient for the spectra is for the rows, `(rows, frames)`; spends `spectra`."""
        spectra[..., 0] *= 2
        spectra[..., -1] *= 2
        sound: Tensor = torch.fft.irfft(spectra, n=self.size, norm="forward")[..., : self.reach]
        sound = pad(sound, (0, self.reach - sound.shape[-1]))
        rows, hops, _ = sound.shape
        overlaps = self.reach // self.hop
        blocks = (sound * (0.5 * self.shape(sound))).view(rows, hops, overlaps, self.hop)
        added = blocks.new_zeros(rows, hops + overlaps - 1, self.hop)
        for place in range(overlaps):
            added[:, place : place + hops] += blocks[:, :, place]
        half = self.size // 2
        padded = blocks.new_zeros(rows, max(frames + self.size, self.start + added[0].numel()))
        padded[:, self.start : self.start + added[0].numel()] = added.flatten(1)
        rows_grad: Tensor = padded[:, half : half + frames].clone()
        rows_grad[:, 1 : half + 1] += padded[:, :half].flip(-1)
        rows_grad[:, -half - 1 : -1] += padded[:, half + frames : self.size + frames].flip(-1)
        return rows_grad


class _MrStft(Function):
    """The loss of `(rows, frames)`; `ctx.grad` is its gradient, made on the way."""

    @staticmethod
    def forward(
        ctx: Any, prediction: Tensor, target: Tensor, resolutions: Sequence[_Resolution]
    ) -> Tensor:
        parts = [
            _one_resolution(prediction, target, resolution, ctx.needs_input_grad[0])
            for resolution in resolutions
        ]
        if ctx.needs_input_grad[0]:
            ctx.save_for_backward(torch.stack([grad for _, grad in parts]).mean(dim=0))
        return torch.stack([loss for loss, _ in parts]).mean()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        return grads[0] * ctx.saved_tensors[0], None, None


_mr_stft: Callable[[Tensor, Tensor, Sequence[_Resolution]], Tensor] = _MrStft.apply


def mr_stft_loss(
    prediction: Tensor,
    target: Tensor,
    resolutions: Sequence[tuple[int, int, int]] = RESOLUTIONS,
) -> Tensor:
    """Multi-resolution STFT loss, each channel a signal of its own.

    Args:
        prediction: `(..., frames)`.
        target: of the same shape; takes no gradient.
        resolutions: transform size (even), hop and window of each STFT, in frames.

    Returns:
        A scalar, 0 where the magnitudes are the same.

    Raises:
        ValueError: the shapes differ, there are too few frames for the largest transform, or the
            target wants a gradient.
    """
    largest = max(size for size, _, _ in resolutions)
    if prediction.shape != target.shape:
        raise ValueError(
            f"prediction is {tuple(prediction.shape)}, target {tuple(target.shape)}; "
            "they must be of one shape"
        )
    if prediction.shape[-1] <= largest // 2:
        raise ValueError(
            f"{prediction.shape[-1]} frames are too few for a transform of {largest}; "
            f"give more than {largest // 2}"
        )
    if target.requires_grad:
        raise ValueError("the loss gives no gradient for its target; detach it")
    found, wanted = (_full(sound).reshape(-1, sound.shape[-1]) for sound in (prediction, target))
    return _mr_stft(found, wanted, [_Resolution(*resolution) for resolution in resolutions])


def stereo_loss(
    prediction: Tensor,
    target: Tensor,
    resolutions: Sequence[tuple[int, int, int]] = RESOLUTIONS,
) -> Tensor:
    """Mean of the MR-STFT losses of L + R and of L - R.

    Args:
        prediction: `(..., 2, frames)`.
        target: of the same shape; takes no gradient.
        resolutions: as in `mr_stft_loss`.

    Returns:
        A scalar; the same where left and right are swapped, in either or both.

    Raises:
        ValueError: not two channels, or as `mr_stft_loss`.
    """
    if prediction.ndim < 2 or prediction.shape[-2] != 2:
        raise ValueError(f"the stereo loss wants (..., 2, frames), not {tuple(prediction.shape)}")
    if prediction.shape != target.shape:
        return mr_stft_loss(prediction, target, resolutions)
    found, wanted = _full(prediction), _full(target)
    losses = [mr_stft_loss(side(found), side(wanted), resolutions) for side in (_sum, _difference)]
    return (losses[0] + losses[1]) / 2


def _sum(sound: Tensor) -> Tensor:
    return sound[..., 0, :] + sound[..., 1, :]


def _difference(sound: Tensor) -> Tensor:
    return sound[..., 0, :] - sound[..., 1, :]


def _full(sound: Tensor) -> Tensor:
    """At least single precision: transforms of halves would lose what is soft."""
    return sound if sound.dtype == torch.float64 else sound.float()


def _one_resolution(
    prediction: Tensor, target: Tensor, resolution: _Resolution, with_gradient: bool
) -> tuple[Tensor, Tensor]:
    """Loss of one resolution, and its gradient `(rows, frames)`, empty where none is wanted."""
    frames = prediction.shape[-1]
    sums = prediction.new_zeros(3, dtype=torch.float64)
    block = max(1, ROW_BLOCK_FRAMES.get(prediction.device.type, 2**23) // frames)
    count, to_apart, to_logs = 0, [], []
    for found, wanted in zip(
        torch.split(prediction, block), torch.split(target, block), strict=True
    ):
        spectra = resolution.spectra(found)
        power = _power(spectra)
        audible = power > LEAST_POWER
        powers = power.clamp_(min=LEAST_POWER), _power(resolution.spectra(wanted))
        powers[1].clamp_(min=LEAST_POWER)
        magnitude, apart = powers[0].sqrt(), powers[1].sqrt()
        torch.sub(magnitude, apart, out=apart)
        ratio = torch.div(*powers).log_().abs_()
        sums += torch.stack([apart.square().sum(), powers[1].sum(), ratio.sum() / 2]).double()
        count += power.numel()
        if with_gradient:
            inverse = magnitude.reciprocal_().mul_(audible)
            by_log = spectra * apart.sign().mul_(inverse).mul_(inverse)
            to_logs.append(resolution.adjoint(by_log, frames))
            to_apart.append(resolution.adjoint(spectra * apart.mul_(inverse), frames))
    apart_root, wanted_root = sums[0].sqrt(), sums[1].sqrt()
    loss = (apart_root / wanted_root + sums[2] / count).to(prediction.dtype)
    if not with_gradient:
        return loss, prediction.new_empty(0)
    share = torch.where(sums[0] > 0, 1 / (apart_root * wanted_root), 0.0).to(prediction.dtype)
    return loss, torch.cat(to_apart).mul_(share).add_(torch.cat(to_logs), alpha=1 / count)


def _power(spectra: Tensor) -> Tensor:
    return spectra.real.square().addcmul_(spectra.imag, spectra.imag)

"""Recursions over time with gradients written by hand: the biquad and the level detector.

On the CPU both run sample by sample, compiled by numba, in double precision. On other devices the
detector runs as a parallel scan of log2(frames) steps; the biquad has a counterpart in the
frequency domain (`mixers.functional.equalise_by_fft`).

All signals are `(rows, frames)` and contiguous; every row starts from rest. Rows are shared among
as many threads as torch is set to. Only first derivatives exist.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad

Array = NDArray[Any]


class _Section(Function):
    @staticmethod
    def forward(ctx: Any, signal: Tensor, section: Tensor) -> Tensor:
        filtered = torch.empty_like(signal)
        _by_rows(_run_section, signal, section, filtered)
        ctx.save_for_backward(signal, section, filtered)
        return filtered

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        signal, section, filtered = ctx.saved_tensors
        to_signal, to_section = torch.empty_like(signal), torch.empty_like(section)
        grad = grads[0].contiguous()
        _by_rows(_back_section, grad, signal, section, filtered, to_signal, to_section)
        return to_signal, to_section


class _Detector(Function):
    @staticmethod
    def forward(ctx: Any, drive: Tensor, attack: Tensor, release: Tensor) -> Tensor:
        if drive.device.type == "cpu":
            held, level = torch.empty_like(drive), torch.empty_like(drive)
            _by_rows(_run_detector, drive, attack, release, held, level)
        else:
            held, level = (x.to(drive.dtype) for x in scan_detector(drive, attack, release))
        ctx.save_for_backward(drive, attack, release, held, level)
        return level

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        drive, attack, release, held, level = ctx.saved_tensors
        grad = grads[0].contiguous()
        if drive.device.type != "cpu":
            by_scan = scan_detector_gradients(grad, drive, attack, release, held, level)
            return by_scan[0].to(drive.dtype), by_scan[1], by_scan[2]
        results = tuple(torch.empty_like(x) for x in (drive, attack, release))
        _by_rows(_back_detector, grad, drive, attack, release, held, level, *results)
        return results[0], results[1], results[2]


filter_section: Callable[[Tensor, Tensor], Tensor] = _Section.apply
"""Filter `(rows, frames)` by one second-order section a row, `(rows, 5)`; on the CPU."""

detect_level: Callable[[Tensor, Tensor, Tensor], Tensor] = _Detector.apply
"""Smooth a gain reduction `(rows, frames)` >= 0 by attack and release factors `(rows,)`.

The smooth decoupled peak detector (Giannoulis, Massberg, Reiss, JAES 60(6), 2012, equation 17):
held[n] = max(x[n], release held[n-1] + (1 - release) x[n]), followed by
level[n] = attack level[n-1] + (1 - attack) held[n].
"""


def scan_detector(drive: Tensor, attack: Tensor, release: Tensor) -> tuple[Tensor, Tensor]:
    """The detector's held and smoothed level as parallel scans, on any device.

    A step is a map h -> max(floor, slope h + offset), and such maps are closed under composition.
    """
    slope = release[:, None].expand_as(drive)
    floor, offset = drive, (1 - release[:, None]) * drive
    step = 1
    while step < drive.shape[1]:
        # The map before the first is the identity; its floor is below any level.
        floor_before, slope_before = _delayed(floor, step, -1e30), _delayed(slope, step, 1.0)
        floor = torch.maximum(floor, slope * floor_before + offset)
        offset = slope * _delayed(offset, step, 0.0) + offset
        slope = slope * slope_before
        step *= 2
    held = torch.maximum(floor, offset)
    fade = attack[:, None].expand_as(drive)
    return held, _scan(fade, (1 - fade) * held)


def scan_detector_gradients(
    grad: Tensor, drive: Tensor, attack: Tensor, release: Tensor, held: Tensor, level: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of the detector by drive, attack and release as parallel scans."""
    fade = attack[:, None].expand_as(drive)
    to_level = _scan(fade, grad.flip(1)).flip(1)
    held_before, level_before = _delayed(held, 1, 0.0), _delayed(level, 1, 0.0)
    falling = (held_before > drive).to(drive.dtype)
    carried = _delayed((falling * release[:, None]).flip(1), 1, 0.0)
    to_held = _scan(carried, ((1 - fade) * to_level).flip(1)).flip(1)
    return (
        to_held * (1 - falling * release[:, None]),
        (to_level * (level_before - held)).sum(1),
        (to_held * falling * (held_before - drive)).sum(1),
    )


def _scan(factor: Tensor, drive: Tensor) -> Tensor:
    """y[n] = factor[n] y[n-1] + drive[n], along the last axis, by doubling."""
    step = 1
    while step < drive.shape[1]:
        drive = drive + factor * _delayed(drive, step, 0.0)
        factor = factor * _delayed(factor, step, 0.0)
        step *= 2
    return drive


def _delayed(signal: Tensor, frames: int, before: float) -> Tensor:
    return pad(signal[:, :-frames], (frames, 0), value=before)


def _by_rows(kernel: Callable[..., None], *tensors: Tensor) -> None:
    """Run a kernel on all rows, shared among threads."""
    arrays = [tensor.detach().numpy() for tensor in tensors]
    threads = min(torch.get_num_threads(), len(arrays[0]))
    if threads < 2:
        kernel(*arrays)
        return
    with ThreadPoolExecutor(threads) as pool:
        shares = [np.array_split(array, threads) for array in arrays]
        for done in [pool.submit(kernel, *share) for share in zip(*shares, strict=True)]:
            done.result()


def _section_forward(signal: Array, sections: Array, filtered: Array) -> None:
    for row in range(signal.shape[0]):
        b0, b1, b2, a1, a2 = sections[row]
        first, second = 0.0, 0.0
        for n in range(signal.shape[1]):
            x = signal[row, n]
            y = b0 * x + first
            first = b1 * x - a1 * y + second
            second = b2 * x - a2 * y
            filtered[row, n] = y


def _section_backward(
    grad: Array,
    signal: Array,
    sections: Array,
    filtered: Array,
    to_signal: Array,
    to_sections: Array,
) -> None:
    frames = signal.shape[1]
    for row in range(signal.shape[0]):
        b0, b1, b2, a1, a2 = sections[row]
        to_b0, to_b1, to_b2, to_a1, to_a2 = 0.0, 0.0, 0.0, 0.0, 0.0
        # What the gradient leaves behind the filter's poles, one and two samples later.
        later, latest = 0.0, 0.0
        for n in range(frames - 1, -1, -1):
            now = grad[row, n] - a1 * later - a2 * latest
            to_signal[row, n] = b0 * now + b1 * later + b2 * latest
            to_b0 += now * signal[row, n]
            if n > 0:
                to_b1 += now * signal[row, n - 1]
                to_a1 -= now * filtered[row, n - 1]
            if n > 1:
                to_b2 += now * signal[row, n - 2]
                to_a2 -= now * filtered[row, n - 2]
            later, latest = now, later
        to_sections[row, 0], to_sections[row, 1], to_sections[row, 2] = to_b0, to_b1, to_b2
        to_sections[row, 3], to_sections[row, 4] = to_a1, to_a2


def _detector_forward(
    drive: Array, attack: Array, release: Array, held: Array, level: Array
) -> None:
    for row in range(drive.shape[0]):
        hold, smooth = 0.0, 0.0
        for n in range(drive.shape[1]):
            x = drive[row, n]
            hold = max(x, release[row] * hold + (1 - release[row]) * x)
            smooth = attack[row] * smooth + (1 - attack[row]) * hold
            held[row, n], level[row, n] = hold, smooth


def _detector_backward(
    grad: Array,
    drive: Array,
    attack: Array,
    release: Array,
    held: Array,
    level: Array,
    to_drive: Array,
    to_attack: Array,
    to_release: Array,
) -> None:
    for row in range(drive.shape[0]):
        fade, keep = attack[row], release[row]
        to_level, to_held = 0.0, 0.0
        sum_attack, sum_release = 0.0, 0.0
        for n in range(drive.shape[1] - 1, -1, -1):
            held_before = held[row, n - 1] if n > 0 else 0.0
            level_before = level[row, n - 1] if n > 0 else 0.0
            to_level = grad[row, n] + fade * to_level
            to_held += (1 - fade) * to_level
            sum_attack += to_level * (level_before - held[row, n])
            if held_before > drive[row, n]:
                to_drive[row, n] = (1 - keep) * to_held
                sum_release += to_held * (held_before - drive[row, n])
                to_held *= keep
            else:
                to_drive[row, n] = to_held
                to_held = 0.0
        to_attack[row], to_release[row] = sum_attack, sum_release


_compiled = numba.njit(cache=True, nogil=True)
_run_section, _back_section = _compiled(_section_forward), _compiled(_section_backward)
_run_detector, _back_detector = _compiled(_detector_forward), _compiled(_detector_backward)

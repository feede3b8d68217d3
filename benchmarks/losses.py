"""The losses beside auraloss 0.4.0: forward and backward, batch 8 × 2 × 131072, on one thread.

On a CUDA device too where there is one. auraloss is timed as it comes and, since allocation is
much of its time on a CPU, our ratio holds for the allocator's default settings.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import auraloss
import torch
from torch import Tensor

from mixers.losses import mr_stft_loss, stereo_loss

SHAPE = (8, 2, 131_072)
SIZES = {
    "fft_sizes": [1024, 2048, 512],
    "hop_sizes": [120, 240, 50],
    "win_lengths": [600, 1200, 240],
}
REPEATS = 3


def seconds(loss: Callable[[Tensor, Tensor], Tensor], device: str) -> float:
    """The fastest of some runs after one to warm up."""
    torch.manual_seed(1)
    target = (0.3 * torch.randn(SHAPE)).to(device)
    best = float("inf")
    for turn in range(REPEATS + 1):
        prediction = (0.9 * target).requires_grad_()
        started = time.perf_counter()
        loss(prediction, target).backward()
        if device == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - started) if turn else best
    return best


def main() -> None:
    """Print ours, auraloss and their ratio."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    print(f"{'forward + backward, 8 × 2 × 131072':44}{'ours s':>10}{'auraloss s':>12}{'ratio':>8}")
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        for name, ours, peer in (
            ("MR-STFT", mr_stft_loss, auraloss.freq.MultiResolutionSTFTLoss(**SIZES)),
            ("sum and difference", stereo_loss, auraloss.freq.SumAndDifferenceSTFTLoss(**SIZES)),
        ):
            mine, theirs = seconds(ours, device), seconds(peer, device)
            print(f"{name + ', ' + device:44}{mine:10.3f}{theirs:12.3f}{theirs / mine:8.2f}")
    torch.set_num_threads(threads)


if __name__ == "__main__":
    main()

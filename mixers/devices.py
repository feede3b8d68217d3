"""Where torch computes."""

from __future__ import annotations

import torch


def find_device(wanted: str) -> torch.device:
    """The device of a name: "cpu", "cuda", "cuda:1", or "auto" for CUDA where there is one.

    Raises:
        ValueError: there is no such device, here or at all.
    """
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError:
        device = torch.device("meta")
    if device.type not in ("cpu", "cuda"):
        raise ValueError(f"there is no device {wanted!r}; say cpu or cuda")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        number = "" if device.index is None else f" {device.index}"
        raise ValueError(
            f"this machine has no CUDA device{number}, or torch cannot use it; say cpu"
        )
    return device

"""Seeds for every random choice, made from one."""

from __future__ import annotations

import hashlib


def seed_for(seed: int, *names: str) -> int:
    """Derive the seed of one choice from the user's seed and from what is chosen for.

    Choices do not depend on each other: one more song or system changes no other's.

    Returns:
        0..2**32 - 1, the same on every machine.
    """
    text = "\0".join((str(seed), *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")

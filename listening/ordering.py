"""In which order a participant meets pages and stimuli: pure functions of seed and number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import groupby


def shuffled(items: Iterable[str], seed: int, number: int, where: str) -> list[str]:
    """Order distinct items at random, the same for the same seed, number and place.

    Items are sorted by a hash, so the order depends on no library's random generator and not on
    the order in which the items arrive.

    Args:
        items: distinct names.
        seed: of the study.
        number: of the participant.
        where: what is ordered; different places get independent orders.
    """

    def rank(item: str) -> bytes:
        return sha256(f"{seed}\0{number}\0{where}\0{item}".encode()).digest()

    return sorted(items, key=rank)


def page_order(
    pages: Sequence[tuple[str, int]], seed: int, number: int, fixed: bool = False
) -> list[str]:
    """Order pages: blocks keep their places, the pages of a block change places among themselves.

    Args:
        pages: key and block of each page, in the order of the study.
        seed: of the study.
        number: of the participant.
        fixed: keep the order of the study.
    """
    if fixed:
        return [key for key, _ in pages]
    order: list[str] = []
    for block, members in groupby(pages, key=lambda page: page[1]):
        order += shuffled((key for key, _ in members), seed, number, f"pages of block {block}")
    return order

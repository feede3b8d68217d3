"""In which order a participant meets pages and stimuli: pure functions of seed and number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from typing import Any


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


def block_order(
    entries: Sequence[Mapping[str, Any]], seed: int, number: int, fixed: bool = False
) -> list[int]:
    """Order the blocks of a study, one for each entry of its file that is no group.

    A group keeps its place and its entries together; the entries of a random group, and groups
    among them as wholes, change places.

    Args:
        entries: `pages` of the study file.
        seed: of the study.
        number: of the participant.
        fixed: keep the order of the file.

    Returns:
        The numbers of the blocks, counted from 0 in the order of the file.
    """
    count = 0

    def ordered(parts: Sequence[Mapping[str, Any]], is_random: bool) -> list[int]:
        nonlocal count
        first, units = count, list[list[int]]()
        for part in parts:
            if part["type"] == "group":
                units.append(ordered(part["pages"], part["order"] == "random"))
            else:
                units.append([count])
                count += 1
        if is_random and not fixed:
            names = {str(at): unit for at, unit in enumerate(units)}
            where = f"group from block {first}"
            units = [names[name] for name in shuffled(names, seed, number, where)]
        return [block for unit in units for block in unit]

    return ordered(entries, is_random=False)


def page_order(
    pages: Sequence[tuple[str, int]],
    seed: int,
    number: int,
    fixed: bool = False,
    blocks: Sequence[int] | None = None,
) -> list[str]:
    """Order pages: blocks keep their places, the pages of a block change places among themselves.

    Args:
        pages: key and block of each page, in the order of the study.
        seed: of the study.
        number: of the participant.
        fixed: keep the order of the study.
        blocks: the order of the blocks, where it is not theirs; blocks that it leaves out come
            last.
    """
    if blocks is not None:
        rank = {block: at for at, block in enumerate(blocks)}
        pages = sorted(pages, key=lambda page: rank.get(page[1], len(rank)))
    if fixed:
        return [key for key, _ in pages]
    order: list[str] = []
    for block, members in groupby(pages, key=lambda page: page[1]):
        order += shuffled((key for key, _ in members), seed, number, f"pages of block {block}")
    return order

"""In which order a participant meets pages and stimuli: pure functions of seed and number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from listening.designs import Design, arranged, shuffled


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
    design: Design = "random",
    blocks: Sequence[int] | None = None,
    positions: Mapping[str, int] | None = None,
) -> list[str]:
    """Order pages: blocks keep their places, the pages of a block change places among themselves.

    Args:
        pages: key and block of each page, in the order of the study.
        seed: of the study.
        number: of the participant.
        design: of the pages of a block.
        blocks: the order of the blocks, where it is not theirs; blocks that it leaves out come
            last.
        positions: places of pages that stand there whatever the order of the others, from 1.
    """
    if blocks is not None:
        rank = {block: at for at, block in enumerate(blocks)}
        pages = sorted(pages, key=lambda page: rank.get(page[1], len(rank)))
    order: list[str] = []
    for block, members in groupby(pages, key=lambda page: page[1]):
        keys = [key for key, _ in members]
        order += arranged(keys, design, seed, number, f"pages of block {block}")
    return placed(order, positions or {})


def placed(order: Sequence[str], positions: Mapping[str, int]) -> list[str]:
    """Move items to their own places, from 1; the others keep their order around them.

    Args:
        positions: distinct ones, of some of the items; what lies behind the end goes to the end.
    """
    result = [item for item in order if item not in positions]
    # From the front: each one that comes later then leaves the earlier ones where they are.
    for item in sorted(set(order) & positions.keys(), key=positions.__getitem__):
        result.insert(positions[item] - 1, item)
    return result

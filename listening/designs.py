"""Experimental designs, balanced over participants: pure functions of seed and number.

Latin squares show every item equally often at every place. Williams designs (Williams 1949,
Australian Journal of Scientific Research 2, 149-168) also let every item follow every other one
equally often. Incomplete blocks give each participant some of the items, all equally often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256
from itertools import combinations
from typing import Literal

Design = Literal["random", "fixed", "latin", "williams"]


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


def latin_rows(count: int) -> list[list[int]]:
    """A cyclic Latin square: `count` orders, each item once at each place."""
    return [[(row + place) % count for place in range(count)] for row in range(count)]


def williams_rows(count: int) -> list[list[int]]:
    """A Williams design: `count` orders where that is even, else twice as many.

    Each item stands equally often at each place, and directly after each other item.
    """
    zigzag = [place // 2 if place % 2 == 0 else count - 1 - place // 2 for place in range(count)]
    rows = [[(row + step) % count for step in zigzag] for row in range(count)]
    return rows + [row[::-1] for row in rows] if count % 2 and count > 1 else rows


def arranged(items: Sequence[str], design: Design, seed: int, number: int, where: str) -> list[str]:
    """Order items by a design.

    The rows of a balanced design are dealt out in a new random order each time all were used, so
    that the orders of different places do not go together.

    Args:
        items: distinct names, in the order of the study.
        design: fixed keeps the order.
        seed: of the study.
        number: of the participant, counted from 1.
        where: what is ordered.
    """
    if design == "fixed" or not items:
        return list(items)
    if design == "random":
        return shuffled(items, seed, number, where)
    rows = {"latin": latin_rows, "williams": williams_rows}[design](len(items))
    cycle, turn = divmod(number - 1, len(rows))
    dealt = shuffled(map(str, range(len(rows))), seed, cycle, f"rows of {where}")
    names = shuffled(items, seed, 0, f"names of {where}")
    return [names[at] for at in rows[int(dealt[turn])]]


def group_of(groups: Sequence[str], seed: int, number: int) -> tuple[str, int]:
    """The group of a participant, and their number in it, from 1.

    Of as many participants in a row as there are groups, one is in each.
    """
    cycle, turn = divmod(number - 1, len(groups))
    return shuffled(groups, seed, cycle, "groups")[turn], cycle + 1


def seed_of(seed: int, group: str) -> int:
    """A seed for the orders of a group, so that they do not go together with another group's."""
    return int.from_bytes(sha256(f"{seed}\0{group}".encode()).digest()[:8])


def incomplete_block(
    items: Collection[str], size: int, seed: int, number: int, others: Sequence[Collection[str]]
) -> frozenset[str]:
    """Choose `size` items for a participant so that all are met equally often.

    The items that `others` met least come first, of these the ones that met least often the items
    already chosen, then chance decides. Who drops out and is no longer among `others` is made up
    for by those who come later.

    Args:
        items: distinct names.
        size: how many to choose, at most all.
        seed: of the study.
        number: of the participant.
        others: what the participants who count have been given.
    """
    met = Counter(item for block in others for item in block)
    together = Counter(pair for block in others for pair in combinations(sorted(block), 2))
    by_chance = {
        item: at for at, item in enumerate(shuffled(items, seed, number, "incomplete block"))
    }
    chosen: list[str] = []

    def need(item: str) -> tuple[int, int, int]:
        pairs = (tuple(sorted((item, other))) for other in chosen)
        return met[item], sum(together[a, b] for a, b in pairs), by_chance[item]

    while len(chosen) < min(size, len(by_chance)):
        chosen.append(min(by_chance.keys() - set(chosen), key=need))
    return frozenset(chosen)

"""Orders follow from seed and number alone, and are fair."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from listening.designs import shuffled
from listening.ordering import block_order, page_order

names = st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=12)


@given(items=names, seed=st.integers(), number=st.integers(0, 10_000))
def test_a_shuffle_is_a_permutation_that_comes_again(
    items: list[str], seed: int, number: int
) -> None:
    order = shuffled(items, seed, number, "here")
    assert sorted(order) == sorted(items)
    assert order == shuffled(reversed(items), seed, number, "here")


def test_all_orders_come_equally_often() -> None:
    counts = Counter(tuple(shuffled("ABC", 1, number, "here")) for number in range(6000))
    assert len(counts) == 6
    # 1000 expected, standard deviation 29; a chi-squared of 20.5 on 5 df has p = 0.001.
    assert sum((count - 1000) ** 2 / 1000 for count in counts.values()) < 20.5


def test_seed_number_and_place_each_change_the_order() -> None:
    items = [str(at) for at in range(12)]
    orders = {
        tuple(shuffled(items, seed, number, where))
        for seed in (1, 2)
        for number in (1, 2)
        for where in "ab"
    }
    assert len(orders) == 8


@given(blocks=st.lists(st.integers(1, 5), max_size=6), number=st.integers(0, 99))
def test_blocks_keep_their_places(blocks: list[int], number: int) -> None:
    pages = [(f"{block}-{at}", block) for block, size in enumerate(blocks) for at in range(size)]
    order = page_order(pages, 3, number)
    assert sorted(order) == sorted(key for key, _ in pages)
    assert [key.split("-")[0] for key in order] == [str(block) for _, block in pages]
    assert page_order(pages, 3, number, "fixed") == [key for key, _ in pages]


@given(st.integers(), st.integers(1, 500))
def test_groups_stay_together_and_only_random_ones_move(seed: int, number: int) -> None:
    inner = {"type": "group", "order": "fixed", "pages": [{"type": "a"}, {"type": "b"}]}
    group = {"type": "group", "order": "random", "pages": [inner, {"type": "c"}, {"type": "d"}]}
    order = block_order([{"type": "first"}, group, {"type": "last"}], seed, number)
    assert sorted(order) == list(range(6))
    assert (order[0], order[-1]) == (0, 5)
    at = order.index(1)
    assert order[at + 1] == 2


def test_every_order_of_a_random_group_occurs() -> None:
    group = {"type": "group", "order": "random", "pages": [{"type": "a"}] * 3}
    orders = {tuple(block_order([group], 7, number)) for number in range(100)}
    assert len(orders) == 6
    assert block_order([group], 7, 1, fixed=True) == [0, 1, 2]


@given(
    count=st.integers(1, 12),
    positions=st.dictionaries(st.integers(0, 11), st.integers(1, 15), max_size=6).filter(
        lambda found: len(set(found.values())) == len(found)
    ),
    number=st.integers(1, 99),
)
def test_pages_with_a_position_stand_there_whatever_the_order(
    count: int, positions: dict[int, int], number: int
) -> None:
    wanted = {str(item): place for item, place in positions.items() if item < count}
    pages = [(str(item), 0) for item in range(count)]
    order = page_order(pages, 3, number, positions=wanted)
    assert sorted(order) == sorted(key for key, _ in pages)
    others = [key for key in order if key not in wanted]
    assert others == [key for key in page_order(pages, 3, number) if key not in wanted]
    # Places behind the end close ranks; all that can be are exact.
    for place, item in sorted((place, item) for item, place in wanted.items()):
        before = sum(other < place for other in wanted.values())
        if place - 1 <= len(others) + before:
            assert order[place - 1] == item

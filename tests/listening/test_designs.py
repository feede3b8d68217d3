"""Designs are balanced, and follow from seed and number alone; studies keep to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations, pairwise
from pathlib import Path
from random import Random
from statistics import mean

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from listening.answers import tidy_answers
from listening.arrangement import AWAY, blocks_expected
from listening.db import Database
from listening.designs import Design, arranged, group_of, incomplete_block, williams_rows
from listening.export import tidy_ratings
from listening.models import Participant, now
from listening.runs import is_full, join
from listening.simulate import simulate
from listening.studies import check_study, find_study
from listening.study_file import StudyFileError, read_study_file

seeds = st.integers(-(2**31), 2**31)
counts = st.integers(1, 9)


def orders(count: int, design: Design, seed: int, cycle: int) -> list[list[str]]:
    """The orders of one cycle of participants."""
    items = [f"item {at}" for at in range(count)]
    rows = len(williams_rows(count)) if design == "williams" else count
    first = cycle * rows + 1
    return [arranged(items, design, seed, first + at, "here") for at in range(rows)]


@pytest.mark.parametrize("design", ["latin", "williams"])
@given(count=counts, seed=seeds, cycle=st.integers(0, 50))
def test_each_item_stands_equally_often_at_each_place(
    design: Design, count: int, seed: int, cycle: int
) -> None:
    found = orders(count, design, seed, cycle)
    places = Counter((at, item) for order in found for at, item in enumerate(order))
    assert len(places) == count**2
    assert set(places.values()) == {len(found) // count}
    assert len({tuple(order) for order in found}) == len(found)


@given(count=st.integers(2, 9), seed=seeds, cycle=st.integers(0, 50))
def test_in_a_williams_design_each_item_follows_each_other_equally_often(
    count: int, seed: int, cycle: int
) -> None:
    found = orders(count, "williams", seed, cycle)
    follows = Counter(pair for order in found for pair in pairwise(order))
    assert len(follows) == count * (count - 1)
    assert set(follows.values()) == {1 + count % 2}


@pytest.mark.parametrize("design", ["random", "latin", "williams", "fixed"])
@given(count=counts, seed=seeds, number=st.integers(1, 500))
def test_an_order_comes_again(design: Design, count: int, seed: int, number: int) -> None:
    items = [str(at) for at in range(count)]
    order = arranged(items, design, seed, number, "here")
    assert sorted(order) == items
    assert order == arranged(items, design, seed, number, "here")


@given(count=st.integers(1, 6), seed=seeds, participants=st.integers(1, 60))
def test_groups_are_equally_large_at_any_time(count: int, seed: int, participants: int) -> None:
    groups = [f"g{at}" for at in range(count)]
    members = [group_of(groups, seed, number) for number in range(1, participants + 1)]
    sizes = Counter(group for group, _ in members)
    assert max(sizes.values()) - min(sizes[group] for group in groups) <= 1
    for group in groups:
        assert [at for name, at in members if name == group] == list(range(1, sizes[group] + 1))


@given(
    count=st.integers(1, 8),
    size=st.integers(1, 8),
    seed=seeds,
    stays=st.lists(st.booleans(), max_size=40),
)
def test_incomplete_blocks_are_even_over_those_who_finish(
    count: int, size: int, seed: int, stays: list[bool]
) -> None:
    items = [f"item {at}" for at in range(count)]
    finished: list[frozenset[str]] = []
    for number, finishes in enumerate(stays, start=1):
        block = incomplete_block(items, size, seed, number, finished)
        assert len(block) == min(size, count)
        assert block == incomplete_block(items[::-1], size, seed, number, finished)
        if finishes:
            finished.append(block)
        met = Counter(item for other in finished for item in other)
        assert max(met[item] for item in items) - min(met[item] for item in items) <= 1


@given(count=st.integers(3, 8), some=st.floats(0, 1), seed=seeds)
@settings(max_examples=20)
def test_incomplete_blocks_let_all_pairs_meet_nearly_equally_often(
    count: int, some: float, seed: int
) -> None:
    items = [f"item {at}" for at in range(count)]
    size = 2 + int(some * (count - 3))
    blocks: list[frozenset[str]] = []
    for number in range(1, 41):
        blocks.append(incomplete_block(items, size, seed, number, blocks))
    together = Counter(pair for block in blocks for pair in combinations(sorted(block), 2))
    met = [together[pair] for pair in combinations(items, 2)]
    # Chance alone would spread them by about five standard deviations, 12 and more.
    assert max(met) - min(met) <= 4


@given(
    count=st.integers(2, 8),
    some=st.floats(0, 1),
    seed=seeds,
    left=st.lists(st.frozensets(st.integers(0, 7)), max_size=12),
)
def test_later_participants_make_up_for_whoever_dropped_out(
    count: int, some: float, seed: int, left: list[frozenset[int]]
) -> None:
    size = 1 + int(some * (count - 2))
    items = [f"item {at}" for at in range(count)]
    blocks = [frozenset(items[at] for at in block if at < count) for block in left]
    for number in range(1, len(left) * count + count):
        blocks.append(incomplete_block(items, size, seed, number, blocks))
    met = Counter(item for block in blocks for item in block)
    assert max(met[item] for item in items) - min(met[item] for item in items) <= 1


def finished_spread(seed: int, drop_out: float, hours: float, live: bool) -> int:
    """How uneven 8 passages, 3 each, came out over those of 60 participants who finished.

    They come at random moments within `hours` and need 15 to 30 minutes; who drops out does so
    at a random moment. `live` forgets those who dropped out, as a study does.
    """
    rng = Random(seed)
    items = [f"item {at}" for at in range(8)]
    gone: list[tuple[frozenset[str], float, bool]] = []
    away_min = AWAY.total_seconds() / 60
    for number, came in enumerate(sorted(rng.uniform(0, 60 * hours) for _ in range(60)), 1):
        others = [
            block
            for block, end, finishes in gone
            if not live or came < end + away_min or (finishes and end <= came)
        ]
        finishes, length = rng.random() >= drop_out, rng.uniform(15, 30)
        end = came + length * (1 if finishes else rng.random())
        gone.append((incomplete_block(items, 3, seed, number, others), end, finishes))
    met = Counter(item for block, _, finishes in gone if finishes for item in block)
    return max(met[item] for item in items) - min(met[item] for item in items)


@pytest.mark.parametrize(
    ("drop_out", "hours", "expected"), [(0.3, 24, 1.5), (0.5, 24, 1.7), (0.3, 240, 1.1)]
)
def test_drop_outs_hardly_unbalance_those_who_finish(
    drop_out: float, hours: float, expected: float
) -> None:
    live = [finished_spread(seed, drop_out, hours, live=True) for seed in range(12)]
    blind = [finished_spread(seed, drop_out, hours, live=False) for seed in range(12)]
    assert mean(live) <= expected < mean(blind) / 2


def test_a_passage_that_was_left_goes_to_the_next(
    add_study: Callable[..., str], database: Database
) -> None:
    add_study(pages=["ratings"], passages_each=1)
    given_out = []
    for key in "abcd":
        with database.write() as session:
            participant = join(session, find_study(session, "test"), key * 16)
            given_out += rated_passages([participant])
            if key == "a":
                participant.joined_at = now() - 2 * AWAY
            else:
                participant.finished_at = now()
    # Nobody counts who has left: the first one's passage is given out again.
    assert sorted(given_out[1:]) == [["ballad"], ["march"], ["waltz"]]


@pytest.mark.parametrize("moment", ["started_at", "saved_at"])
def test_who_is_at_work_for_long_still_counts(
    add_study: Callable[..., str], database: Database, moment: str
) -> None:
    add_study(pages=["ratings"], passages_each=1, quota=1)
    with database.write() as session:
        study = find_study(session, "test")
        participant = join(session, study, "a" * 16)
        participant.joined_at = now() - 2 * AWAY
        session.flush()
        assert not is_full(session, study)
        setattr(participant.visits[0], moment, now())
        session.flush()
        assert is_full(session, study)
        assert set(blocks_expected(session, study, simulated=False)) == {1}


def rated_passages(participants: Sequence[Participant]) -> list[list[str]]:
    return [
        [str(v.page.passage) for v in person.visits if v.page.kind == "mushra" and v.presentations]
        for person in participants
    ]


def test_each_rates_some_passages_and_the_export_holds_them(
    add_study: Callable[..., str], database: Database
) -> None:
    add_study(pages=["ratings"], passages_each=2)
    with database.write() as session:
        study = find_study(session, "test")
        simulate(session, study, 6)
        rows = tidy_ratings(session, study, simulated=True)
        given_out = rated_passages(study.participants)
    assert Counter(map(len, given_out)) == {2: 6}
    assert set(Counter(p for passages in given_out for p in passages).values()) == {4}
    pairs = Counter(frozenset(passages) for passages in given_out)
    assert set(pairs.values()) == {2}
    assert len(rows) == 6 * 2 * 4


@pytest.mark.slow
def test_the_analysis_reads_an_incomplete_design(
    add_study: Callable[..., str], app: Flask, tmp_path: Path
) -> None:
    add_study(pages=["ratings"], passages_each=2)
    run = app.test_cli_runner().invoke
    assert run(args=["study", "simulate", "test", "--participants", "12"]).exit_code == 0
    done = run(args=["analyse", "test", "--simulated", "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "12 participants" in done.stdout


def test_groups_meet_their_own_pages(add_study: Callable[..., str], database: Database) -> None:
    add_study(
        groups=["first", "second"],
        pages=[
            {"type": "ratings", "passages": ["ballad"], "for_group": "first"},
            {"type": "ratings", "passages": ["waltz"], "for_group": "second"},
        ],
    )
    with database.write() as session:
        study = find_study(session, "test")
        simulate(session, study, 4)
        met = rated_passages(study.participants)
        groups = [person.group for person in study.participants]
        rows = tidy_answers(session, study, simulated=True)
    assert Counter(map(tuple, met)) == {("ballad",): 2, ("waltz",): 2}
    assert [["ballad"] if group == "first" else ["waltz"] for group in groups] == met
    assert [row.answer for row in rows if row.question == "group"] == groups


def test_a_page_with_a_position_is_there_in_every_run(
    add_study: Callable[..., str], database: Database
) -> None:
    add_study(
        pages=["ratings", {"type": "break", "position": 2}, {"type": "trap", "position": 4}],
        order={"pages": "williams"},
    )
    with database.write() as session:
        study = find_study(session, "test")
        simulate(session, study, 6)
        runs = [[visit.page.kind for visit in person.visits] for person in study.participants]
        met = Counter(map(tuple, rated_passages(study.participants)))
    assert runs == [["mushra", "break", "mushra", "trap", "mushra", "thanks"]] * 6
    assert set(met.values()) == {1}


def test_what_a_group_of_entries_is_for_holds_for_its_entries(
    add_study: Callable[..., str], database: Database
) -> None:
    inner = [
        {"type": "group", "pages": ["instructions"]},
        {"type": "break", "for_group": "second"},
    ]
    add_study(
        groups=["first", "second"],
        pages=["ratings", {"type": "group", "for_group": "first", "pages": inner}],
    )
    with database.write() as session:
        study = find_study(session, "test")
        simulate(session, study, 4)
        met = {(p.group, *(v.page.kind for v in p.visits[3:-1])) for p in study.participants}
    assert met == {("first", "instructions"), ("second", "break")}


def test_each_group_is_balanced_on_its_own(
    add_study: Callable[..., str], database: Database
) -> None:
    add_study(groups=["first", "second"], pages=["ratings"], passages_each=1)
    with database.write() as session:
        study = find_study(session, "test")
        simulate(session, study, 12)
        met = Counter(
            (person.group, *passages)
            for person in study.participants
            for passages in rated_passages([person])
        )
    assert set(met.values()) == {2}
    assert len(met) == 6


def test_a_latin_square_of_stimuli_is_even_in_a_study(
    add_study: Callable[..., str], database: Database
) -> None:
    add_study(pages=["ratings"], order={"stimuli": "latin", "pages": "williams"})
    with database.write() as session:
        study = find_study(session, "test")
        simulate(session, study, 12)
        rows = tidy_ratings(session, study, simulated=True)
        orders_met = rated_passages(study.participants)
    places = Counter((row.passage, row.system, row.position) for row in rows)
    assert set(places.values()) == {3}
    follows = Counter(pair for order in orders_met for pair in pairwise(order))
    assert set(follows.values()) == {4}


@pytest.mark.parametrize("design", ["latin", "williams"])
def test_stimuli_are_even_on_each_passage_though_everybody_meets_only_some(
    add_study: Callable[..., str], database: Database, design: str
) -> None:
    add_study(pages=["ratings"], passages_each=2, order={"stimuli": design})
    with database.write() as session:
        study = find_study(session, "test")
        simulate(session, study, 12)
        rows = tidy_ratings(session, study, simulated=True)
    # Each of three passages is met by 8 of 12, and each of four stimuli twice at each place.
    places = Counter((row.passage, row.system, row.position) for row in rows)
    assert len(places) == 3 * 4 * 4
    assert set(places.values()) == {2}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"passages_each": 4}, "passages_each: only 3 passages are rated"),
        (
            {"passages_each": 2, "order": {"pages": "latin"}},
            "order.pages: balanced orders need all passages",
        ),
        (
            {"groups": ["a", "b"], "pages": [{"type": "ratings", "for_group": "c"}]},
            "pages[0].for_group: 'c' is none of the study's groups; there are a, b",
        ),
        (
            {"pages": [{"type": "ratings", "position": 1}]},
            "pages[0].position: this entry has 3 pages; give each an entry of its own",
        ),
        (
            {"pages": ["ratings", {"type": "break", "position": 5}]},
            "pages[1].position: the run has 5 pages, of which the last one is thanks",
        ),
        (
            {"pages": ["ratings", {"type": "break", "position": 4}], "passages_each": 2},
            "pages[1].position: the run has 4 pages, of which the last one is thanks",
        ),
        (
            {
                "pages": [
                    "ratings",
                    {"type": "break", "position": 2},
                    {"type": "trap", "position": 2},
                ]
            },
            "pages[2].position: page 2 of the run is taken by another entry",
        ),
        (
            {
                "pages": ["ratings", {"type": "mushra", "passages": ["ballad"], "position": 1}],
                "passages_each": 2,
            },
            "pages[1].position: with passages_each, not everybody meets this page",
        ),
        (
            {"pages": [{"type": "group", "pages": ["ratings"], "position": 1}]},
            "pages[0]: a group has no position; give one to its entries",
        ),
    ],
)
def test_a_design_that_cannot_be_is_named_with_its_line(
    write_study: Callable[..., Path], changes: dict[str, object], message: str
) -> None:
    with pytest.raises(StudyFileError) as error:
        check_study(read_study_file(write_study(**changes)))
    assert message in str(error.value)
    assert error.value.problems[0].line > 1

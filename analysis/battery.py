"""Every further test of one attribute: beside the primary analysis, and where a plan adds it.

None of these decides anything. What a table cannot bear is said in a note, never dropped silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from analysis import anova, incomplete, omnibus
from analysis.aligned import aligned_rank_transform
from analysis.blocks import Blocks
from analysis.permutation import attachment_3
from analysis.posthoc import conover_iman, dunn
from analysis.ratings import Ratings
from analysis.results import Result

FamilyTest = Callable[[Ratings, str, int], tuple[Result, ...]]

FURTHER: dict[str, tuple[str, FamilyTest]] = {
    "dunn": (
        "Dunn tests on pooled ratings",
        lambda ratings, correction, _: dunn(ratings, correction),
    ),
    "conover-iman": (
        "Conover–Iman tests on pooled ratings",
        lambda ratings, correction, _: conover_iman(ratings, correction),
    ),
    "attachment 3": (
        "BS.1534-3 Attachment 3, as written",
        lambda ratings, _, seed: attachment_3(ratings, paired=False, seed=seed),
    ),
    "attachment 3 paired": (
        "BS.1534-3 Attachment 3, paired",
        lambda ratings, _, seed: attachment_3(ratings, paired=True, seed=seed),
    ),
}
"""Pairwise families that a plan's `also` asks for by name: title and test."""


@dataclass(frozen=True)
class Battery:
    """Further tests of all systems at once.

    Attributes:
        results: of each test.
        notes: which tests could not be done, and why.
    """

    results: tuple[Result, ...]
    notes: tuple[str, ...]


def battery(
    compared: Ratings, blocks: Blocks | None, trend: tuple[str, ...] = (), level: float = 0.95
) -> Battery:
    """Repeated-measures analyses in full, aligned ranks, Durbin, each passage, a planned trend.

    Args:
        compared: one attribute, without anchors.
        blocks: its participants' means; None leaves out what needs complete ones.
        trend: the systems from worst to best, as planned; empty tests no trend.
        level: coverage of the effects' intervals.
    """
    tests: list[tuple[str, Callable[[], Iterable[Result]]]] = [
        ("two-way analysis of variance", lambda: anova.two_way(compared, level)),
        ("Kruskal–Wallis test per passage", lambda: omnibus.kruskal_wallis_per_passage(compared)),
    ]
    if blocks is not None:
        tests.insert(0, ("one-way analysis of variance", partial(anova.one_way, blocks, level)))
    if trend:
        tests.append(("Page's trend test", partial(_trend, blocks, trend)))
    if len(compared.passage.levels) > 1:
        tests.append(("aligned rank transform", lambda: aligned_rank_transform(compared)))
    if np.isnan(compared.cells).any():
        tests.append(("Durbin test", lambda: [incomplete.durbin(compared)]))
        if blocks is not None:
            tests.append(("Skillings–Mack test", lambda: incomplete.skillings_mack(compared)))
    results: list[Result] = []
    notes: list[str] = []
    for name, test in tests:
        try:
            results += test()
        except ValueError as error:
            notes.append(f"No {name}: {error}.")
    return Battery(tuple(results), tuple(notes))


def _trend(blocks: Blocks | None, trend: tuple[str, ...]) -> list[Result]:
    if blocks is None:
        raise ValueError("too few participants rated all systems in one passage")
    return [omnibus.page_trend(blocks, trend)]

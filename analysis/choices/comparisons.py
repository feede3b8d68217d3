"""Paired comparisons: from the tidy table, where the two of a trial score 1 : 0 or ½ : ½.

That is how AB and ABX answers are stored: the chosen one of a trial scores 1, the other 0, and an
undecided answer gives ½ to both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.codes import Integers, combinations
from analysis.ratings import Factor, Ratings

ANSWERS = (0.0, 0.5, 1.0)


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Answers to "which of the two?", one a row.

    Attributes:
        systems: names; `first` and `second` are codes of them.
        reference: the hidden reference among them, where there is one.
        participant, passage: who judged, and what was heard.
        first, second: `(rows,)`, the two that were compared, `first < second`.
        outcome: `(rows,)`, 1 where the first was chosen, −1 the second, 0 neither.
    """

    systems: tuple[str, ...]
    reference: str | None
    participant: Factor
    passage: Factor
    first: Integers
    second: Integers
    outcome: Integers

    def __len__(self) -> int:
        return len(self.outcome)

    @property
    def ties(self) -> int:
        """How many answers chose neither."""
        return int(np.sum(self.outcome == 0))

    def wins(self) -> Integers:
        """`(systems, systems)`: how often the row was chosen over the column."""
        table = np.zeros((len(self.systems), len(self.systems)), np.int64)
        np.add.at(table, (self.first[self.outcome > 0], self.second[self.outcome > 0]), 1)
        np.add.at(table, (self.second[self.outcome < 0], self.first[self.outcome < 0]), 1)
        return table

    def undecided(self) -> Integers:
        """`(systems, systems)`, symmetric: how often neither of the two was chosen."""
        table = np.zeros((len(self.systems), len(self.systems)), np.int64)
        tied = self.outcome == 0
        np.add.at(table, (self.first[tied], self.second[tied]), 1)
        return table + table.T


def are_comparisons(ratings: Ratings) -> bool:
    """Whether every trial holds two stimuli, scored 1 : 0 or ½ : ½ – and not all of them ½ : ½."""
    if not set(np.unique(ratings.score)) <= set(ANSWERS) or np.ptp(ratings.score) == 0.0:
        return False
    trial = trials(ratings)
    shared = np.bincount(trial, ratings.score)
    return bool(np.all(np.bincount(trial) == 2) and np.all(shared == 1.0))


def comparisons_of(ratings: Ratings) -> Comparisons:
    """Read ratings as paired comparisons: of the two stimuli of a trial, the higher score wins.

    Raises:
        ValueError: a trial (participant, page and passage) has not two stimuli, or one twice.
    """
    trial = trials(ratings)
    order = np.lexsort((ratings.system.codes, trial))
    wrong = np.flatnonzero(np.bincount(trial) != 2)
    if wrong.size:
        raise ValueError(f"{_name(ratings, trial, int(wrong[0]))} compares not two stimuli")
    pairs = ratings.system.codes[order].reshape(-1, 2)
    same = np.flatnonzero(pairs[:, 0] == pairs[:, 1])
    if same.size:
        raise ValueError(f"{_name(ratings, trial, int(same[0]))} compares a system with itself")
    scores = ratings.score[order].reshape(-1, 2)
    row = order[::2]
    references = [name for name in ratings.systems if ratings.role_of(name) == "reference"]
    return Comparisons(
        systems=ratings.systems,
        reference=references[0] if len(references) == 1 else None,
        participant=replace(ratings.participant, codes=ratings.participant.codes[row]),
        passage=replace(ratings.passage, codes=ratings.passage.codes[row]),
        first=pairs[:, 0],
        second=pairs[:, 1],
        outcome=np.sign(scores[:, 0] - scores[:, 1]).astype(np.int64),
    )


def trials(ratings: Ratings) -> Integers:
    """`(rows,)`, the number of the trial, one per participant, page and passage."""
    return combinations(ratings.participant.codes, ratings.page.codes, ratings.passage.codes)


def _name(ratings: Ratings, trial: Integers, number: int) -> str:
    row = int(np.flatnonzero(trial == number)[0])
    return (
        f"the trial of participant {ratings.participant.names()[row]}, passage "
        f"{ratings.passage.names()[row]}, page {ratings.page.names()[row]}"
    )

"""A look at a running study: may any pair be called different already?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from analysis.attribute import PAIRWISE
from analysis.choices.comparisons import are_comparisons
from analysis.plan import Plan
from analysis.planning.sequential import Boundary, boundaries
from analysis.ratings import Ratings
from analysis.results import Result


@dataclass(frozen=True)
class Look:
    """What a look at a running study found.

    Attributes:
        earlier: participants at each look before this one.
        participants, planned: how many took part, and how many are to.
        boundary: what this look may call significant, for each pair.
        spending: how α is spent.
        pairs: the plan's primary comparisons, uncorrected: the boundary is for all of them.
        simulated: whether a model, and no listener, made the ratings.
    """

    earlier: tuple[int, ...]
    participants: int
    planned: int
    boundary: Boundary
    spending: str
    pairs: tuple[Result, ...]
    simulated: bool

    @property
    def different(self) -> tuple[Result, ...]:
        """The pairs that are beyond the boundary."""
        return tuple(pair for pair in self.pairs if pair.pvalue <= self.boundary.pvalue)

    def lines(self) -> list[str]:
        """The answer for the terminal."""
        share = 100.0 * self.boundary.fraction
        last = self.boundary.fraction >= 1.0
        lines = ["SIMULATED DATA: a model made these ratings, no listener did."]
        lines = [
            *(lines if self.simulated else []),
            f"Look {len(self.earlier) + 1}: {self.participants} of {self.planned} participants "
            f"({share:.0f}%), {self.spending} spending.",
            f"A pair differs if its own p is at most {self.boundary.pvalue:.2g} now "
            f"(|z| at least {self.boundary.z:.2f}); {len(self.pairs)} pairs share alpha evenly.",
        ]
        for pair in sorted(self.pairs, key=lambda pair: pair.pvalue):
            differs = "differ" if pair in self.different else "go on"
            lines.append(f"  {pair.label}: p = {pair.pvalue:.2g}, {differs}")
        if len(self.different) == len(self.pairs):
            lines.append("Every pair differs: the study may stop.")
        elif last:
            lines.append("This was the last look: the study ends here.")
        else:
            looks = ",".join(map(str, (*self.earlier, self.participants)))
            lines.append(
                f"{len(self.different)} of {len(self.pairs)} pairs differ. Go on to "
                f"{self.planned} participants for the others, and look next time with "
                f"--earlier {looks}."
            )
        return lines


def look_at(
    ratings: Ratings,
    plan: Plan,
    planned: int,
    earlier: Sequence[int] = (),
    spending: str = "obrien-fleming",
) -> Look:
    """Test the plan's primary pairs at the boundary of this look.

    Each of the m pairs has a boundary of its own with α/m, so that the chance of any false one at
    any look is at most α. Participants are the information: the tests are those on participants'
    means, not the mixed model, whose passages do not grow with the participants.

    Args:
        ratings: of one attribute, as far as the study is.
        plan: primary analysis and alpha.
        planned: participants at the end.
        earlier: participants at each look before.
        spending: of α, as `analysis.planning.sequential.boundaries`.

    Raises:
        ValueError: the plan's primary analysis is no test of participants' means, or the looks do
            not follow each other.
    """
    if plan.primary not in PAIRWISE or are_comparisons(ratings):
        raise ValueError(
            f"a look at a running study is for the primary analyses {', '.join(PAIRWISE)}, "
            f"not for {plan.primary}"
        )
    if planned < 2:
        raise ValueError(f"a study of {planned} participants cannot be looked at; it takes 2")
    now = len(ratings.participant.levels)
    if any(before >= after for before, after in pairwise((*earlier, now))):
        raise ValueError(
            f"looks at {', '.join(map(str, (*earlier, now)))} participants do not follow each "
            f"other; the study has {now} now"
        )
    if earlier and earlier[-1] >= planned:
        raise ValueError(
            f"the look at {earlier[-1]} participants was the last of a study of {planned}"
        )
    pairs = PAIRWISE[plan.primary][1](ratings, "holm", plan.level)
    fractions = [min(count / planned, 1.0) for count in (*earlier, now)]
    found = boundaries(fractions, spending, plan.alpha / len(pairs))
    return Look(tuple(earlier), now, planned, found[-1], spending, pairs, ratings.simulated)

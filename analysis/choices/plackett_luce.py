"""The Plackett-Luce model of rankings, with ties.

Who comes next is drawn from those that remain, in proportion to their worths w = exp(strength)
(Luce 1959; Plackett 1975). Systems that share a place came next in an order that nobody told: with
T the tied ones, R those ranked below and W sums of worths, all orders of T together have

    P(T before R) = Σ over subsets S of T of (−1)^|S| W_R / (W_R + W_S)

(the exact treatment of ties in Cox's partial likelihood: DeLong, Guirguis & So 1994, Biometrika
81). Intervals are robust: the rankings of one participant count as one draw (sandwich estimator,
Liang & Zeger 1986).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import optimize

from analysis.choices.comparisons import trials
from analysis.choices.preference import PreferenceModel, centred
from analysis.codes import Integers
from analysis.mixed.structure import Floats
from analysis.ratings import Ratings

MOST_TIED = 8
"""More systems than this on one place say next to nothing, and cost 2^n terms."""
_BOUNDLESS = 15.0
_STEP = 1e-5


@dataclass(frozen=True, eq=False)
class _Events:
    """Every "T before R", one row for each subset S of T.

    Attributes:
        subset, below: `(rows, systems)`, 0 or 1: S and R.
        sign: `(rows,)`, (−1)^|S|.
        event: `(rows,)`, the event of each row.
        owner: `(events,)`, the participant.
    """

    subset: Floats
    below: Floats
    sign: Floats
    event: Integers
    owner: Integers

    def score(self, strengths: Floats) -> tuple[Floats, Floats]:
        """log P of each event and its gradient by the strengths, `(events, systems)`."""
        worths = np.exp(strengths - strengths.max())
        up, down = self.subset @ worths, self.below @ worths
        total = up + down
        chance = np.bincount(self.event, self.sign * down / total)
        by_each = self.below * up[:, None] - self.subset * down[:, None]
        by_each *= (self.sign / total**2)[:, None] * worths
        slope = np.zeros((chance.size, strengths.size))
        np.add.at(slope, self.event, by_each)
        return np.log(chance), slope / chance[:, None]


def fit_plackett_luce(ratings: Ratings) -> PreferenceModel:
    """Fit the model to the rankings that the scores of each trial give, the highest first.

    Trials may rank different systems. Only the order counts.

    Raises:
        ValueError: nothing is ranked, or more than eight systems share a place.
    """
    events = _events(ratings)
    k = len(ratings.systems)

    def objective(against_first: Floats) -> tuple[float, Floats]:
        value, slope = events.score(np.concatenate([[0.0], against_first]))
        return -float(value.sum()), -slope.sum(axis=0)[1:]

    found = optimize.minimize(objective, np.zeros(k - 1), jac=True, options={"gtol": 1e-8})
    bread = _inverse_information(objective, found.x)
    _, slope = events.score(np.concatenate([[0.0], found.x]))
    people = np.unique(events.owner).size
    per_person = np.zeros((int(events.owner.max()) + 1, k - 1))
    np.add.at(per_person, events.owner, slope[:, 1:])
    few = people / max(people - 1, 1)
    covariance = few * bread @ (per_person.T @ per_person) @ bread
    strengths, covariance, wald = centred(found.x, covariance)
    converged = bool(np.max(np.abs(found.jac)) < 1e-4 and np.max(np.abs(found.x)) < _BOUNDLESS)
    ranked = int(np.unique(trials(ratings)).size)
    return PreferenceModel(
        name="plackett-luce",
        systems=ratings.systems,
        strengths=strengths,
        covariance=covariance,
        tie=None,
        sds={},
        log_likelihood=-float(found.fun),
        null_log_likelihood=-objective(np.zeros(k - 1))[0],
        wald=wald,
        trials=ranked,
        participants=people,
        converged=converged,
        describes=f"Plackett-Luce model of {ranked} rankings, standard errors robust by "
        "participant",
        notes=_warnings(people, k, converged),
    )


def _events(ratings: Ratings) -> _Events:
    trial = trials(ratings)
    k = len(ratings.systems)
    rows: list[tuple[Floats, Floats, float, int]] = []
    owners: list[int] = []
    for number in range(int(trial.max()) + 1):
        mine = np.flatnonzero(trial == number)
        systems, scores = ratings.system.codes[mine], ratings.score[mine]
        for place in np.unique(scores)[:0:-1]:
            tied, below = systems[scores == place], systems[scores < place]
            _refuse_many_tied(tied, ratings.systems)
            for size in range(tied.size + 1):
                for subset in combinations(tied.tolist(), size):
                    rows.append((_mask(subset, k), _mask(below, k), (-1.0) ** size, len(owners)))
            owners.append(int(ratings.participant.codes[mine[0]]))
    if not rows or k < 2:
        raise ValueError("no trial ranks one system above another: there is nothing to model")
    subset, lower, sign, event = zip(*rows, strict=True)
    return _Events(
        np.array(subset), np.array(lower), np.array(sign), np.array(event), np.array(owners)
    )


def _mask(codes: Sequence[int] | Integers, size: int) -> Floats:
    mask = np.zeros(size)
    mask[list(codes)] = 1.0
    return mask


def _refuse_many_tied(tied: Integers, systems: tuple[str, ...]) -> None:
    if tied.size > MOST_TIED:
        named = ", ".join(systems[code] for code in tied)
        raise ValueError(
            f"{tied.size} systems share a place in one ranking ({named}); "
            f"the model takes up to {MOST_TIED}"
        )


def _inverse_information(objective: object, at: Floats) -> Floats:
    """From central differences of the exact gradient."""
    assert callable(objective)
    steps = np.eye(at.size) * _STEP
    hessian = np.array(
        [(objective(at + step)[1] - objective(at - step)[1]) / (2 * _STEP) for step in steps]
    )
    return np.asarray(np.linalg.pinv((hessian + hessian.T) / 2.0, hermitian=True), np.float64)


def _warnings(people: int, systems: int, converged: bool) -> tuple[str, ...]:
    notes = []
    if people <= 2 * systems:
        notes.append(
            f"Robust standard errors from {people} participants are too small; "
            f"{2 * systems} or more are wanted for {systems} systems."
        )
    if not converged:
        notes.append(
            "The model did not converge: a system may always be first or last. "
            "Do not rely on its intervals."
        )
    return tuple(notes)

"""Densities of ratings given a linear predictor η, with the derivatives that Laplace needs.

Each is log-concave in η (the beta density nearly so), so the modes that `laplace` looks for exist
and Newton finds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.special import expit, log_expit

from analysis.codes import Integers
from analysis.mixed.structure import Floats


@dataclass(frozen=True, eq=False)
class Slopes:
    """The log density of each row and its derivatives; n rows, t parameters of the family.

    Attributes:
        value, first, second, third: `(n,)`, derivatives by η of order 0 to 3.
        by_own, first_by_own, second_by_own: `(n, t)`, those of order 0 to 2 by the parameters.
    """

    value: Floats
    first: Floats
    second: Floats
    third: Floats
    by_own: Floats
    first_by_own: Floats
    second_by_own: Floats


class Family(Protocol):
    """A density with parameters of its own; `free` ones may be any real numbers."""

    def natural(self, free: Floats) -> Floats:
        """Parameters that people know, from unbounded ones."""
        ...

    def jacobian(self, free: Floats) -> Floats:
        """Derivative of `natural`, `(t, t)`: rows natural, columns free."""
        ...

    def slopes(self, eta: Floats, own: Floats) -> Slopes:
        """Log density and derivatives at η and the natural parameters."""
        ...


@dataclass(frozen=True, eq=False)
class CumulativeLogit:
    """Ordered categories: P(Y <= j) = expit(θ_j − η), with increasing thresholds θ.

    Attributes:
        category: `(n,)`, 0..levels-1, each one present.
        levels: how many.
    """

    category: Integers
    levels: int

    def natural(self, free: Floats) -> Floats:
        """Thresholds from the first one and the logs of the steps."""
        return np.cumsum(np.concatenate([free[:1], np.exp(free[1:])]))

    def jacobian(self, free: Floats) -> Floats:
        """Thresholds by the first one and the logs of the steps."""
        steps = np.concatenate([[1.0], np.exp(free[1:])])
        return np.tril(np.broadcast_to(steps, (free.size, free.size)))

    def slopes(self, eta: Floats, own: Floats) -> Slopes:
        """From F(a) − F(b) = F(a) (1 − F(b)) (1 − exp(b − a)), exact in both tails."""
        limits = np.concatenate([[-np.inf], own, [np.inf]])
        upper, lower = limits[self.category + 1], limits[self.category]
        a, b = upper - eta, lower - eta
        above, below = expit(a), expit(b)
        density_a, density_b = above * expit(-a), below * expit(-b)
        bend_a, bend_b = density_a * (1.0 - 2.0 * above), density_b * (1.0 - 2.0 * below)
        steps = np.diff(limits)
        push = (1.0 / np.expm1(steps))[self.category]
        gap = np.log(-np.expm1(-steps))[self.category]
        at_upper, at_lower = self._ends
        return Slopes(
            value=log_expit(a) + log_expit(-b) + gap,
            first=above + below - 1.0,
            second=-density_a - density_b,
            third=bend_a + bend_b,
            by_own=(expit(-a) + push)[:, None] * at_upper - (below + push)[:, None] * at_lower,
            first_by_own=density_a[:, None] * at_upper + density_b[:, None] * at_lower,
            second_by_own=-bend_a[:, None] * at_upper - bend_b[:, None] * at_lower,
        )

    @cached_property
    def _ends(self) -> tuple[Floats, Floats]:
        """Which threshold is the upper, and which the lower end of each row's category."""
        places = np.arange(self.levels - 1)
        category = self.category[:, None]
        return (category == places).astype(np.float64), (category == places + 1).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Davidson:
    """A comparison with ties: odds exp(η/2) : ν : exp(−η/2) for win, tie, loss (Davidson 1970).

    Attributes:
        outcome: `(n,)`, 1, 0 or −1.
    """

    outcome: Integers

    def natural(self, free: Floats) -> Floats:
        """log ν, as it is."""
        return free

    def jacobian(self, free: Floats) -> Floats:
        """One."""
        return np.eye(free.size)

    def slopes(self, eta: Floats, own: Floats) -> Slopes:
        """With log ν the only parameter; none where there are no ties."""
        tie = np.exp(own[0]) if own.size else 0.0
        # Divided by exp(|η|/2), so that nothing overflows.
        shrink = np.exp(-np.abs(eta) / 2.0)
        up, down = np.exp((eta - np.abs(eta)) / 2.0), np.exp((-eta - np.abs(eta)) / 2.0)
        total = up + down + tie * shrink
        s, c, v = (up - down) / 2.0 / total, (up + down) / 2.0 / total, tie * shrink / total
        log_total = np.abs(eta) / 2.0 + np.log(total)
        tied = (self.outcome == 0).astype(np.float64)
        return Slopes(
            value=self.outcome * eta / 2.0 + (tied * own[0] if own.size else 0.0) - log_total,
            first=self.outcome / 2.0 - s,
            second=-(c / 2.0 - s**2),
            third=-(s / 4.0 - 1.5 * c * s + 2.0 * s**3),
            by_own=_columns(tied - v, own.size),
            first_by_own=_columns(v * s, own.size),
            second_by_own=_columns(v * (c / 2.0 - 2.0 * s**2), own.size),
        )


@dataclass(frozen=True, eq=False)
class Bernoulli:
    """Right or wrong: P(right) = expit(η).

    Attributes:
        right: `(n,)`, 0 or 1.
    """

    right: Integers

    def natural(self, free: Floats) -> Floats:
        """There are none."""
        return free

    def jacobian(self, free: Floats) -> Floats:
        """There are none."""
        return np.eye(free.size)

    def slopes(self, eta: Floats, own: Floats) -> Slopes:
        """Of the logistic regression."""
        chance = expit(eta)
        density = chance * expit(-eta)
        nothing = np.zeros((eta.size, 0))
        return Slopes(
            value=log_expit(np.where(self.right == 1, eta, -eta)),
            first=self.right - chance,
            second=-density,
            third=-density * (1.0 - 2.0 * chance),
            by_own=nothing,
            first_by_own=nothing,
            second_by_own=nothing,
        )


def _columns(values: Floats, count: int) -> Floats:
    return values[:, None] if count else np.zeros((values.size, 0))


def start_thresholds(category: Integers, levels: int) -> Floats:
    """Free parameters of `CumulativeLogit` where no system differs: from the shares so far."""
    shares = np.cumsum(np.bincount(category, minlength=levels))[:-1] / category.size
    thresholds = np.log(shares) - np.log1p(-shares)
    return np.concatenate([thresholds[:1], np.log(np.diff(thresholds))])

"""Can listeners hear the difference? ABX and two-alternative tests: exact test, d′, participants.

    two-alternative:      P(right) = Φ(d′/√2)
    ABX, independent:     P(right) = Φ(d′/√2) Φ(d′/2) + Φ(−d′/√2) Φ(−d′/2)
    ABX, differencing:    P(right) = Φ(d′/√2) Φ(d′/√6) + Φ(−d′/√2) Φ(−d′/√6)

(Macmillan & Creelman 2005, Detection Theory, 2nd ed., equations 7.2, 9.2 and 9.3; the
independent-observation strategy is for one fixed pair, differencing for pairs that change.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import optimize
from scipy.special import expit, ndtr

from analysis.choices.comparisons import Comparisons
from analysis.distributions import normal_quantile, normal_sf
from analysis.mixed.families import Bernoulli
from analysis.mixed.laplace import Model, fit, maximum
from analysis.mixed.structure import Floats, arrange, intercepts
from analysis.mixed.threads import one_blas_thread
from analysis.ratings import Factor
from analysis.results import Interval, Quantity, Result

Procedure = Literal["abx", "abx-differencing", "2afc"]

PROCEDURES: dict[str, str] = {
    "abx": "ABX, independent observations",
    "abx-differencing": "ABX, differencing",
    "2afc": "two alternatives",
}
_LARGEST_D = 40.0


@dataclass(frozen=True, eq=False)
class Answers:
    """Right and wrong answers, one a row.

    Attributes:
        participant, passage: who answered, and what was heard.
        right: `(rows,)`, True or False.
        undecided: answers that chose neither, and are none of the rows.
    """

    participant: Factor
    passage: Factor
    right: np.ndarray
    undecided: int = 0

    def __len__(self) -> int:
        return len(self.right)


def answers_of(comparisons: Comparisons, system: str) -> Answers:
    """The comparisons of a system with the hidden reference; right is who chose the reference.

    Raises:
        ValueError: there is no reference, or the system never met it.
    """
    if comparisons.reference is None:
        raise ValueError("no reference is among what was compared, so no answer is right or wrong")
    reference = comparisons.systems.index(comparisons.reference)
    other = comparisons.systems.index(system)
    low, high = sorted((reference, other))
    ours = (comparisons.first == low) & (comparisons.second == high)
    decided = ours & (comparisons.outcome != 0)
    if not decided.any():
        raise ValueError(f"nobody decided between {system} and {comparisons.reference}")
    sign = 1 if reference < other else -1
    return Answers(
        comparisons.participant.take(decided),
        comparisons.passage.take(decided),
        comparisons.outcome[decided] == sign,
        int(np.sum(ours & ~decided)),
    )


def proportion_right(d: Floats | float, procedure: Procedure = "abx") -> Floats:
    """The share of right answers that a sensitivity d′ gives."""
    d = np.asarray(d, dtype=np.float64)
    near = d / np.sqrt(2.0)
    if procedure == "2afc":
        return np.asarray(ndtr(near))
    far = d / (2.0 if procedure == "abx" else np.sqrt(6.0))
    return np.asarray(ndtr(near) * ndtr(far) + ndtr(-near) * ndtr(-far))


def d_prime(share: float, procedure: Procedure = "abx") -> float:
    """The sensitivity behind a share of right answers: 0 at or below one half, infinite at 1.

    Raises:
        ValueError: the share is not between 0 and 1.
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"a share of right answers is between 0 and 1, not {share!r}")
    if share <= 0.5:
        return 0.0
    if share >= float(proportion_right(_LARGEST_D, procedure)):
        return float("inf")
    return float(
        optimize.brentq(
            lambda d: float(proportion_right(d, procedure)) - share, 0.0, _LARGEST_D, xtol=1e-12
        )
    )


def binomial_test(
    right: int, trials: int, procedure: Procedure = "abx", level: float = 0.95
) -> Result:
    """Exact one-sided test that answers are better than guessing, with d′.

    The intervals are Clopper and Pearson's, two-sided. It is right for one participant; over
    several it takes all answers for independent, which `pooled_test` does not.

    Raises:
        ValueError: there are no trials, or more right answers than trials.
    """
    if not 0 <= right <= trials or trials < 1:
        raise ValueError(f"{right} right of {trials} trials cannot be")
    from scipy import stats

    test = stats.binomtest(right, trials, 0.5, alternative="greater")
    limits = stats.binomtest(right, trials).proportion_ci(level)
    share = right / trials
    return Result(
        name="detection-binomial",
        systems=(),
        statistic=Quantity("right", float(right)),
        df=(),
        pvalue=float(test.pvalue),
        n=trials,
        unit="answers",
        method=f"Exact one-sided binomial test against guessing; d′ for {PROCEDURES[procedure]}.",
        effect=_sensitivity(share, float(limits.low), float(limits.high), level, procedure),
        estimate=Quantity(
            "share right",
            share,
            Interval(float(limits.low), float(limits.high), level, "Clopper-Pearson"),
        ),
    )


def pooled_test(answers: Answers, procedure: Procedure = "abx", level: float = 0.95) -> Result:
    """Is the typical participant better than guessing? Logistic model, random participants.

    Passages are random, too, where there are several. One-sided, from the signed root of the
    likelihood ratio; the interval of the typical participant's share is Wald's on the log odds.

    Raises:
        ValueError: there are fewer than two participants.
    """
    people = len(answers.participant.levels)
    if people < 2:
        raise ValueError("one participant's answers need no pooling; use the binomial test")
    factors = {"participant": answers.participant.codes, "passage": answers.passage.codes}
    names = [name for name, codes in factors.items() if 1 < np.unique(codes).size < len(answers)]
    structure = arrange(intercepts(factors, [(name,) for name in names]), factors)
    family, ones = Bernoulli(answers.right.astype(np.int64)), np.ones((len(answers), 1))
    with one_blas_thread():
        null, start = maximum(Model(family, ones[:, :0], structure), np.zeros(0))
        full = fit(Model(family, ones, structure), start)
    odds, se = float(full.coefficients[0]), float(np.sqrt(full.covariance[0, 0]))
    root = float(np.sign(odds)) * np.sqrt(max(2.0 * (full.log_likelihood - null), 0.0))
    reach = float(normal_quantile((1.0 + level) / 2.0)) * se
    share, low, high = (float(expit(odds + move)) for move in (0.0, -reach, reach))
    spread = tuple(
        Quantity(f"SD of {name}", float(sd))
        for name, sd in zip(structure.terms, full.sds, strict=True)
    )
    return Result(
        name="detection-pooled",
        systems=(),
        statistic=Quantity("z", root),
        df=(),
        pvalue=float(normal_sf(root)),
        n=people,
        unit="participants",
        method=f"Logistic mixed model of {len(answers)} answers with random "
        f"{' and '.join(f'{name}s' for name in names) or 'nothing'}; one-sided likelihood ratio "
        f"test against guessing; d′ for {PROCEDURES[procedure]}.",
        effect=_sensitivity(share, low, high, level, procedure),
        estimate=Quantity("share right", share, Interval(low, high, level, "Wald, log odds")),
        details=spread,
        notes=_notes(answers, full.converged),
    )


def _sensitivity(
    share: float, low: float, high: float, level: float, procedure: Procedure
) -> Quantity:
    ends = d_prime(low, procedure), d_prime(high, procedure)
    method = "from that of the share"
    return Quantity("d′", d_prime(share, procedure), Interval(*ends, level, method))


def _notes(answers: Answers, converged: bool) -> tuple[str, ...]:
    notes = []
    if answers.undecided:
        notes.append(
            f"{answers.undecided} undecided answers are left out: who guesses is right half of "
            "the time, so this favours neither side."
        )
    if not converged:
        notes.append(
            "The model did not converge: nearly all answers are right. See the binomial test."
        )
    return tuple(notes)

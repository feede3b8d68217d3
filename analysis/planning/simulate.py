"""Power by simulation: studies are drawn from the mixed model and analysed with it.

The first system lies the wanted effect above all others. Each simulated study is fitted by REML
with the same random terms as a real one, and its differences are tested with Satterthwaite's
degrees of freedom and the correction of the plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.codes import Integers
from analysis.contrasts import pair_rows
from analysis.distributions import f_sf, t_quantile
from analysis.mixed.freedom import satterthwaite, satterthwaite_f, uncertainty
from analysis.mixed.identify import identified
from analysis.mixed.likelihood import Problem, answered, pose
from analysis.mixed.optimum import minimise
from analysis.mixed.structure import CROSSED, Floats, Structure, arrange, intercepts
from analysis.mixed.threads import one_blas_thread
from analysis.planning.design import Design, Spread
from analysis.results import Interval, Quantity
from analysis.simultaneous import adjust


@dataclass(frozen=True)
class Power:
    """How often a design finds an effect.

    Attributes:
        design: what was simulated.
        effect: by how many points the first system was better.
        simulations: how many studies.
        pair: chance that one named pair with this difference is significant after correction.
        any_difference: chance that the test of all systems at once is.
        half_width: mean half width of the pair's own interval, uncorrected, in points.
    """

    design: Design
    effect: float
    simulations: int
    pair: Quantity
    any_difference: Quantity
    half_width: float


def _silent() -> None:
    """Tell nobody."""


def simulate_power(
    design: Design,
    spread: Spread,
    effect: float,
    *,
    simulations: int = 500,
    seed: int = 1,
    alpha: float = 0.05,
    correction: str = "holm",
    tick: Callable[[], None] = _silent,
) -> Power:
    """Simulate a design; the same seed gives the same result, whatever else is simulated.

    Args:
        design: what to simulate.
        spread: how ratings vary.
        effect: the difference to find, in points; 0 gives the rate of false alarms.
        simulations: how many studies.
        seed: of all chance.
        alpha: level of significance.
        correction: over all pairs, as in `analysis.simultaneous`.
        tick: called after each study, for a progress bar.

    Raises:
        ValueError: there is no such correction, or nothing to simulate.
    """
    if simulations < 1:
        raise ValueError(f"{simulations} simulations tell nothing; ask for 1 or more")
    rng = np.random.default_rng([seed, design.participants, design.passages, design.systems])
    lift = effect * (np.arange(design.systems) == 0)
    study = _Study.of(design, spread)
    pair = overall = 0
    widths = []
    for _ in range(simulations):
        found = study.analyse((spread.draw(design, rng) + lift).ravel(), correction, 1.0 - alpha)
        pair += found[0] <= alpha
        overall += found[1] <= alpha
        widths.append(found[2])
        tick()
    return Power(
        design,
        effect,
        simulations,
        _share("power", pair, simulations),
        _share("power of the test of all systems", overall, simulations),
        float(np.mean(widths)),
    )


@dataclass(frozen=True, eq=False)
class _Study:
    """What all simulated studies of one design share: everything but the ratings."""

    structure: Structure
    problem: Problem
    system: Integers
    pairs: Floats
    ratios: Floats

    @classmethod
    def of(cls, design: Design, spread: Spread) -> _Study:
        codes = design.codes()
        terms, _ = identified(intercepts(codes, CROSSED), codes, codes["system"])
        structure = arrange(terms, codes)
        names = tuple(f"{number}" for number in range(design.systems))
        blank = pose(structure, codes["system"], np.zeros(len(codes["system"])), reml=True)
        sds = spread.by_term()
        ratios = np.array([(sds[term] / spread.residual) ** 2 for term in structure.terms])
        return cls(structure, blank, codes["system"], pair_rows(names), ratios)

    def analyse(self, score: Floats, correction: str, level: float) -> tuple[float, float, float]:
        """Corrected p of the first pair, p of all systems, half width of the pair's interval."""
        centred, scale = score - score.mean(), float(score.std())
        with one_blas_thread():
            problem = answered(self.problem, self.structure, self.system, centred / scale)
            optimum = minimise(problem, [self.ratios])
            known = uncertainty(problem, optimum)
        unit = optimum.at.residual_ss / problem.freedom
        covariance = known.covariance * unit
        se = np.sqrt(np.einsum("cp,pq,cq->c", self.pairs, covariance, self.pairs))
        df = satterthwaite(known, self.pairs)
        difference = self.pairs @ optimum.at.coefficients
        family = adjust(difference / se, df, covariance.shape[0], correction, level)
        against = self.pairs[: covariance.shape[0] - 1]
        shift = against @ optimum.at.coefficients
        q = len(against)
        f = float(shift @ np.linalg.solve(against @ covariance @ against.T, shift)) / q
        overall = float(f_sf(f, q, satterthwaite_f(known, against)))
        reach = float(t_quantile((1.0 + level) / 2.0, df[0]) * se[0] * scale)
        return float(family.corrected[0]), overall, reach


def _share(name: str, hits: int, of: int) -> Quantity:
    from scipy import stats

    limits = stats.binomtest(hits, of).proportion_ci(0.95, method="wilson")
    interval = Interval(float(limits.low), float(limits.high), 0.95, "Wilson, of the simulation")
    return Quantity(name, hits / of, interval)

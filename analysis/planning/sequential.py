"""Looking at a study while it runs, without fooling oneself: alpha spending.

Testing at every look with 5 % finds more than 5 % of what is not there. Lan & DeMets (1983,
Biometrika 70, 659–663) spend the error bit by bit: α(t) of it until the fraction t of the planned
participants has taken part, at looks that need not be planned. Boundaries come from the joint
distribution of the looks' z, integrated look by look (Jennison & Turnbull 2000, chapter 19).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from analysis.distributions import normal_density, normal_quantile, normal_sf
from analysis.mixed.structure import Floats

_NODES = 256
_FARTHEST = 9.0
"""No z beyond this is ever integrated: what lies there is less than 1e-18."""


def obrien_fleming(t: Floats, alpha: float) -> Floats:
    """Two-sided α spent at fraction t: next to nothing early, nearly all at the end."""
    edge = -normal_quantile(alpha / 4.0)
    return np.asarray(4.0 * normal_sf(edge / np.sqrt(t)))


def pocock(t: Floats, alpha: float) -> Floats:
    """Two-sided α spent at fraction t: nearly the same boundary at every look."""
    return np.asarray(alpha * np.log1p(np.expm1(1.0) * t))


SPENDING: dict[str, Callable[[Floats, float], Floats]] = {
    "obrien-fleming": obrien_fleming,
    "pocock": pocock,
}


@dataclass(frozen=True)
class Boundary:
    """What a look may call significant.

    Attributes:
        fraction: of the planned participants that had taken part.
        z: the least |z|.
        pvalue: the same as a two-sided p.
        spent: of α, with this look.
    """

    fraction: float
    z: float
    pvalue: float
    spent: float


def boundaries(
    fractions: Sequence[float], spending: str = "obrien-fleming", alpha: float = 0.05
) -> tuple[Boundary, ...]:
    """Two-sided boundaries at looks so far; later ones change nothing about earlier ones.

    Args:
        fractions: of the planned participants at each look, increasing, up to 1.
        spending: "obrien-fleming" or "pocock", the types of Lan and DeMets.
        alpha: to be spent by the end.

    Raises:
        ValueError: there is no such spending, or the fractions do not increase within 0..1.
    """
    if spending not in SPENDING:
        raise ValueError(f"no spending is called {spending!r}; there are {', '.join(SPENDING)}")
    t = np.asarray(fractions, dtype=np.float64)
    if not t.size or np.any(np.diff(t, prepend=0.0) <= 0.0) or t[-1] > 1.0:
        shown = ", ".join(f"{value:g}" for value in t)
        raise ValueError(f"looks must come one after the other, within 0 and 1, not at {shown}")
    spent = SPENDING[spending](t, alpha)
    found: list[Boundary] = []
    state, density, before = np.zeros(1), np.ones(1), 0.0
    for fraction, total in zip(t, spent, strict=True):
        step = np.sqrt(fraction - before)
        share = float(total) - (found[-1].spent if found else 0.0)
        z = _solve(state, density, step, float(np.sqrt(fraction)), share)
        found.append(Boundary(float(fraction), z, float(2.0 * normal_sf(z)), float(total)))
        state, density = _advance(state, density, step, min(z, _FARTHEST) * np.sqrt(fraction))
        before = float(fraction)
    return tuple(found)


def crossing(state: Floats, density: Floats, step: float, limit: float) -> float:
    """Chance that a walk that is still inside moves beyond ±limit with its next step."""
    out = normal_sf((limit - state) / step) + normal_sf((limit + state) / step)
    return float(out @ density)


def _solve(state: Floats, density: Floats, step: float, root: float, share: float) -> float:
    """The boundary z that the walk crosses with probability `share`."""

    def excess(z: float) -> float:
        return crossing(state, density, step, z * root) - share

    if excess(_FARTHEST) >= 0.0:
        return _FARTHEST
    return float(optimize.brentq(excess, 0.0, _FARTHEST, xtol=1e-10))


def _advance(state: Floats, density: Floats, step: float, limit: float) -> tuple[Floats, Floats]:
    """Where walks are that stayed within ±limit: Gauss-Legendre nodes, and their mass."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    place = nodes * limit
    moved = normal_density((place[:, None] - state) / step) / step
    return place, (moved @ density) * weights * limit

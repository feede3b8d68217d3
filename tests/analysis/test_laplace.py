"""Laplace's approximation: derivatives, quadrature as witness, and the models built on it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp

from analysis.mixed.families import Bernoulli, CumulativeLogit, Davidson, Family
from analysis.mixed.laplace import Model, Start, _Search, fit
from analysis.mixed.structure import CROSSED, Term, arrange, intercepts

RNG = np.random.default_rng(5)
N = 60
FAMILIES: dict[str, tuple[Family, np.ndarray]] = {
    "cumulative": (CumulativeLogit(np.arange(N) % 4, 4), np.array([-1.3, 0.2, 1.4])),
    "davidson": (Davidson(np.arange(N) % 3 - 1), np.array([-0.4])),
    "bradley-terry": (Davidson(np.arange(N) % 2 * 2 - 1), np.zeros(0)),
    "bernoulli": (Bernoulli(np.arange(N) % 2), np.zeros(0)),
}
FACTORS = {
    "participant": np.arange(N) // 12,
    "passage": np.arange(N) // 3 % 4,
    "system": np.arange(N) % 3,
}


def slope(function, at: np.ndarray, step: float = 1e-5) -> np.ndarray:
    return np.array(
        [(function(at + e) - function(at - e)) / (2 * step) for e in np.eye(at.size) * step]
    )


@pytest.mark.parametrize("name", FAMILIES)
def test_derivatives_of_the_densities(name: str) -> None:
    family, own = FAMILIES[name]
    eta = RNG.normal(0, 2, N)
    here = family.slopes(eta, own)
    step = 1e-5
    up, down = family.slopes(eta + step, own), family.slopes(eta - step, own)
    for higher, lower in (("first", "value"), ("second", "first"), ("third", "second")):
        numeric = (getattr(up, lower) - getattr(down, lower)) / (2 * step)
        np.testing.assert_allclose(getattr(here, higher), numeric, atol=1e-6, rtol=1e-6)
    for by, of in (("by_own", "value"), ("first_by_own", "first"), ("second_by_own", "second")):
        numeric = slope(lambda own, of=of: getattr(family.slopes(eta, own), of), own)
        np.testing.assert_allclose(
            getattr(here, by), numeric.reshape(own.size, N).T, atol=1e-6, rtol=1e-6
        )


@pytest.mark.parametrize("name", ["cumulative", "davidson", "bernoulli"])
def test_densities_sum_to_one(name: str) -> None:
    eta = np.linspace(-9, 9, 13)
    outcomes = {
        "cumulative": [CumulativeLogit(np.full(13, j), 4) for j in range(4)],
        "davidson": [Davidson(np.full(13, j)) for j in (-1, 0, 1)],
        "bernoulli": [Bernoulli(np.full(13, j)) for j in (0, 1)],
    }[name]
    total = sum(np.exp(each.slopes(eta, FAMILIES[name][1]).value) for each in outcomes)
    np.testing.assert_allclose(total, 1.0, rtol=1e-12)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_gradient_of_the_approximation(name: str) -> None:
    family, own = FAMILIES[name]
    structure = arrange(intercepts(FACTORS, CROSSED), FACTORS)
    model = Model(family, np.eye(3)[FACTORS["system"]][:, 1:], structure)
    point = np.concatenate([own, [0.3, -0.6], [0.9, 0.5, 0.7, 0.4]])
    search = _Search(model, own.size)
    gradient = search.value_and_gradient(point)[1]
    numeric = slope(lambda at: np.array(search.value_and_gradient(at)[0]), point)
    np.testing.assert_allclose(gradient, numeric, atol=2e-5, rtol=1e-5)


def test_many_ratings_per_level_make_it_exact() -> None:
    """One random intercept with 300 binary ratings each: a fine grid tells the true likelihood."""
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(8), 300)
    right = (rng.random(2400) < 1 / (1 + np.exp(-0.8 - rng.normal(0, 0.7, 8)[person]))).astype(int)
    factors = {"participant": person}
    model = Model(
        Bernoulli(right),
        np.ones((2400, 1)),
        arrange(intercepts(factors, [("participant",)]), factors),
    )
    found = fit(model, Start(np.zeros(0), np.ones(len(model.structure.terms))))
    nodes = np.linspace(-8, 8, 4001)
    eta = found.coefficients[0] + found.sds[0] * nodes
    hits, misses = np.bincount(person, right), np.bincount(person, 1 - right)
    logs = -hits[:, None] * np.log1p(np.exp(-eta)) - misses[:, None] * np.log1p(np.exp(eta))
    logs = logs - nodes**2 / 2 - np.log(np.sqrt(2 * np.pi) / (nodes[1] - nodes[0]))
    exact = logsumexp(logs, axis=1).sum()
    assert found.converged
    assert found.log_likelihood == pytest.approx(exact, abs=0.02)


def test_two_levels_in_one_row() -> None:
    """A comparison touches two levels of a term, once with +1 and once with −1."""
    first, second = np.array([0, 0, 1, 2]), np.array([1, 2, 2, 0])
    factors = {"participant": np.array([0, 0, 1, 1])}
    codes = np.stack([factors["participant"] * 3 + first, factors["participant"] * 3 + second], 1)
    term = Term(("participant", "system"), codes, np.tile([1.0, -1.0], (4, 1)))
    structure = arrange([term], factors)
    z = np.zeros((4, 6))
    z[np.arange(4), codes[:, 0]] += 1
    z[np.arange(4), codes[:, 1]] -= 1
    cross = structure.cross(np.ones(4))
    expected = z.T @ z
    for block in range(2):
        used = np.unique(codes[factors["participant"] == block])
        np.testing.assert_allclose(
            cross.inner[block][: used.size, : used.size], expected[np.ix_(used, used)]
        )

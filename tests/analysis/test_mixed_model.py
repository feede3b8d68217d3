"""The crossed mixed model on data of any shape, against plain matrix algebra."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import optimize

from analysis.contrasts import marginal_means, pairwise_contrasts, system_test
from analysis.mixed.structure import CROSSED, RandomTerm
from analysis.models import MixedModel, fit_mixed_model
from analysis.ratings import Ratings, from_table

SHAPES = [(6, 4, 3), (2, 5, 3), (9, 2, 2), (5, 7, 4)]
NESTED: tuple[RandomTerm, ...] = (("participant",), ("participant", "passage"))


def study(
    shape: tuple[int, int, int], missing: float = 0.0, seed: int = 1, repeats: int = 1
) -> list[dict[str, Any]]:
    """Rows of a crossed study with all four random terms, some cells left out at random."""
    rng = np.random.default_rng(seed)
    p, s, k = shape
    score = (
        50
        + 6 * np.arange(k)
        + rng.normal(0, 8, (p, 1, 1))
        + rng.normal(0, 4, (1, s, 1))
        + rng.normal(0, 5, (p, 1, k))
        + rng.normal(0, 3, (1, s, k))
    )
    rows = []
    for repeat in range(repeats):
        noise = rng.normal(0, 6, shape)
        keep = rng.random(shape) >= missing
        rows += [
            {
                "participant": f"P{a}",
                "passage": f"S{b}",
                "page": f"{b}/{repeat}",
                "system": "ABCDEF"[c],
                "score": score[a, b, c] + noise[a, b, c],
            }
            for a, b, c in np.ndindex(shape)
            if keep[a, b, c]
        ]
    return rows


def ratings_of(rows: list[dict[str, Any]]) -> Ratings:
    return from_table(rows, scale=(-1e4, 1e4))


def dense(ratings: Ratings, terms: list[str]) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """X, the G_i = Z_i Z_i' (the identity last), and y."""
    columns = {
        name: np.asarray(getattr(ratings, name).names(), dtype=str)
        for name in ("participant", "passage", "system")
    }
    x = (columns["system"][:, None] == np.array(ratings.systems)).astype(float)
    parts = []
    for term in terms:
        named = [columns[name] for name in term.split(":")]
        label = np.array(["|".join(row) for row in zip(*named, strict=True)])
        parts.append((label[:, None] == label[None, :]).astype(float))
    return x, [*parts, np.eye(len(ratings))], ratings.score


def dense_deviance(
    variances: np.ndarray, x: np.ndarray, parts: list[np.ndarray], y: np.ndarray, reml: bool
) -> float:
    """−2 log likelihood from the definition: the density of y, or of its error contrasts."""
    v = np.tensordot(variances, parts, 1)
    inverse = np.linalg.inv(v)
    information = x.T @ inverse @ x
    residual = y - x @ np.linalg.solve(information, x.T @ inverse @ y)
    freedom = len(y) - (x.shape[1] if reml else 0)
    deviance = np.linalg.slogdet(v)[1] + residual @ inverse @ residual
    deviance += np.linalg.slogdet(information)[1] if reml else 0.0
    return float(deviance + freedom * np.log(2 * np.pi))


def variances(model: MixedModel) -> np.ndarray:
    return np.array([part.variance for part in model.components])


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("missing", [0.0, 0.35])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("random", [CROSSED, CROSSED[:2], NESTED, (("passage",),), ()])
def test_the_likelihood_is_right_and_greatest(
    shape: tuple[int, int, int], missing: float, reml: bool, random: tuple[RandomTerm, ...]
) -> None:
    ratings = ratings_of(study(shape, missing))
    model = fit_mixed_model(ratings, random=random, reml=reml)
    names = [part.term for part in model.components[:-1]]
    x, parts, y = dense(ratings, names)
    at = variances(model)
    best = dense_deviance(at, x, parts, y, reml)
    assert -2 * model.log_likelihood == pytest.approx(best, abs=1e-6)
    assert model.converged
    rng = np.random.default_rng(3)
    for size in (1e-3, 0.1, 0.5):
        there = np.abs(at + size * rng.normal(size=at.shape) * (at + 0.1 * at[-1]))
        assert dense_deviance(there, x, parts, y, reml) >= best - 1e-7


@pytest.mark.parametrize("missing", [0.0, 0.35])
def test_a_general_optimiser_finds_nothing_better(missing: float) -> None:
    ratings = ratings_of(study((6, 4, 3), missing, seed=4))
    model = fit_mixed_model(ratings)
    x, parts, y = dense(ratings, [part.term for part in model.components[:-1]])
    found = optimize.minimize(
        lambda logs: dense_deviance(np.exp(logs), x, parts, y, True),
        np.full(len(parts), 2.0),
        method="Nelder-Mead",
        options={"maxiter": 4000, "fatol": 1e-10, "xatol": 1e-8},
    )
    assert -2 * model.log_likelihood <= found.fun + 1e-6


def satterthwaite_by_definition(
    at: np.ndarray, x: np.ndarray, parts: list[np.ndarray], y: np.ndarray, contrast: np.ndarray
) -> float:
    """2 V² / var(V) with derivatives of V and of the deviance by finite differences."""

    def variance(point: np.ndarray) -> float:
        inverse = np.linalg.inv(np.tensordot(point, parts, 1))
        return float(contrast @ np.linalg.solve(x.T @ inverse @ x, contrast))

    steps = 1e-4 * at
    size = len(at)
    moves = np.diag(steps)
    gradient = np.array(
        [(variance(at + m) - variance(at - m)) / (2 * s) for m, s in zip(moves, steps, strict=True)]
    )
    hessian = np.empty((size, size))
    for i, j in np.ndindex(size, size):
        corners = [
            dense_deviance(at + a * moves[i] + b * moves[j], x, parts, y, True) * a * b
            for a in (1, -1)
            for b in (1, -1)
        ]
        hessian[i, j] = sum(corners) / (4 * steps[i] * steps[j])
    spread = gradient @ np.linalg.solve(hessian / 2, gradient)
    return 2 * variance(at) ** 2 / float(spread)


@pytest.mark.parametrize("seed", [2, pytest.param(5, marks=pytest.mark.slow)])
def test_satterthwaite_by_its_definition(seed: int) -> None:
    ratings = ratings_of(study((10, 6, 3), 0.3, seed=seed))
    model = fit_mixed_model(ratings)
    names = [part.term for part in model.components[:-1] if part.variance > 0]
    x, parts, y = dense(ratings, names)
    at = variances(model)
    at = at[at > 0]
    contrasts = {("A", "B"): [1, -1, 0], ("A", "C"): [1, 0, -1], ("B", "C"): [0, 1, -1]}
    for result in pairwise_contrasts(model):
        expected = satterthwaite_by_definition(
            at, x, parts, y, np.array(contrasts[result.systems], dtype=float)
        )
        assert result.df[0] == pytest.approx(expected, rel=2e-3)


def kenward_roger_by_definition(
    at: np.ndarray, x: np.ndarray, parts: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Kenward & Roger's (1997) Φ, Φ_A, W and P_i from n × n matrices."""
    inverse = np.linalg.inv(np.tensordot(at, parts, 1))
    phi = np.linalg.inv(x.T @ inverse @ x)
    p = np.array([-x.T @ inverse @ g @ inverse @ x for g in parts])
    size = len(parts)
    information = np.empty((size, size))
    q = np.empty((size, size, *phi.shape))
    for i, j in np.ndindex(size, size):
        product = inverse @ parts[i] @ inverse @ parts[j] @ inverse
        q[i, j] = x.T @ product @ x
        information[i, j] = 0.5 * (
            np.trace(product @ np.tensordot(at, parts, 1))
            - 2 * np.trace(phi @ q[i, j])
            + np.trace(phi @ p[i] @ phi @ p[j])
        )
    w = np.linalg.inv(information)
    inner = sum(w[i, j] * (q[i, j] - p[i] @ phi @ p[j]) for i, j in np.ndindex(size, size))
    return phi, phi + 2 * phi @ inner @ phi, w, p


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("seed", [2, 3])
def test_kenward_roger_by_its_definition(missing: float, seed: int) -> None:
    ratings = ratings_of(study((8, 5, 3), missing, seed=seed))
    model = fit_mixed_model(ratings)
    x, parts, _ = dense(ratings, [part.term for part in model.components[:-1]])
    phi, adjusted, w, p = kenward_roger_by_definition(variances(model), x, parts)
    known = model.known
    assert known is not None
    np.testing.assert_allclose(known.covariance * model.scale**2, phi, rtol=1e-7)
    np.testing.assert_allclose(known.small_sample * model.scale**2, adjusted, rtol=1e-6)
    for result in pairwise_contrasts(model, freedom="kenward-roger"):
        c = np.array(
            [
                (name == result.systems[0]) * 1.0 - (name == result.systems[1])
                for name in ratings.systems
            ]
        )
        # For one contrast the method reduces to 2 V² / var(V) with the expected information.
        gradient = np.array([c @ phi @ part @ phi @ c for part in p])
        expected = 2 * (c @ phi @ c) ** 2 / (gradient @ w @ gradient)
        assert result.df[0] == pytest.approx(expected, rel=1e-5)
        assert result.statistic.value == pytest.approx(
            float(c @ model.means / np.sqrt(c @ adjusted @ c)), rel=1e-6
        )


def test_balanced_data_give_the_classical_f() -> None:
    """With participants only, the model's F is that of the repeated-measures ANOVA."""
    ratings = ratings_of(study((12, 1, 4), seed=8))
    model = fit_mixed_model(ratings)
    y = ratings.cells[:, 0]
    residual = y - y.mean(1, keepdims=True) - y.mean(0) + y.mean()
    f = 12 * ((y.mean(0) - y.mean()) ** 2).sum() / 3 / ((residual**2).sum() / 33)
    for freedom in ("satterthwaite", "kenward-roger"):
        result = system_test(model, freedom)
        assert result.statistic.value == pytest.approx(f, rel=1e-9)
        assert result.df == pytest.approx((3, 33), rel=1e-6)
    assert [note for note in model.notes if "left out" in note]


def same(first: MixedModel, second: MixedModel, scale: float = 1.0) -> None:
    np.testing.assert_allclose(variances(second), variances(first) * scale**2, rtol=1e-5, atol=1e-6)
    ours, theirs = system_test(first), system_test(second)
    assert theirs.statistic.value == pytest.approx(ours.statistic.value, rel=1e-6)
    assert theirs.df[1] == pytest.approx(ours.df[1], rel=1e-4)
    for left, right in zip(pairwise_contrasts(first), pairwise_contrasts(second), strict=True):
        assert left.estimate is not None
        assert right.estimate is not None
        assert right.estimate.value == pytest.approx(left.estimate.value * scale, rel=1e-5)


FAST = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FAST
@given(seed=st.integers(0, 10**6), missing=st.sampled_from([0.0, 0.2]))
def test_the_order_of_rows_changes_nothing(seed: int, missing: float) -> None:
    rows = study((6, 5, 3), missing, seed=seed)
    shuffled = [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]
    same(fit_mixed_model(ratings_of(rows)), fit_mixed_model(ratings_of(shuffled)))


@FAST
@given(
    seed=st.integers(0, 10**6),
    shift=st.floats(-1000, 1000),
    factor=st.floats(0.01, 50),
)
def test_shift_and_scale_carry_through(seed: int, shift: float, factor: float) -> None:
    rows = study((6, 5, 3), 0.2, seed=seed)
    moved = [{**row, "score": row["score"] * factor + shift} for row in rows]
    same(fit_mixed_model(ratings_of(rows)), fit_mixed_model(ratings_of(moved)), factor)


def test_relabelling_only_renames() -> None:
    rows = study((6, 5, 3), 0.2)
    swap = {"A": "C", "B": "B", "C": "A"}
    renamed = [
        {**row, "system": swap[row["system"]], "participant": f"x{row['participant']}"}
        for row in rows
    ]
    first, second = fit_mixed_model(ratings_of(rows)), fit_mixed_model(ratings_of(renamed))
    np.testing.assert_allclose(second.means, first.means[::-1], rtol=1e-9)
    for freedom, tolerance in (("kenward-roger", 1e-7), ("satterthwaite", 1e-3)):
        ours, theirs = system_test(first, freedom), system_test(second, freedom)
        assert theirs.pvalue == pytest.approx(ours.pvalue, rel=tolerance)


def test_repeated_trials_count_as_ratings() -> None:
    ratings = ratings_of(study((6, 4, 3), 0.1, repeats=2))
    model = fit_mixed_model(ratings, random=(*CROSSED, ("participant", "passage")))
    assert model.ratings == len(ratings)
    assert len(model.components) == 6
    assert model.notes == () or model.singular


@pytest.mark.parametrize(
    ("shape", "left_out"),
    [
        ((8, 1, 3), {"passage", "participant:system", "passage:system"}),
        ((1, 8, 3), {"participant", "participant:system", "passage:system"}),
        ((8, 4, 3), set()),
    ],
)
def test_what_cannot_be_told_apart_is_left_out_and_said(
    shape: tuple[int, int, int], left_out: set[str]
) -> None:
    model = fit_mixed_model(ratings_of(study(shape)))
    kept = {part.term for part in model.components}
    assert {":".join(term) for term in CROSSED} - kept == left_out
    assert sum("left out" in note for note in model.notes) == len(left_out)
    assert np.isfinite(system_test(model).pvalue)


def test_the_error_cannot_be_a_random_term_too() -> None:
    rows = study((5, 4, 3))
    model = fit_mixed_model(
        ratings_of(rows), random=(*CROSSED, ("participant", "passage", "system"))
    )
    assert any("participant:passage:system was left out" in note for note in model.notes)


def test_pure_noise_is_reported_as_singular() -> None:
    rng = np.random.default_rng(4)
    rows = [{**row, "score": rng.normal()} for row in study((5, 4, 3))]
    model = fit_mixed_model(ratings_of(rows))
    assert model.singular
    assert any("singular" in note for note in model.notes)
    assert all(model.component(term).variance == 0.0 for term in model.singular)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda row: {**row, "score": 50.0}, "all 60 ratings are 50"),
        (lambda row: {**row, "system": "A", "page": row["system"]}, "only one system"),
        (lambda row: {**row, "attribute": row["system"]}, "3 \\(A, B, C\\)"),
        (lambda row: {**row, "score": 7.0 * int(row["participant"][1:])}, "no residual"),
    ],
)
def test_what_cannot_be_fitted_says_why(change: Any, message: str) -> None:
    rows = [change(row) for row in study((5, 4, 3))]
    with pytest.raises(ValueError, match=message):
        fit_mixed_model(ratings_of(rows))


def test_one_rating_per_system_is_too_little() -> None:
    with pytest.raises(ValueError, match="leave nothing to estimate"):
        fit_mixed_model(ratings_of(study((1, 1, 3))))


def test_an_unknown_factor_is_named() -> None:
    with pytest.raises(ValueError, match="no factor 'listener'"):
        fit_mixed_model(ratings_of(study((5, 4, 3))), random=(("listener",),))


def test_tests_need_reml() -> None:
    model = fit_mixed_model(ratings_of(study((5, 4, 3))), reml=False)
    with pytest.raises(ValueError, match="REML"):
        marginal_means(model)

"""The crossed mixed model against lme4, lmerTest, pbkrtest and emmeans."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from analysis.contrasts import (
    coefficients,
    marginal_means,
    pairwise_contrasts,
    system_test,
)
from analysis.mixed.structure import CROSSED
from analysis.models import MixedModel, fit_mixed_model, likelihood_ratio_test

INTERCEPTS = CROSSED[:2]
MODELS = {"lmm_crossed": INTERCEPTS, "lmm_crossed_interactions": CROSSED}


@pytest.fixture(scope="module", params=MODELS)
def fitted(request: pytest.FixtureRequest, oracle: Any) -> tuple[MixedModel, dict[str, Any]]:
    model = fit_mixed_model(oracle.ratings, random=MODELS[request.param])
    return model, oracle.main[request.param]


def variances(model: MixedModel) -> dict[str, float]:
    return {part.term.replace("system", "mixer"): part.variance for part in model.components}


def assert_variances(model: MixedModel, expected: dict[str, float]) -> None:
    found = variances(model)
    assert set(found) == {name.replace("Residual", "residual") for name in expected}
    for name, variance in expected.items():
        value = found[name.replace("Residual", "residual")]
        assert value == pytest.approx(variance, rel=1e-3, abs=1e-3 if variance == 0 else 0)


def test_fit_by_reml(fitted: tuple[MixedModel, dict[str, Any]]) -> None:
    model, r = fitted
    assert model.converged
    assert bool(model.singular) == r["singular"]
    assert model.log_likelihood == pytest.approx(r["logLik_REML"], abs=1e-5)
    assert model.aic == pytest.approx(r["AIC_REML"], abs=2e-5)
    assert_variances(model, r["varcomp"])


@pytest.mark.parametrize("key", MODELS)
def test_fit_by_full_likelihood(oracle: Any, key: str) -> None:
    model, r = fit_mixed_model(oracle.ratings, random=MODELS[key], reml=False), oracle.main[key]
    assert model.converged
    assert model.log_likelihood == pytest.approx(r["logLik_ML"], abs=1e-5)
    assert model.aic == pytest.approx(r["AIC_ML"], abs=2e-5)
    assert model.bic == pytest.approx(r["BIC_ML"], abs=2e-5)
    assert_variances(model, r["varcomp_ML"])


def test_fixed_effects(fitted: tuple[MixedModel, dict[str, Any]]) -> None:
    model, r = fitted
    rows, fixed = coefficients(model), r["fixed"]
    assert [row.name for row in rows] == [name.replace("mixer", "system") for name in fixed["_row"]]
    size = max(np.abs(fixed["Estimate"]))
    np.testing.assert_allclose(
        [row.value for row in rows], fixed["Estimate"], rtol=1e-6, atol=1e-9 * size
    )
    np.testing.assert_allclose([row.se for row in rows], fixed["Std. Error"], rtol=1e-3)
    np.testing.assert_allclose([row.df for row in rows], fixed["df"], rtol=1e-3)
    np.testing.assert_allclose([row.t for row in rows], fixed["t value"], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose([row.pvalue for row in rows], fixed["Pr(>|t|)"], rtol=1e-3)


@pytest.mark.parametrize(
    ("freedom", "key"),
    [("satterthwaite", "anova_satterthwaite"), ("kenward-roger", "anova_KR")],
)
def test_test_of_the_systems(
    fitted: tuple[MixedModel, dict[str, Any]], freedom: Any, key: str
) -> None:
    model, r = fitted
    result = system_test(model, freedom)
    assert result.statistic.value == pytest.approx(r[key]["F value"][0], rel=1e-5)
    assert result.df[0] == r[key]["NumDF"][0]
    assert result.df[1] == pytest.approx(r[key]["DenDF"][0], rel=1e-3)
    assert result.pvalue == pytest.approx(r[key]["Pr(>F)"][0], rel=1e-3)


def test_marginal_means(fitted: tuple[MixedModel, dict[str, Any]]) -> None:
    model, r = fitted
    means, expected = marginal_means(model), r["emmeans"]
    assert [mean.name for mean in means] == expected["mixer"]
    np.testing.assert_allclose([mean.value for mean in means], expected["emmean"], rtol=1e-6)
    np.testing.assert_allclose([mean.se for mean in means], expected["SE"], rtol=1e-3)
    np.testing.assert_allclose([mean.df for mean in means], expected["df"], rtol=1e-3)
    np.testing.assert_allclose(
        [mean.interval.low for mean in means], expected["lower.CL"], rtol=1e-4
    )
    np.testing.assert_allclose(
        [mean.interval.high for mean in means], expected["upper.CL"], rtol=1e-4
    )


@pytest.mark.parametrize("adjust", ["tukey", "holm"])
def test_pairwise_contrasts(fitted: tuple[MixedModel, dict[str, Any]], adjust: Any) -> None:
    model, r = fitted
    results = pairwise_contrasts(model, adjust)
    expected = r[f"pairs_{adjust}_satterthwaite"]
    values = [result.estimate.value for result in results if result.estimate]
    np.testing.assert_allclose(values, expected["estimate"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(
        [result.statistic.value for result in results], expected["t.ratio"], rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose([result.df[0] for result in results], expected["df"], rtol=1e-3)
    # R's ptukey is good to about 1e-10 in the far tail, where ours goes on falling.
    np.testing.assert_allclose(
        [result.pvalue_corrected for result in results],
        expected["p.value"],
        rtol=1e-3,
        atol=5e-10,
    )


@pytest.mark.parametrize("key", MODELS)
def test_likelihood_ratio_test(oracle: Any, key: str) -> None:
    result = likelihood_ratio_test(oracle.ratings, random=MODELS[key])
    expected = oracle.main[key]["LRT_mixer"]
    assert result.statistic.value == pytest.approx(expected["chisq"], abs=3e-5)
    assert result.df == (expected["df"],)
    assert result.pvalue == pytest.approx(expected["p"], rel=1e-3)

"""The cumulative link mixed model against R's ordinal::clmm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from analysis.mixed.structure import CROSSED
from analysis.ordinal import OrdinalModel, fit_ordinal_model, ordinal_system_test

BANDS = (20.0, 40.0, 60.0, 80.0)
INTERCEPTS = CROSSED[:2]


@pytest.fixture(scope="module")
def fitted(oracle: Any) -> tuple[OrdinalModel, dict[str, Any]]:
    r = oracle.main["clmm_logit"]
    edges = None if r["binning"] == "raw" else BANDS
    return fit_ordinal_model(oracle.ratings, random=INTERCEPTS, edges=edges), r


def test_estimates(fitted: tuple[OrdinalModel, dict[str, Any]]) -> None:
    model, r = fitted
    assert model.converged
    assert model.counts == tuple(r["counts"].values())
    assert model.log_likelihood == pytest.approx(r["logLik"], abs=1e-3)
    np.testing.assert_allclose(model.thresholds, list(r["thresholds"].values()), atol=5e-3)
    np.testing.assert_allclose(model.effects[1:], list(r["coef"].values()), atol=5e-3)
    for term, sd in r["sd_random"].items():
        assert model.sds[term] == pytest.approx(sd, abs=5e-3)


def test_standard_errors(fitted: tuple[OrdinalModel, dict[str, Any]]) -> None:
    model, r = fitted
    ours = [*model.threshold_se, *np.sqrt(np.diag(model.covariance)[1:])]
    np.testing.assert_allclose(ours, list(r["se"].values()), rtol=1e-3)


def test_likelihood_ratio_test(fitted: tuple[OrdinalModel, dict[str, Any]]) -> None:
    model, r = fitted
    result = ordinal_system_test(model)
    assert result.statistic.value == pytest.approx(r["LRT"]["chisq"], abs=4e-3)
    assert result.df == (r["LRT"]["df"],)


def test_without_random_effects_it_is_the_plain_model(oracle: Any) -> None:
    r = oracle.main["clm_fixed_logit"]
    edges = None if oracle.main["clmm_logit"]["binning"] == "raw" else BANDS
    model = fit_ordinal_model(oracle.ratings, random=(), edges=edges)
    assert model.log_likelihood == pytest.approx(r["logLik"], abs=1e-4)
    np.testing.assert_allclose(model.thresholds, list(r["thresholds"].values()), atol=1e-3)
    np.testing.assert_allclose(model.effects[1:], list(r["coef"].values()), atol=1e-3)

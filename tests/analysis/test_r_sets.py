"""Five further data sets against R, of the shapes that the acceptance sets have not.

`r/witness.R` made the expected values. `unbal`: a fifth of the cells missing, and the passages show
no variance; `incomplete`: every page shows two of four systems; `few`: five listeners and seven
systems; `acr`: categories with a third of the cells missing; `repeats`: every trial twice.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import anova, omnibus, pairwise
from analysis.blocks import participant_blocks
from analysis.contrasts import Freedom, coefficients, pairwise_contrasts, system_test
from analysis.mixed.structure import CROSSED, RandomTerm
from analysis.models import fit_mixed_model
from analysis.ordinal import fit_ordinal_model
from analysis.ratings import Ratings, from_table

FOLDER = Path(__file__).parent / "r"
SETS = ("unbal", "incomplete", "few", "acr", "repeats")
MODELS: dict[str, tuple[RandomTerm, ...]] = {"intercepts": CROSSED[:2], "crossed": CROSSED}
BANDS = (20.0, 40.0, 60.0, 80.0)


@dataclass(frozen=True)
class Witness:
    """A data set and what R found in it."""

    name: str
    ratings: Ratings
    r: dict[str, Any]


@pytest.fixture(scope="module", params=SETS)
def witness(request: pytest.FixtureRequest) -> Witness:
    name = request.param
    frame = pd.read_csv(FOLDER / f"{name}.csv")
    trial = frame.groupby(["participant", "passage", "mixer"]).cumcount().astype(str)
    ratings = from_table(frame.assign(page=frame["passage"] + "/" + trial))
    r = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return Witness(name, ratings, r)


@pytest.mark.parametrize("key", MODELS)
def test_likelihoods_and_variances(witness: Witness, key: str) -> None:
    r = witness.r[key]
    for reml, end in ((True, ""), (False, "_ml")):
        model = fit_mixed_model(witness.ratings, random=MODELS[key], reml=reml)
        assert model.converged
        assert model.log_likelihood == pytest.approx(r[f"log_likelihood{end}"], abs=1e-5)
        found = {_as_r(part.term): part.variance for part in model.components}
        for term, variance in r[f"variances{end}"].items():
            none = variance < 1e-6 * sum(found.values())
            assert found[term] == pytest.approx(variance, rel=1e-3, abs=1e-3 if none else 0)


@pytest.mark.parametrize("key", MODELS)
def test_fixed_effects_and_tests(witness: Witness, key: str) -> None:
    r, model = witness.r[key], fit_mixed_model(witness.ratings, random=MODELS[key])
    rows, fixed = coefficients(model), r["fixed"]
    size = max(np.abs(fixed["Estimate"]))
    np.testing.assert_allclose(
        [row.value for row in rows], fixed["Estimate"], rtol=1e-6, atol=1e-8 * size
    )
    np.testing.assert_allclose([row.se for row in rows], fixed["Std. Error"], rtol=1e-3)
    np.testing.assert_allclose([row.df for row in rows], fixed["df"], rtol=1e-3)
    kinds: tuple[Freedom, ...] = ("satterthwaite", "kenward-roger")
    for freedom in kinds:
        result, expected = system_test(model, freedom), r[freedom.replace("-", "_")]
        assert result.statistic.value == pytest.approx(expected["F value"][0], rel=1e-5)
        assert result.df[1] == pytest.approx(expected["DenDF"][0], rel=1e-3)


@pytest.mark.parametrize(
    ("how", "freedom"), [("tukey", "satterthwaite"), ("holm", "kenward-roger")]
)
@pytest.mark.parametrize("key", MODELS)
def test_contrasts(witness: Witness, key: str, how: str, freedom: Freedom) -> None:
    expected, model = witness.r[key][how], fit_mixed_model(witness.ratings, random=MODELS[key])
    pairs = pairwise_contrasts(model, how, freedom=freedom)
    estimates = np.array([pair.estimate.value for pair in pairs if pair.estimate])
    np.testing.assert_allclose(estimates, expected["estimate"], rtol=1e-6, atol=1e-6)
    errors = estimates / [pair.statistic.value for pair in pairs]
    np.testing.assert_allclose(errors, expected["SE"], rtol=1e-3)
    np.testing.assert_allclose([pair.df[0] for pair in pairs], expected["df"], rtol=1e-3)
    np.testing.assert_allclose(
        [pair.pvalue_corrected for pair in pairs], expected["p.value"], rtol=1e-3, atol=1e-9
    )


def test_ordered_categories_with_all_interactions(witness: Witness) -> None:
    r = witness.r["ordinal"]
    edges = BANDS if witness.ratings.scale == (0, 100) else None
    model = fit_ordinal_model(witness.ratings, edges=edges)
    assert model.converged
    assert model.log_likelihood == pytest.approx(r["log_likelihood"], abs=1e-3)
    assert model.null_log_likelihood == pytest.approx(r["null_log_likelihood"], abs=1e-3)
    np.testing.assert_allclose(model.thresholds, r["thresholds"], atol=5e-3)
    np.testing.assert_allclose(model.effects[1:], r["effects"], atol=5e-3)
    for term, sd in r["sds"].items():
        assert model.sds[term] == pytest.approx(sd, abs=5e-3)


def test_wilcoxon_exact_with_ties_and_zeros(witness: Witness) -> None:
    for pair, t in zip(
        pairwise.wilcoxon(witness.ratings), pairwise.paired_t(witness.ratings), strict=True
    ):
        r = witness.r["wilcoxon"][" - ".join(pair.systems)]
        assert pair.n == r["n"]
        assert pair.pvalue == pytest.approx(r["exact"], abs=1e-10)
        assert t.statistic.value == pytest.approx(r["t"], rel=1e-9)


def test_complete_blocks(witness: Witness) -> None:
    if "friedman" not in witness.r:
        with pytest.raises(ValueError, match="at least one passage"):
            participant_blocks(witness.ratings)
        return
    blocks, r = participant_blocks(witness.ratings), witness.r["friedman"]
    friedman = omnibus.friedman(blocks)
    assert friedman.n == r["n"]
    assert friedman.statistic.value == pytest.approx(r["statistic"], rel=1e-9)
    assert friedman.pvalue == pytest.approx(r["p"], rel=1e-9)
    found = anova.one_way(blocks)
    if "one_way" not in witness.r:
        # R has no epsilon where participants are as few as systems; ours are from the definition.
        assert not [result for result in found if result.name == "rm anova, multivariate"]
        return
    one_way, epsilon = witness.r["one_way"], witness.r["one_way"]["epsilon"]
    plain, greenhouse, huynh = found[:3]
    assert plain.statistic.value == pytest.approx(one_way["f"], rel=1e-9)
    assert plain.pvalue == pytest.approx(one_way["p"], rel=1e-9)
    assert plain.detail("Mauchly's W") == pytest.approx(one_way["w"], rel=1e-9)
    assert plain.detail("ε Greenhouse–Geisser") == pytest.approx(epsilon["GG eps"], rel=1e-9)
    assert plain.detail("ε Huynh–Feldt") == pytest.approx(epsilon["HF eps"], rel=1e-9)
    assert greenhouse.pvalue == pytest.approx(epsilon["Pr(>F[GG])"], rel=1e-9)
    assert huynh.pvalue == pytest.approx(epsilon["Pr(>F[HF])"], rel=1e-9)


def test_two_way_analysis(witness: Witness) -> None:
    if "two_way" not in witness.r:
        with pytest.raises(ValueError, match="every passage"):
            anova.two_way(witness.ratings)
        return
    results = {result.name: result for result in anova.two_way(witness.ratings)}
    r = witness.r["two_way"]
    for index, name in enumerate(("system", "passage", "system × passage")):
        plain = results[f"rm anova two-way, {name}"]
        assert plain.statistic.value == pytest.approx(r["F"][index], rel=1e-9)
        assert plain.pvalue == pytest.approx(r["Pr(>F)"][index], rel=1e-9)
        assert plain.detail("η²_G") == pytest.approx(r["ges"][index], rel=1e-9)


def _as_r(term: str) -> str:
    return "Residual" if term == "residual" else term.replace("system", "mixer")

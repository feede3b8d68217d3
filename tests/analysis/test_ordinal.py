"""The cumulative link mixed model on data of any shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from analysis.ordinal import OrdinalModel, fit_ordinal_model, ordinal_contrasts, ordinal_system_test
from analysis.ratings import Ratings, from_table

EFFECTS = {"A": 0.0, "B": 0.8, "C": 2.0}


def study(
    participants: int = 15, passages: int = 4, missing: float = 0.0, seed: int = 1
) -> list[dict[str, Any]]:
    """ACR rows, 1 to 5, from the model itself."""
    rng = np.random.default_rng(seed)
    person, passage = rng.normal(0, 0.8, participants), rng.normal(0, 0.4, passages)
    rows = []
    for p, s in np.ndindex(participants, passages):
        for system, effect in EFFECTS.items():
            latent = effect + person[p] + passage[s] + rng.logistic()
            score = 1 + int(np.searchsorted([-1.5, 0.0, 1.5, 3.0], latent))
            if rng.random() >= missing:
                rows.append(
                    {
                        "participant": f"P{p}",
                        "passage": f"S{s}",
                        "system": system,
                        "score": score,
                    }
                )
    return rows


def ratings_of(rows: list[dict[str, Any]]) -> Ratings:
    return from_table(rows, scale=(1, 5))


@pytest.fixture(scope="module")
def model() -> OrdinalModel:
    return fit_ordinal_model(ratings_of(study(40, 6, missing=0.1)))


def test_it_finds_what_was_put_in(model: OrdinalModel) -> None:
    assert model.converged
    for result in ordinal_contrasts(model, "none"):
        first, second = result.systems
        assert result.effect is not None
        assert result.effect.interval is not None
        truth = EFFECTS[first] - EFFECTS[second]
        assert result.effect.value == pytest.approx(truth, abs=0.5)
    assert model.sds["participant"] == pytest.approx(0.8, abs=0.3)
    assert ordinal_system_test(model).pvalue < 0.01


def test_reversing_the_scale_reverses_the_signs(model: OrdinalModel) -> None:
    rows = [{**row, "score": 6 - row["score"]} for row in study(40, 6, missing=0.1)]
    turned = fit_ordinal_model(ratings_of(rows))
    np.testing.assert_allclose(turned.effects, -model.effects, atol=1e-4)
    np.testing.assert_allclose(turned.thresholds, -model.thresholds[::-1], atol=1e-4)
    assert turned.log_likelihood == pytest.approx(model.log_likelihood, abs=1e-6)


def test_only_the_order_of_categories_counts(model: OrdinalModel) -> None:
    rows = [{**row, "score": row["score"] ** 2 / 5} for row in study(40, 6, missing=0.1)]
    stretched = fit_ordinal_model(from_table(rows, scale=(0, 5)))
    np.testing.assert_allclose(stretched.effects, model.effects, atol=1e-8)


def test_renaming_and_shuffling_change_nothing(model: OrdinalModel) -> None:
    rows = study(40, 6, missing=0.1)
    names = {"A": "Z", "B": "Y", "C": "X"}
    rows = [
        {**rows[i], "system": names[rows[i]["system"]]}
        for i in np.random.default_rng(2).permutation(len(rows))
    ]
    other = fit_ordinal_model(ratings_of(rows))
    np.testing.assert_allclose(other.effects[::-1] - other.effects[-1], model.effects, atol=1e-4)
    ours, theirs = ordinal_system_test(model), ordinal_system_test(other)
    assert theirs.statistic.value == pytest.approx(ours.statistic.value, abs=1e-5)


def test_fine_scales_are_cut_into_five_bands() -> None:
    rng = np.random.default_rng(3)
    rows = [{**row, "score": rng.uniform(0, 100)} for row in study()]
    assert fit_ordinal_model(from_table(rows)).categories == (
        "0–20",
        "20–40",
        "40–60",
        "60–80",
        "80–100",
    )


def test_a_category_nobody_used_is_no_category() -> None:
    rows = [{**row, "score": 5 if row["score"] == 4 else row["score"]} for row in study()]
    assert fit_ordinal_model(ratings_of(rows)).categories == ("1", "2", "3", "5")


def test_a_system_that_is_always_best_is_said_to_be_beyond_estimation() -> None:
    rows = [
        {**row, "score": 5 if row["system"] == "C" else min(row["score"], 4)} for row in study()
    ]
    model = fit_ordinal_model(ratings_of(rows))
    assert not model.converged
    assert any("did not converge" in note for note in model.notes)
    assert np.isfinite(ordinal_system_test(model).pvalue)


def test_all_in_one_category_is_refused() -> None:
    with pytest.raises(ValueError, match="one category"):
        fit_ordinal_model(ratings_of(study()), edges=(0.5,))


def test_an_unknown_adjustment_is_named(model: OrdinalModel) -> None:
    with pytest.raises(ValueError, match="no adjustment is called 'tuckey'"):
        ordinal_contrasts(model, "tuckey")


def test_few_passages_make_it_less_sure() -> None:
    rng = np.random.default_rng(1)
    taste = {(s, name): rng.normal(0, 1.5) for s in range(4) for name in EFFECTS}
    rows = study(20, 4)
    for row in rows:
        if taste[int(row["passage"][1:]), row["system"]] > 0.5:
            row["score"] = min(row["score"] + 2, 5)
    model = fit_ordinal_model(ratings_of(rows))
    assert model.small is not None
    # Passages × systems tell of passages: (4 − 1) (k − 1) at most, were nothing else random.
    assert model.small.freedom < 30
    assert np.all(model.small.pair_inflation > 1.05)
    test = ordinal_system_test(model)
    assert test.pvalue > 2 * test.detail("p by χ²")
    assert not any("optimistic" in note for note in model.notes)

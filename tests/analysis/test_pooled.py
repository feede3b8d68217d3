"""The report says how often pooled ratings are called different where nothing differs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from analysis.analyse import analyse
from analysis.models import fit_mixed_model
from analysis.pooled import null_pvalues
from analysis.ratings import from_table
from analysis.report import report_html


def rows(level_sd: float, taste_sd: float, seed: int = 1) -> list[dict[str, Any]]:
    """Sixteen listeners, eight passages, three systems of which C is better."""
    rng = np.random.default_rng(seed)
    level, taste = rng.normal(0, level_sd, 16), rng.normal(0, taste_sd, (16, 3))
    return [
        {
            "participant": f"P{p}",
            "passage": f"S{a}",
            "system": "ABC"[s],
            "score": 50 + 10 * (s == 2) + level[p] + taste[p, s] + rng.normal(0, 8),
        }
        for p in range(16)
        for a in range(8)
        for s in range(3)
    ]


@pytest.mark.parametrize(
    ("level_sd", "taste_sd", "low", "high"),
    [(0.0, 15.0, 0.3, 1.0), (25.0, 0.0, 0.0, 0.01)],
    ids=["tastes differ: far too often", "levels differ: hardly ever"],
)
def test_pooling_is_wrong_either_way(
    level_sd: float, taste_sd: float, low: float, high: float
) -> None:
    ratings = from_table(rows(level_sd, taste_sd), scale=(-200, 300))
    found = null_pvalues(ratings, fit_mixed_model(ratings), 200, np.random.default_rng(1))
    assert low <= np.mean(found <= 0.05) <= high


def test_its_statistic_is_scipys() -> None:
    ratings = from_table(rows(0, 0), scale=(-200, 300))
    # With no random term but the residual it is the plain test on plain noise.
    model = fit_mixed_model(ratings, random=())
    (found,) = null_pvalues(ratings, model, 1, np.random.default_rng(5))
    noise = np.random.default_rng(5).normal(size=len(ratings))
    groups = [noise[ratings.system.codes == code] for code in range(3)]
    assert found == pytest.approx(stats.kruskal(*groups).pvalue, rel=1e-9)


def test_the_report_says_so() -> None:
    outcome = analyse(from_table(rows(5, 15), scale=(-200, 300)))
    pooled = next(each for each in outcome.attributes[0].omnibus if each.name == "kruskal-wallis")
    assert pooled.detail("false positives in simulated studies") > 0.2
    sizes = outcome.attributes[0].effects
    assert sizes is not None
    assert [size.name for size in sizes.overall] == ["Kendall's W", "η²_p", "η²_G"]
    page = report_html(outcome, {"score": ()})
    assert "simulated studies like this one in which no system differs" in page

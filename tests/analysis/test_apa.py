"""Numbers as papers print them."""

from __future__ import annotations

import pytest

from analysis import apa


@pytest.mark.parametrize(
    ("pvalue", "text"),
    [
        (0.0342, "p = .034"),
        (0.0001, "p < .001"),
        (1.0, "p > .999"),
        (0.9996, "p > .999"),
        (0.9994, "p = .999"),
        (float("nan"), "p not available"),
    ],
)
def test_p(pvalue: float, text: str) -> None:
    assert apa.p_text(pvalue) == text


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("Kendall's W", True),
        ("rank-biserial r", True),
        ("ICC2k", True),
        ("partial η²", True),
        ("share that prefers the first", True),
        ("difference of mean ranks", False),
        ("Cohen's d_z", False),
        ("W+", False),
    ],
)
def test_only_what_ends_at_one_loses_its_zero(name: str, bound: bool) -> None:
    assert apa.is_bound(name) is bound


def test_minus_signs_are_real_and_zero_has_none() -> None:
    assert apa.number(-0.3) == "−0.30"
    assert apa.number(-0.001) == "0.00"
    assert apa.bare(-0.3) == "−.30"

"""Combinations of factors are numbered in the order of their levels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analysis.codes import combinations

MANY = 10**9


@given(
    arrays.arrays(
        np.int64,
        st.tuples(st.integers(1, 5), st.integers(1, 40)),
        elements=st.sampled_from([0, 1, 2, 7, MANY]),
    )
)
def test_as_sorting_the_rows_numbers_them(factors: np.ndarray) -> None:
    # Five factors of a milliard levels would overflow if they were not numbered anew.
    expected = np.unique(factors, axis=1, return_inverse=True)[1]
    assert np.array_equal(combinations(*factors), expected.ravel())

"""Integer codes of factors: the level of each row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


def combinations(first: Integers, *others: Integers) -> Integers:
    """Number the combinations of levels that occur, from 0, in their order; `(rows,)`.

    Args:
        first, others: `(rows,)` each, levels from 0; the first varies slowest.
    """
    number = first
    for codes in others:
        # At most rows² before it is numbered anew: no number of factors overflows.
        number = np.unique(number, return_inverse=True)[1] * (int(codes.max()) + 1) + codes
    return np.asarray(np.unique(number, return_inverse=True)[1], dtype=np.int64)

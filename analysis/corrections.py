"""Corrections for multiple comparisons: p-values in, corrected p-values out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from analysis.ratings import FloatArray
from analysis.results import Result, corrected


def holm(pvalues: FloatArray) -> FloatArray:
    """Holm's step-down procedure (Scand. J. Statist. 6, 1979): controls the family-wise error."""
    ordered, order = _ascending(pvalues)
    steps = len(ordered) - np.arange(len(ordered))
    return _restore(np.maximum.accumulate(ordered * steps), order)


def hochberg(pvalues: FloatArray) -> FloatArray:
    """Hochberg's step-up procedure (Biometrika 75, 1988), which BS.1534-3 names."""
    ordered, order = _ascending(pvalues)
    steps = len(ordered) - np.arange(len(ordered))
    return _restore(np.minimum.accumulate((ordered * steps)[::-1])[::-1], order)


def benjamini_hochberg(pvalues: FloatArray) -> FloatArray:
    """Benjamini and Hochberg's step-up procedure (JRSS B 57, 1995): the false discovery rate."""
    ordered, order = _ascending(pvalues)
    scale = len(ordered) / (np.arange(len(ordered)) + 1)
    return _restore(np.minimum.accumulate((ordered * scale)[::-1])[::-1], order)


def bonferroni(pvalues: FloatArray) -> FloatArray:
    """Every p-value times their number, at most 1."""
    ordered, order = _ascending(pvalues)
    return _restore(ordered * len(ordered), order)


CORRECTIONS: dict[str, tuple[str, Callable[[FloatArray], FloatArray]]] = {
    "holm": ("Holm", holm),
    "hochberg": ("Hochberg", hochberg),
    "benjamini-hochberg": ("Benjamini–Hochberg", benjamini_hochberg),
    "bonferroni": ("Bonferroni", bonferroni),
}


def correct(results: Sequence[Result], name: str = "holm") -> tuple[Result, ...]:
    """Correct the p-values of a family of results; those without one (NaN) are no part of it.

    Raises:
        ValueError: there is no such correction.
    """
    if name not in CORRECTIONS:
        raise ValueError(f"no correction is called {name!r}; there are {', '.join(CORRECTIONS)}")
    title, procedure = CORRECTIONS[name]
    pvalues = np.array([result.pvalue for result in results])
    tested = ~np.isnan(pvalues)
    pvalues[tested] = procedure(pvalues[tested])
    count = int(tested.sum())
    return corrected(
        results, pvalues.tolist(), f"{title} over {count} comparison{'s' * (count != 1)}"
    )


def _ascending(pvalues: FloatArray) -> tuple[FloatArray, np.ndarray]:
    order = np.argsort(pvalues, kind="stable")
    return np.asarray(pvalues, dtype=np.float64)[order], order


def _restore(ordered: FloatArray, order: np.ndarray) -> FloatArray:
    restored = np.empty_like(ordered)
    restored[order] = np.minimum(ordered, 1.0)
    return restored

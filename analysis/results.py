"""Results of one shape: every method returns `Result`s, and all of them can be stored as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Interval:
    """A confidence interval.

    Attributes:
        low, high: its limits.
        level: its coverage, as 0.95.
        method: how it was made, for people.
    """

    low: float
    high: float
    level: float
    method: str


@dataclass(frozen=True)
class Quantity:
    """A named number with its interval, where there is one: an effect, an estimate, a mean."""

    name: str
    value: float
    interval: Interval | None = None


@dataclass(frozen=True)
class Result:
    """What one test found.

    Attributes:
        name: of the method, as "friedman".
        systems: those it compares: all of them, or a pair (the first minus the second).
        statistic: named as papers print it, as Quantity("χ²", 73.16).
        df: degrees of freedom; empty where there are none, two for an F.
        pvalue: uncorrected, two-sided unless `method` says otherwise.
        n: how many units took part.
        unit: what they are, as "participants".
        method: what was done, in a sentence or two for the report.
        effect: the effect's size, free of the scale.
        estimate: the effect in points of the scale.
        pvalue_corrected: after `correction`, over the family it belongs to.
        correction: as "Holm over 10 pairs".
        passage: the passage it is about, where it is about one.
        details: further numbers of the method, as an epsilon.
        notes: what was left out or needs care.
    """

    name: str
    systems: tuple[str, ...]
    statistic: Quantity
    df: tuple[float, ...]
    pvalue: float
    n: int
    unit: str
    method: str
    effect: Quantity | None = None
    estimate: Quantity | None = None
    pvalue_corrected: float | None = None
    correction: str | None = None
    passage: str | None = None
    details: tuple[Quantity, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())

    @property
    def pvalue_final(self) -> float:
        """The p-value to judge by: the corrected one where there is one."""
        return self.pvalue if self.pvalue_corrected is None else self.pvalue_corrected

    def significant(self, alpha: float = 0.05) -> bool:
        """Whether the p-value to judge by is at most alpha; never true where it is NaN."""
        return bool(self.pvalue_final <= alpha)

    def detail(self, name: str) -> float:
        """A further number by its name.

        Raises:
            KeyError: there is none of this name.
        """
        values = {quantity.name: quantity.value for quantity in self.details}
        return values[name]

    @property
    def label(self) -> str:
        """The pair as "A − B"; for more systems, their number."""
        if len(self.systems) == 2:
            return f"{self.systems[0]} − {self.systems[1]}"
        return f"{len(self.systems)} systems"


def corrected(
    results: Sequence[Result], pvalues: Sequence[float], correction: str
) -> tuple[Result, ...]:
    """The same results with the corrected p-values of their family, named."""
    return tuple(
        replace(result, pvalue_corrected=float(pvalue), correction=correction)
        for result, pvalue in zip(results, pvalues, strict=True)
    )


SHARE = "share that prefers the first"
"""An effect that swaps with the systems to 1 minus itself; the others change their sign."""


def best_first(pair: Result) -> Result:
    """The same comparison with the system first that did better, by its estimate or effect."""
    size = pair.estimate or pair.effect
    if size is None or not size.value < (0.5 if size.name == SHARE else 0.0):
        return pair
    return replace(
        pair,
        systems=(pair.systems[1], pair.systems[0]),
        estimate=_swapped(pair.estimate),
        effect=_swapped(pair.effect),
    )


def _swapped(size: Quantity | None) -> Quantity | None:
    if size is None:
        return None
    whole = 1.0 if size.name == SHARE else 0.0
    limits = size.interval
    if limits is not None:
        limits = replace(limits, low=whole - limits.high, high=whole - limits.low)
    return replace(size, value=whole - size.value, interval=limits)


def to_data(value: Any) -> Any:
    """Anything made of results as plain JSON data; numbers that are not finite become None."""
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: to_data(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_data(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray | list | tuple | set | frozenset):
        return [to_data(entry) for entry in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value

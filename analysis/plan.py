"""The plan of an analysis: what was decided, and whether that was before the data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf
from types import NoneType
from typing import Any

from analysis.corrections import CORRECTIONS
from analysis.results import to_data

PRIMARIES = (
    "wilcoxon",
    "paired t",
    "sign",
    "permutation",
    "mixed model",
    "ordinal model",
    "plackett-luce",
    "bradley-terry",
)
MODELS = ("mixed model", "ordinal model", "plackett-luce")
"""Those that use every rating, of whoever rated some systems only."""
FURTHER_FAMILIES = (
    "dunn",
    "conover-iman",
    "attachment 3",
    "attachment 3 paired",
    "ordinal model",
    "plackett-luce",
)
"""Pairwise families that are done only where a plan asks for them: they ignore who rated, or take
long."""


KINDS: dict[str, tuple[type, ...]] = {
    "primary": (str,),
    "correction": (str,),
    "alpha": (float, int),
    "attribute": (str, NoneType),
    "screening": (Mapping,),
    "equivalence_margin": (float, int, NoneType),
    "bootstraps": (int,),
    "seed": (int,),
    "trend": (str,),
    "also": (str,),
}
"""What a value, or each of a list, may be."""
LISTS = ("screening", "trend", "also")
LEAST_TREND = 3


@dataclass(frozen=True)
class Plan:
    """How a study is to be analysed.

    Attributes:
        primary: the pairwise test to judge by.
        correction: for the pairs of one attribute.
        alpha: level of significance; intervals have coverage 1 − alpha.
        attribute: the primary attribute; None takes the first.
        screening: rules with their thresholds, as data.
        equivalence_margin: in points of the scale; None tests no equivalence.
        bootstraps: how many samples each bootstrap draws.
        seed: of everything random in the analysis.
        trend: systems from worst to best, for Page's trend test; empty tests no trend.
        also: further pairwise families by name, as "dunn" or "attachment 3 paired".
        declared_at: when the plan was declared (ISO 8601); None for an analysis without a plan.
    """

    primary: str = "wilcoxon"
    correction: str = "holm"
    alpha: float = 0.05
    attribute: str | None = None
    screening: tuple[Mapping[str, Any], ...] = ()
    equivalence_margin: float | None = None
    bootstraps: int = 2000
    seed: int = 1
    trend: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    declared_at: str | None = None

    def __post_init__(self) -> None:
        for name in KINDS:
            _check_kind(name, getattr(self, name))
        for name, allowed in (("primary", PRIMARIES), ("correction", tuple(CORRECTIONS))):
            value = getattr(self, name)
            if value not in allowed:
                raise ValueError(f"plan: {name} {value!r} is none of {', '.join(allowed)}")
        if unknown := sorted(set(self.also) - set(FURTHER_FAMILIES)):
            raise ValueError(
                f"plan: also names {', '.join(unknown)}; there are {', '.join(FURTHER_FAMILIES)}"
            )
        if not 0 < self.alpha < 0.5:
            raise ValueError(f"plan: alpha {self.alpha!r} must be between 0 and 0.5")
        margin = self.equivalence_margin
        if margin is not None and not 0 < margin < inf:
            raise ValueError(f"plan: equivalence_margin {margin!r} must be more than 0")
        if self.bootstraps < 1:
            raise ValueError(f"plan: bootstraps {self.bootstraps} must be at least 1")
        if self.seed < 0:
            raise ValueError(f"plan: seed {self.seed} must be at least 0")
        if self.trend and len(set(self.trend)) < max(LEAST_TREND, len(self.trend)):
            raise ValueError(
                f"plan: trend names {', '.join(self.trend)}; it takes three systems or more, "
                "each once, from worst to best"
            )

    def refuse_for_scores(self) -> None:
        """Refuse a plan that is of choices, where the ratings are (or will be) scores.

        Raises:
            ValueError: the primary analysis is of paired comparisons.
        """
        if self.primary == "bradley-terry":
            raise ValueError(
                "plan: primary 'bradley-terry' is of paired comparisons, and these ratings are "
                f"scores; take {', '.join(name for name in PRIMARIES if name != self.primary)}"
            )

    def asks_for(self, name: str) -> bool:
        """Whether this analysis is the primary one or one of the further ones."""
        if name == "tost":
            return self.equivalence_margin is not None
        return name == self.primary or name in self.also

    @property
    def level(self) -> float:
        """Coverage of the intervals."""
        return 1 - self.alpha

    @property
    def declared(self) -> bool:
        """Whether the plan was declared beforehand."""
        return self.declared_at is not None

    @property
    def sha256(self) -> str:
        """Of the plan's content without the time it was declared, in hexadecimal."""
        data = {name: value for name, value in to_data(self).items() if name != "declared_at"}
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def plan_from(data: Mapping[str, Any] | None, declared_at: str | None = None) -> Plan:
    """A plan from the `analysis:` section of a study.yaml; nothing makes the default plan.

    Args:
        data: what the section says. When it was declared is no part of it: only who stored it
            knows that.
        declared_at: when that was, ISO 8601.

    Raises:
        ValueError: a key is unknown or a value is wrong.
    """
    if not data:
        return Plan()
    known = set(KINDS)
    if unknown := sorted(set(data) - known):
        raise ValueError(
            f"plan: unknown {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        )
    values = dict(data)
    for name in LISTS:
        entries = values.get(name) or ()
        if isinstance(entries, str | Mapping) or not isinstance(entries, Iterable):
            raise ValueError(f"plan: {name} {entries!r} must be a list")
        values[name] = tuple(entries)
    return Plan(**values, declared_at=declared_at)


def _check_kind(name: str, value: object) -> None:
    """Refuse a value that is no number, no name and so on, where it has to be one."""
    kinds = KINDS[name]
    for entry in value if name in LISTS and isinstance(value, tuple) else (value,):
        # To Python, yes and no are numbers.
        if not isinstance(entry, kinds) or isinstance(entry, bool):
            raise ValueError(f"plan: {name} has {entry!r} where {_WORDS[kinds[0]]} belongs")


_WORDS = {
    str: "a name",
    float: "a number",
    int: "a whole number",
    Mapping: "a rule, as {rule: trap, system: silence},",
}

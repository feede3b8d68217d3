"""Compact letter display: systems that share a letter do not differ significantly."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.results import Result


def compact_letters(
    pairs: Sequence[Result], order: Sequence[str], alpha: float = 0.05
) -> dict[str, str]:
    """Letters of each system, from the pairs' final p-values.

    The insert-and-absorb algorithm (Piepho, J. Comput. Graph. Stat. 13, 2004). Letters run along
    `order`, so that the first system has an "a". A pair without a p-value does not differ.
    """
    columns: list[set[str]] = [set(order)]
    for pair in pairs:
        if pair.significant(alpha):
            columns = _absorb(_split(columns, *pair.systems))
    place = {system: index for index, system in enumerate(order)}
    columns.sort(key=lambda column: sorted(place[system] for system in column))
    return {
        system: "".join(_letter(index) for index, column in enumerate(columns) if system in column)
        for system in order
    }


def _split(columns: list[set[str]], first: str, second: str) -> list[set[str]]:
    """Every column that holds both becomes two that hold one each."""
    split = []
    for column in columns:
        if first in column and second in column:
            split += [column - {first}, column - {second}]
        else:
            split.append(column)
    return split


def _absorb(columns: list[set[str]]) -> list[set[str]]:
    """Drop columns that another one contains."""
    kept: list[set[str]] = []
    for column in sorted(columns, key=len, reverse=True):
        if not any(column <= other for other in kept):
            kept.append(column)
    return kept


def _letter(index: int) -> str:
    return chr(ord("a") + index) if index < 26 else f"({index + 1})"

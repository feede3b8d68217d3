"""Tables of a report as text: the same cells for the page and for print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis import apa
from analysis.descriptive import Summary
from analysis.effects import Effects
from analysis.results import Interval, Result

NOTHING = "–"


@dataclass(frozen=True)
class Table:
    """A table as it is printed.

    Attributes:
        head: names of the columns.
        rows: cells; the first column names the row.
        keys: what each cell sorts by: a number, or the cell itself.
        strong: whether a row is to stand out.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    keys: tuple[tuple[float | str, ...], ...]
    strong: tuple[bool, ...]


def pair_table(results: Sequence[Result], scale: tuple[float, float], alpha: float) -> Table:
    """The comparisons of one family, strong where significant; columns that say nothing are left
    out."""
    first = results[0]
    effect = apa.shown_name(first.effect.name) if first.effect is not None else "Effect"
    head = ("Pair", "n", first.statistic.name, "p", "corrected p", effect, "Difference")
    rows, keys = [], []
    for row in results:
        value = row.estimate.value if row.estimate is not None else np.nan
        size = row.effect.value if row.effect is not None else np.nan
        final = np.nan if row.pvalue_corrected is None else row.pvalue_corrected
        numbers = (float(row.n), row.statistic.value, row.pvalue, final, size, value)
        limits = row.estimate.interval if row.estimate is not None else None
        rows.append(
            (
                row.label,
                str(row.n),
                apa.number(row.statistic.value),
                apa.p_cell(row.pvalue),
                apa.p_cell(row.pvalue_corrected),
                apa.amount_cell(row.effect),
                with_limits(value, limits, scale),
            )
        )
        keys.append((row.label, *numbers))
    kept = [column for column in range(len(head)) if any(row[column] != NOTHING for row in rows)]
    return Table(
        tuple(head[column] for column in kept),
        tuple(tuple(row[column] for column in kept) for row in rows),
        tuple(tuple(row[column] for column in kept) for row in keys),
        tuple(row.significant(alpha) for row in results),
    )


def effect_table(effects: Effects) -> Table:
    """The sizes of each pair's difference side by side."""
    return Table(
        ("Pair", *(apa.shown_name(size.name) for size in effects.pairs[0].sizes)),
        tuple((row.label, *map(apa.amount_cell, row.sizes)) for row in effects.pairs),
        tuple((row.label, *(size.value for size in row.sizes)) for row in effects.pairs),
        (False,) * len(effects.pairs),
    )


def summary_table(
    summaries: Sequence[Summary], scale: tuple[float, float], level: float, by: str = ""
) -> Table:
    """Centre and spread of each system; `by` adds a column "passage" or "group" in front."""
    head = ("System", "Role", "n", "Median", "Q1", "Q3", "Mean", "SD", f"{100 * level:g}% CI")
    rows, keys = [], []
    for row in summaries:
        numbers = (row.median, row.q1, row.q3, row.mean, row.sd)
        limits = row.intervals.get("t")
        front = (str(getattr(row, by)),) if by else ()
        named = (*front, row.system, row.role)
        digits = apa.score_digits(scale)
        rows.append(
            (
                *named,
                str(row.n),
                *(apa.points(value, scale) for value in numbers),
                apa.limits_text(limits, digits) or NOTHING,
            )
        )
        keys.append((*named, float(row.n), *numbers, np.nan if limits is None else limits.low))
    return Table(
        ((by.capitalize(),) if by else ()) + head, tuple(rows), tuple(keys), (False,) * len(rows)
    )


def with_limits(value: float, interval: Interval | None, scale: tuple[float, float]) -> str:
    """A difference of scores with its limits, as "25.6 [20.4, 29.9]"; "–" where there is none."""
    if np.isnan(value):
        return NOTHING
    limits = apa.limits_text(interval, apa.score_digits(scale))
    return f"{apa.points(value, scale)} {limits}".strip()

"""The report for print: the answer, words for a paper, all tables, and the figures, on A4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from analysis import apa
from analysis.analyse import Outcome
from analysis.answer import attribute_answer, short_answer
from analysis.attribute import AttributeOutcome, Family
from analysis.paper import methods_paragraph, results_sentences
from analysis.results import Result
from analysis.sheets import Sheets

TIGHT = 0.02
"""Inches between the lines of the answer."""


class Drawn(Protocol):
    """A figure that lies on disk, as a report holds it."""

    @property
    def title(self) -> str:
        """Its heading."""

    @property
    def caption(self) -> str:
        """What it shows."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """Its files; one is a PNG."""


def write_pdf(outcome: Outcome, figures: Mapping[str, Sequence[Drawn]], path: Path) -> Path:
    """Write the report as A4 pages; same results, same bytes."""
    partial = path.with_name(path.name + ".part")
    with Sheets(partial, outcome.ratings.study) as sheets:
        sheets.heading(outcome.ratings.study, 0)
        _answer(sheets, outcome)
        for entry in outcome.attributes:
            if len(outcome.attributes) > 1:
                sheets.turn()
                sheets.heading(entry.attribute)
            for drawn in figures.get(entry.attribute, ()):
                _picture(sheets, drawn)
            _tables(sheets, entry, outcome.plan.alpha)
        _method(sheets, outcome)
    partial.replace(path)
    return path


def _answer(sheets: Sheets, outcome: Outcome) -> None:
    if len(outcome.attributes) == 1:
        for line in short_answer(outcome):
            sheets.paragraph(line, after=TIGHT)
        return
    for line in short_answer(outcome)[: 2 if outcome.ratings.simulated else 1]:
        sheets.paragraph(line)
    for entry in outcome.attributes:
        sheets.heading(entry.attribute, 2)
        for line in attribute_answer(entry, outcome.plan.alpha):
            sheets.paragraph(line, after=TIGHT)


def _tables(sheets: Sheets, entry: AttributeOutcome, alpha: float) -> None:
    sheets.heading("Tables", 2)
    _descriptives(sheets, entry)
    _model_tables(sheets, entry)
    if entry.omnibus:
        sheets.table(
            "Do the systems differ at all? The first test decides; the others are exploratory.",
            ("Test", "Result"),
            [(apa.test_name(result), apa.result_text(result)) for result in entry.omnibus],
            texts=(1,),
        )
    if entry.effects is not None:
        sizes = entry.effects.pairs[0].sizes
        sheets.table(
            f"Effect sizes of each pair, first minus second, {100 * (1 - alpha):g}% intervals. "
            + "; ".join(apa.quantity_text(size) for size in entry.effects.overall),
            ("Pair", *(size.name for size in sizes)),
            [
                (row.label, *(apa.amount_cell(size) for size in row.sizes))
                for row in entry.effects.pairs
            ],
        )
    for family in sorted(entry.families, key=lambda family: not family.primary):
        _family(sheets, family, entry.ratings.scale, alpha)


def _descriptives(sheets: Sheets, entry: AttributeOutcome) -> None:
    scale = entry.ratings.scale
    digits = apa.score_digits(scale)
    sheets.table(
        "Ratings of each system over all passages; interval: t over participants' means.",
        ("System", "Role", "n", "Median", "Q1", "Q3", "Mean", "SD", "Interval of the mean"),
        [
            (
                row.system,
                row.role,
                str(row.n),
                *(apa.points(value, scale) for value in (row.median, row.q1, row.q3)),
                *(apa.points(value, scale) for value in (row.mean, row.sd)),
                apa.interval_text(row.intervals.get("t"), digits),
            )
            for row in entry.summaries
        ],
    )


def _model_tables(sheets: Sheets, entry: AttributeOutcome) -> None:
    mixed, scale = entry.models.mixed, entry.ratings.scale
    if mixed is None:
        return
    digits = apa.score_digits(scale)
    sheets.table(
        "Estimated marginal means of the mixed model: for new participants and passages.",
        ("System", "Mean", "SE", "df", "Interval"),
        [
            (
                row.name,
                apa.points(row.value, scale),
                apa.points(row.se, scale),
                apa.number(row.df, 1),
                apa.interval_text(row.interval, digits),
            )
            for row in entry.models.means
        ],
    )
    sheets.table(
        "Where the variance comes from.",
        ("Source", "Levels", "SD", "Share of variance"),
        [
            (
                row.term.replace(":", " × "),
                str(row.levels),
                apa.number(row.sd, digits + 1),
                f"{apa.number(100 * row.share, 1)} %",
            )
            for row in mixed.components
        ],
    )


def _family(sheets: Sheets, family: Family, scale: tuple[float, float], alpha: float) -> None:
    first = family.results[0]
    said = "Primary. " if family.primary else ""
    effect = first.effect.name if first.effect is not None else "Effect"
    sheets.table(
        f"{family.title}. {said}{first.method} {first.correction or 'No correction'}. Bold: "
        f"significant at {apa.bare(alpha)}; in brackets: intervals.",
        *_told(
            ("Pair", "n", first.statistic.name, "p", "corrected p", effect, "Difference"),
            [_pair(row, scale) for row in family.results],
        ),
        bold=[index for index, row in enumerate(family.results) if row.significant(alpha)],
    )


def _told(head: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """Head and rows without the columns that say nothing."""
    kept = [column for column in range(len(head)) if any(row[column] != "–" for row in rows)]
    return [head[column] for column in kept], [[row[column] for column in kept] for row in rows]


def _pair(row: Result, scale: tuple[float, float]) -> tuple[str, ...]:
    difference = "–"
    if row.estimate is not None:
        limits = apa.limits_text(row.estimate.interval, apa.score_digits(scale))
        difference = f"{apa.points(row.estimate.value, scale)} {limits}".strip()
    return (
        row.label,
        str(row.n),
        apa.number(row.statistic.value),
        apa.p_cell(row.pvalue),
        apa.p_cell(row.pvalue_corrected),
        apa.amount_cell(row.effect),
        difference,
    )


def _picture(sheets: Sheets, drawn: Drawn) -> None:
    png = next(path for path in drawn.paths if path.suffix == ".png")
    sheets.picture(png, f"{drawn.title}. {drawn.caption}")


def _method(sheets: Sheets, outcome: Outcome) -> None:
    sheets.heading("For a paper")
    sheets.paragraph(methods_paragraph(outcome))
    for entry in outcome.attributes:
        sheets.paragraph(" ".join(results_sentences(entry, outcome.plan.alpha)))
    if outcome.screening.exclusions:
        sheets.heading("Screening")
        sheets.table(
            "Who was excluded, and why.",
            ("Participant", "Rule", "Reason"),
            [(row.participant, row.rule, row.reason) for row in outcome.screening.exclusions],
            texts=(1, 2),
        )
    if outcome.notes:
        sheets.heading("Notes")
        for note in outcome.notes:
            sheets.paragraph(note)

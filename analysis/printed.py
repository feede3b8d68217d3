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
from analysis.sheets import Picture, Sheets
from analysis.tables import effect_table, pair_table, summary_table

MOST_ROWS = 60
"""Longer tables of parts are left to the page, where they can be sorted."""
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
    def width_inches(self) -> float:
        """As printed."""

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
            sheets.pictures([_picture(drawn) for drawn in figures.get(entry.attribute, ())])
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
    _descriptives(sheets, entry, 1 - alpha)
    _model_tables(sheets, entry)
    if entry.omnibus:
        sheets.table(
            "Do the systems differ at all? The first test decides; the others are exploratory.",
            ("Test", "Result"),
            [(apa.test_name(result), apa.result_text(result)) for result in entry.omnibus],
            texts=(1,),
        )
    if entry.effects is not None:
        found = effect_table(entry.effects)
        sheets.table(
            f"Effect sizes of each pair, first minus second, {100 * (1 - alpha):g}% intervals. "
            + "; ".join(apa.quantity_text(size) for size in entry.effects.overall),
            found.head,
            found.rows,
        )
    for family in sorted(entry.families, key=lambda family: not family.primary):
        _family(sheets, family, entry.ratings.scale, alpha)


def _descriptives(sheets: Sheets, entry: AttributeOutcome, level: float) -> None:
    found = summary_table(entry.summaries, entry.ratings.scale, level)
    said = "Ratings of each system over all passages; interval: t over participants' means."
    sheets.table(said, found.head, found.rows, texts=(1,))
    for rows, by, title in (
        (entry.by_passage, "passage", "Ratings of each system in each passage"),
        (entry.by_group, "group", "Ratings of each system in each group"),
    ):
        if len(rows) > MOST_ROWS:
            sheets.paragraph(f"{title}: {len(rows)} rows, in report.html and results.json.")
        elif len({getattr(row, by) for row in rows}) > 1:
            found = summary_table(rows, entry.ratings.scale, level, by)
            sheets.table(
                f"{title}; interval: t over participants.", found.head, found.rows, texts=(1, 2)
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
    first, found = family.results[0], pair_table(family.results, scale, alpha)
    said = "Primary. " if family.primary else ""
    sheets.table(
        f"{family.title}. {said}{first.method} {first.correction or 'No correction'}. Bold: "
        f"significant at {apa.bare(alpha)}; in brackets: intervals.",
        found.head,
        found.rows,
        bold=[index for index, strong in enumerate(found.strong) if strong],
    )


def _picture(drawn: Drawn) -> Picture:
    png = next(path for path in drawn.paths if path.suffix == ".png")
    return Picture(png, drawn.width_inches, f"{drawn.title}. {drawn.caption}")


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

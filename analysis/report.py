"""The report of an analysis: results.json, figures, and one HTML page that holds them all."""

from __future__ import annotations

import base64
import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import jinja2

from analysis import apa
from analysis.analyse import AttributeOutcome, Outcome
from analysis.answer import attribute_answer, ranked, short_answer
from analysis.choices.outcome import ChoiceBased
from analysis.model_based import ModelBased
from analysis.paper import methods_paragraph, paper_tex, results_sentences
from analysis.plan import Plan
from analysis.plots import style
from analysis.plots.assessors import (
    assessor_plot,
    passage_interaction,
    residual_plot,
    residuals_by_fitted,
)
from analysis.plots.boxes import passage_boxes
from analysis.plots.choices import choice_figures
from analysis.plots.overview import all_passages
from analysis.plots.pairs import critical_difference_diagram, forest, heat_map
from analysis.posthoc import critical_difference
from analysis.printed import write_pdf
from analysis.results import to_data

FORMAT_VERSION = 1
LIBRARIES = ("numpy", "scipy", "pandas", "matplotlib")


Tick = Callable[[str], None]


def _silent(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class ReportFigure:
    """A figure in the report: its files and the caption that says what it shows."""

    name: str
    title: str
    caption: str
    paths: tuple[Path, ...]

    @property
    def png_base64(self) -> str:
        """The PNG's bytes for a data URI."""
        png = next(path for path in self.paths if path.suffix == ".png")
        return base64.b64encode(png.read_bytes()).decode("ascii")


def write_report(outcome: Outcome, folder: Path, tick: Tick = _silent) -> tuple[Path, ...]:
    """Write results.json, figures/, report.html, report.pdf and paper.tex; return their paths.

    Args:
        outcome: what was found.
        folder: made if absent; files of an earlier report are replaced.
        tick: called with the name of each part when it is done, for a progress bar.
    """
    folder.mkdir(parents=True, exist_ok=True)
    results = _write(folder / "results.json", results_json(outcome))
    tick("results.json")
    figures = draw_figures(outcome, folder / "figures", tick)
    report = _write(folder / "report.html", report_html(outcome, figures))
    tick("report.html")
    paper = _write(folder / "paper.tex", paper_tex(outcome))
    printed = write_pdf(outcome, figures, folder / "report.pdf")
    tick("report.pdf")
    drawn = (figure for group in figures.values() for figure in group)
    return (report, results, printed, paper, *(path for figure in drawn for path in figure.paths))


def results_json(outcome: Outcome) -> str:
    """Every number of an analysis, with its method, n and correction."""
    ratings = outcome.ratings
    data = {
        "blindmix_results": FORMAT_VERSION,
        "study": ratings.study,
        "simulated": ratings.simulated,
        "scale": ratings.scale,
        "counts": {
            "participants": len(ratings.participant.levels),
            "passages": len(ratings.passage.levels),
            "systems": len(ratings.systems),
            "ratings": len(ratings),
        },
        "plan": {**to_data(outcome.plan), "sha256": outcome.plan.sha256},
        "versions": versions(),
        "answer": short_answer(outcome),
        "screening": {
            "excluded": outcome.screening.excluded,
            "exclusions": outcome.screening.exclusions,
            "primary_without_screening": outcome.without_screening,
            "expertise": outcome.experts,
        },
        "notes": outcome.notes,
        "attributes": [_attribute_data(entry) for entry in outcome.attributes],
    }
    return json.dumps(to_data(data), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def draw_figures(
    outcome: Outcome, folder: Path, tick: Tick = _silent
) -> dict[str, tuple[ReportFigure, ...]]:
    """Draw and save the figures of every attribute; keys are the attributes."""
    drawn = {}
    with style.context():
        for entry in outcome.attributes:
            prefix = f"{file_name(entry.attribute)}_" if len(outcome.attributes) > 1 else ""
            colours = style.colours_of(outcome.ratings.systems)
            figures = []
            shown = _all_figures(entry, colours, outcome.plan)
            if entry is outcome.attributes[0] and outcome.experts:
                shown.append(_assessor_figure(outcome))
            for figure in shown:
                name, title, caption, axes = figure
                if outcome.ratings.simulated:
                    caption = f"{style.SIMULATED}. {caption}"
                paths = style.save(axes, folder, prefix + name, simulated=outcome.ratings.simulated)
                figures.append(ReportFigure(prefix + name, title, caption, paths))
                tick(f"figures/{prefix}{name}")
            drawn[entry.attribute] = tuple(figures)
    return drawn


def report_html(outcome: Outcome, figures: Mapping[str, tuple[ReportFigure, ...]]) -> str:
    """The report as one HTML page; figures are inside it, and nothing is loaded from elsewhere."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "p": apa.p_cell,
        "number": apa.number,
        "interval": apa.interval_text,
        "apa": apa.result_text,
        "quantity": apa.quantity_text,
    }
    return environment.get_template("report.html").render(
        outcome=outcome,
        ratings=outcome.ratings,
        plan=outcome.plan,
        figures=figures,
        simulated_text=style.SIMULATED,
        answers={
            entry.attribute: attribute_answer(entry, outcome.plan.alpha)
            for entry in outcome.attributes
        },
        digits=apa.score_digits(outcome.ratings.scale),
        versions=versions(),
        methods=methods_paragraph(outcome),
        sentences={
            entry.attribute: results_sentences(entry, outcome.plan.alpha)
            for entry in outcome.attributes
        },
    )


def versions() -> dict[str, str]:
    """What computed the numbers."""
    found = {"python": platform.python_version()}
    return found | {name: metadata.version(name) for name in LIBRARIES}


def file_name(text: str) -> str:
    """A name that is safe in every file system."""
    return "".join(sign if sign.isalnum() else "-" for sign in text).strip("-").lower() or "score"


def _all_figures(
    entry: AttributeOutcome, colours: dict[str, str], plan: Plan
) -> list[tuple[str, str, str, Any]]:
    if entry.choices is not None:
        return choice_figures(entry.choices, colours, plan.alpha)
    return [
        *_figures(entry, colours, plan.alpha),
        *_pair_figures(entry, plan),
        *_diagnostic_figures(entry, colours, plan.alpha),
    ]


def _diagnostic_figures(
    entry: AttributeOutcome, colours: dict[str, str], alpha: float
) -> list[tuple[str, str, str, Any]]:
    """How systems depend on the passage, and what the additive analysis leaves over."""
    figures: list[tuple[str, str, str, Any]] = []
    if len(entry.ratings.passage.levels) > 1:
        caption = (
            f"Mean of each system in each passage with {100 * (1 - alpha):g}% t interval over "
            f"participants (n = {len(entry.ratings.participant.levels)}); lines that cross are "
            "systems whose order depends on the passage."
        )
        axes = passage_interaction(entry.ratings, entry.by_passage, colours)
        figures.append(("interaction", "System by passage", caption, axes))
    left = entry.residuals
    if left is not None and float(left.residual.std()) > 0:
        said = (
            "Residuals of score ~ participant + passage × system; skewness "
            f"{apa.number(left.skewness)}: {left.verdict}."
        )
        figures += [
            ("residuals_normal", "Are residuals normal?", said, residual_plot(left)),
            ("residuals_fitted", "Are residuals even?", said, residuals_by_fitted(left)),
        ]
    return figures


def _assessor_figure(outcome: Outcome) -> tuple[str, str, str, Any]:
    caption = (
        "Reliability and discrimination of each participant, after eGauge. Dashed: the panel's "
        "median noise floor (95th percentile of shuffled ratings); hollow: within their own floor; "
        f"crosses: excluded. n = {len(outcome.experts)} participants."
    )
    axes = assessor_plot(outcome.experts, outcome.screening.excluded)
    return "assessors", "Participants as assessors", caption, axes


def _figures(
    entry: AttributeOutcome, colours: dict[str, str], alpha: float
) -> list[tuple[str, str, str, Any]]:
    """Name, title, caption and axes of each figure."""
    pairs = entry.primary.results
    overall = entry.omnibus[0]
    return [
        (
            "passages",
            "Each passage",
            f"Ratings per passage and system ({overall.n} participants). Boxes: quartiles and "
            "median; whiskers: last rating within 1.5 interquartile ranges.",
            passage_boxes(entry.ratings, colours),
        ),
        (
            "all_passages",
            "All passages",
            "Systems by median. Grey: participants' means over passages, joined; box: quartiles "
            "and median of single ratings; diamond: mean with "
            f"{100 * (1 - alpha):g}% CI (t over participants' means). {apa.test_name(overall)} "
            f"{apa.result_text(overall)}; n = {overall.n} {overall.unit}. Marks: "
            f"{entry.primary.title}, {pairs[0].correction}; systems that share a letter, or have "
            "no bracket, are not shown to differ.",
            all_passages(entry.ratings, entry.summaries, pairs, colours, alpha=alpha),
        ),
    ]


def _pair_figures(entry: AttributeOutcome, plan: Plan) -> list[tuple[str, str, str, Any]]:
    """The figures of the pairwise comparisons, as `_figures`."""
    pairs, alpha, margin = entry.primary.results, plan.alpha, plan.equivalence_margin
    said = f"{entry.primary.title}, {pairs[0].correction}; n = {pairs[0].n} {pairs[0].unit}"
    order = [system for system in ranked(entry) if system in entry.compared.systems]
    friedman = next(result for result in entry.omnibus if result.name == "friedman")
    ranks = {system: friedman.detail(f"mean rank of {system}") for system in friedman.systems}
    critical = critical_difference(friedman.n, len(ranks), alpha)
    return [
        (
            "differences",
            "Differences",
            f"Difference of each pair with {100 * (1 - alpha):g}% interval, filled where "
            f"significant. {said}."
            + (f" Band: equivalence margin ±{margin:g} points." if margin else ""),
            forest(pairs, entry.ratings.scale, alpha=alpha, margin=margin),
        ),
        (
            "effects",
            "Effects and p-values",
            f"Effect of row minus column as colour, corrected p as text. {said}.",
            heat_map(pairs, order, alpha=alpha),
        ),
        (
            "critical_difference",
            "Critical difference",
            "Mean ranks of participants' means; bars join systems that Nemenyi's test does not "
            f"tell apart at {alpha:g}; n = {friedman.n} participants.",
            critical_difference_diagram(ranks, critical, friedman.n),
        ),
    ]


def _attribute_data(entry: AttributeOutcome) -> dict[str, Any]:
    return {
        "attribute": entry.attribute,
        "compared": entry.compared.systems,
        "descriptives": entry.summaries,
        "descriptives_by_passage": entry.by_passage,
        "descriptives_by_group": entry.by_group,
        "omnibus": entry.omnibus,
        "further_tests": entry.further.results,
        "residual_skewness": entry.residuals.skewness if entry.residuals else None,
        "models": _models_data(entry.models),
        "choices": _choices_data(entry.choices),
        "agreement": entry.agreement,
        "pairwise": [
            {"name": family.name, "primary": family.primary, "results": family.results}
            for family in entry.families
        ],
    }


def _models_data(models: ModelBased) -> dict[str, Any]:
    mixed, ordinal = models.mixed, models.ordinal
    data: dict[str, Any] = {"notes": models.notes}
    if mixed is not None:
        data["mixed"] = {
            "marginal_means": models.means,
            "variance_components": mixed.components,
            "log_likelihood": mixed.log_likelihood,
            "reml": mixed.reml,
            "singular": mixed.singular,
            "converged": mixed.converged,
            "notes": mixed.notes,
        }
    if ordinal is not None:
        data["ordinal"] = ordinal
    return data


def _choices_data(choices: ChoiceBased | None) -> dict[str, Any] | None:
    if choices is None:
        return None
    return {
        "bradley_terry": choices.model,
        "strengths": choices.strengths,
        "systems": choices.comparisons.systems,
        "chosen_over": choices.comparisons.wins(),
        "undecided": choices.comparisons.undecided(),
        "detection_pooled": choices.detection,
        "detection_binomial": choices.binomial,
    }


def _write(path: Path, text: str) -> Path:
    """Write a file whole or not at all."""
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return path

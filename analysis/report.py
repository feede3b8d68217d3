"""The report of an analysis: results.json, figures, and one HTML page that holds them all."""

from __future__ import annotations

import json
import platform
import warnings
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import jinja2

from analysis import apa
from analysis.analyse import Outcome
from analysis.answer import attribute_answer, short_answer
from analysis.aside import Aside
from analysis.attribute import AttributeOutcome
from analysis.choices.outcome import ChoiceBased
from analysis.figures import ReportFigure, Tick, draw_figures, silent
from analysis.model_based import ModelBased
from analysis.paper import methods_paragraph, paper_tex, results_sentences, scale_text
from analysis.plots import fonts, style
from analysis.printed import write_pdf
from analysis.results import to_data
from analysis.tables import effect_table, pair_table, summary_table, with_limits

FORMAT_VERSION = 1
RESULTS = "results.json"
LIBRARIES = ("numpy", "scipy", "pandas", "matplotlib")


def write_report(outcome: Outcome, folder: Path, tick: Tick = silent) -> tuple[Path, ...]:
    """Write results.json, figures/, report.html, report.pdf and paper.tex; return their paths.

    Args:
        outcome: what was found.
        folder: made if absent. The files of an earlier report go first, so that nothing of two
            reports lies side by side; results.json comes last, when all it speaks of is there.
        tick: called with the name of each part when it is done, for a progress bar.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _remove_earlier(folder)
    with Aside() as aside, warnings.catch_warnings():
        # `without_letters` says it once and in words.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figures = draw_figures(outcome, folder / "figures", aside, tick)
        report = _write(folder / "report.html", report_html(outcome, figures))
        tick("report.html")
        printed = write_pdf(outcome, figures, folder / "report.pdf")
        tick("report.pdf")
        paper = _write(folder / "paper.tex", paper_tex(outcome))
        text = results_json(outcome, [each.name for group in figures.values() for each in group])
    results = _write(folder / RESULTS, text)
    drawn = (figure for group in figures.values() for figure in group)
    return (report, results, printed, paper, *(path for figure in drawn for path in figure.paths))


def without_letters(outcome: Outcome) -> str | None:
    """Which signs of the names are boxes in figures and on paper, and what helps; None if none."""
    ratings = outcome.ratings
    factors = (ratings.system, ratings.passage, ratings.attribute, ratings.participant)
    signs = fonts.missing([ratings.study, *(name for each in factors for name in each.levels)])
    if not signs:
        return None
    some = ", ".join(sign if sign.isprintable() else f"U+{ord(sign):04X}" for sign in signs[:8])
    return (
        f"No font on this machine has {some}{', …' if len(signs) > 8 else ''}: boxes stand for it "
        "in figures and report.pdf. Install a font that has it, as Noto Sans CJK for Chinese, "
        "Japanese and Korean, and run the command again."
    )


def _remove_earlier(folder: Path) -> None:
    try:
        known = json.loads((folder / RESULTS).read_text(encoding="utf-8")).get("figures", [])
    except (OSError, ValueError, AttributeError):
        known = []
    for name in (RESULTS, "report.html", "report.pdf", "paper.tex"):
        (folder / name).unlink(missing_ok=True)
    for name in known:
        for path in style.files(folder / "figures", Path(str(name)).name):
            path.unlink(missing_ok=True)


def results_json(outcome: Outcome, figures: Sequence[str] = ()) -> str:
    """Every number of an analysis, with its method, n and correction.

    Args:
        outcome: what was found.
        figures: names of the files that were drawn, so that a later report can replace them.
    """
    ratings = outcome.ratings
    data = {
        "blindmix_results": FORMAT_VERSION,
        "study": ratings.study,
        "simulated": ratings.simulated,
        "scales": ratings.scales,
        "counts": {
            "participants": len(ratings.participant.levels),
            "passages": len(ratings.passage.levels),
            "systems": len(ratings.systems),
            "ratings": len(ratings),
        },
        "plan": {**to_data(outcome.plan), "sha256": outcome.plan.sha256},
        "versions": versions(),
        "figures": list(figures),
        "answer": short_answer(outcome),
        "screening": {
            "excluded": outcome.screening.excluded,
            "exclusions": outcome.screening.exclusions,
            "primary_without_screening": outcome.without_screening,
            "expertise": outcome.experts,
            "outliers": outcome.outliers,
        },
        "notes": outcome.notes,
        "attributes": [_attribute_data(entry) for entry in outcome.attributes],
    }
    return json.dumps(to_data(data), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


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
        "testname": apa.test_name,
        "amount": apa.amount_text,
        "counted": apa.counted,
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
        score_digits=apa.score_digits,
        scale_text=scale_text(outcome.ratings),
        level=f"{100 * outcome.plan.level:g}",
        pair_table=pair_table,
        effect_table=effect_table,
        summary_table=summary_table,
        with_limits=with_limits,
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


def _attribute_data(entry: AttributeOutcome) -> dict[str, Any]:
    return {
        "attribute": entry.attribute,
        "compared": entry.compared.systems,
        "untested": entry.untested,
        "descriptives": entry.summaries,
        "descriptives_by_passage": entry.by_passage,
        "descriptives_by_group": entry.by_group,
        "omnibus": entry.omnibus,
        "further_tests": entry.further.results,
        "residual_skewness": entry.residuals.skewness if entry.residuals else None,
        "models": _models_data(entry.models),
        "effect_sizes": entry.effects,
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

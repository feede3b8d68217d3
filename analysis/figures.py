"""The figures of a report: which ones an analysis bears, their captions, and their files."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, count
from pathlib import Path

from matplotlib.axes import Axes

from analysis import apa
from analysis.analyse import Outcome
from analysis.answer import ranked, ranked_pairs
from analysis.aside import Aside
from analysis.attribute import AttributeOutcome
from analysis.plan import Plan
from analysis.plots import style
from analysis.plots.assessors import (
    MOST_RESIDUALS,
    assessor_plot,
    passage_interaction,
    residual_plot,
    residuals_by_fitted,
)
from analysis.plots.attributes import attribute_means
from analysis.plots.boxes import passage_boxes
from analysis.plots.choices import choice_figures
from analysis.plots.overview import all_passages
from analysis.plots.pairs import critical_difference_diagram, forest, heat_map
from analysis.posthoc import critical_difference

MOST_SIGNS = 60
"""Of a part of a file's name."""
Tick = Callable[[str], None]
Drawn = tuple[str, str, str, Axes]
"""Name of the files, title, caption, and what was drawn."""


def silent(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class ReportFigure:
    """A figure in the report: its files and the caption that says what it shows.

    Attributes:
        name: of the files.
        title, caption: what it shows, test, n and correction.
        width_inches: as printed.
        paths: PNG, SVG and PDF.
    """

    name: str
    title: str
    caption: str
    width_inches: float
    paths: tuple[Path, ...]

    @property
    def png_base64(self) -> str:
        """The PNG's bytes for a data URI."""
        png = next(path for path in self.paths if path.suffix == ".png")
        return base64.b64encode(png.read_bytes()).decode("ascii")


def draw_figures(
    outcome: Outcome, folder: Path, aside: Aside, tick: Tick = silent
) -> dict[str, tuple[ReportFigure, ...]]:
    """Draw the figures of every attribute; keys are the attributes.

    PNGs, which reports show, are there when this returns; SVGs and PDFs when what is done aside
    has ended.
    """
    drawn: dict[str, list[ReportFigure]] = {}
    vectors: list[tuple[Axes, Path]] = []
    simulated = outcome.ratings.simulated
    with style.context():
        names = file_names([entry.attribute for entry in outcome.attributes])
        for entry in outcome.attributes:
            prefix = f"{names[entry.attribute]}_" if len(names) > 1 else ""
            drawn[entry.attribute] = []
            for name, title, caption, axes in _figures_of(outcome, entry):
                said = f"{style.SIMULATED}. {caption}" if simulated else caption
                style.lay_out(axes, simulated=simulated)
                png, *others = paths = style.files(folder, prefix + name)
                aside.do(partial(style.write, axes, png))
                vectors += [(axes, path) for path in others]
                wide = style.figure_width(axes)
                drawn[entry.attribute].append(ReportFigure(prefix + name, title, said, wide, paths))
                tick(f"figures/{prefix}{name}")
        aside.wait()
        aside.do(partial(_write_all, vectors))
    return {attribute: tuple(figures) for attribute, figures in drawn.items()}


def _write_all(drawn: Sequence[tuple[Axes, Path]]) -> None:
    for axes, path in drawn:
        style.write(axes, path)


def file_names(texts: Sequence[str]) -> dict[str, str]:
    """A name for each text that is short, safe in every file system, and no other's."""
    names: dict[str, str] = {}
    for text in texts:
        plain = "".join(sign if sign.isalnum() else "-" for sign in text).strip("-").lower()
        plain = plain[:MOST_SIGNS] or "score"
        others = set(names.values())
        numbered = (f"{plain}-{number}" for number in count(2))
        names[text] = next(name for name in chain([plain], numbered) if name not in others)
    return names


def _figures_of(outcome: Outcome, entry: AttributeOutcome) -> list[Drawn]:
    """The figures of one attribute; those of the whole study come with the first."""
    systems = outcome.ratings.systems
    anchors = [name for name in systems if outcome.ratings.role_of(name) == "anchor"]
    colours = style.colours_of(systems, anchors)
    plan, first = outcome.plan, entry is outcome.attributes[0]
    if entry.choices is not None:
        return choice_figures(entry.choices, colours, plan.alpha)
    figures = _overviews(entry, colours, plan.alpha)
    if first:
        figures += _attributes_figure(outcome, colours)
    if entry.untested is None:
        figures += _pair_figures(entry, plan)
    figures += _diagnostics(entry, colours, plan.alpha)
    if first and outcome.experts and entry.untested is None:
        figures.append(_assessor_figure(outcome))
    return figures


def _overviews(entry: AttributeOutcome, colours: dict[str, str], alpha: float) -> list[Drawn]:
    """Each passage, as in the talk, and all passages together with what was tested."""
    pairs = entry.primary.results
    people = len(entry.ratings.participant.levels)
    tested = entry.untested or ""
    if entry.untested is None:
        overall = entry.omnibus[0]
        tested = (
            f"{apa.test_name(overall)} {apa.result_text(overall)}; n = {overall.n} {overall.unit}. "
            f"Marks: {entry.primary.title}, {pairs[0].correction}; systems that share a letter, or "
            "have no bracket, are not shown to differ."
        )
    return [
        (
            "passages",
            "Each passage",
            f"Ratings per passage and system ({apa.counted(people, 'participant')}). Boxes: "
            "quartiles and median; whiskers: last rating within 1.5 interquartile ranges.",
            passage_boxes(entry.ratings, colours),
        ),
        (
            "all_passages",
            "All passages",
            "Systems by median. Grey: participants' means over passages, joined; box: quartiles "
            "and median of single ratings; diamond: mean with "
            f"{100 * (1 - alpha):g}% CI (t over participants' means). {tested}",
            all_passages(entry.ratings, entry.summaries, pairs, colours, alpha=alpha),
        ),
    ]


def _pair_figures(entry: AttributeOutcome, plan: Plan) -> list[Drawn]:
    """The figures of the pairwise comparisons."""
    pairs, alpha, margin = entry.primary.results, plan.alpha, plan.equivalence_margin
    said = f"{entry.primary.title}, {pairs[0].correction}; n = {pairs[0].n} {pairs[0].unit}"
    order = [system for system in ranked(entry) if system in entry.compared.systems]
    figures: list[Drawn] = []
    if any(pair.estimate is not None for pair in pairs):
        caption = (
            f"Difference of each pair with {100 * (1 - alpha):g}% interval, filled where "
            f"significant; the system that was rated higher first. {said}."
        )
        if margin:
            caption += f" Band: equivalence margin ±{margin:g} points."
        axes = forest(ranked_pairs(entry), entry.ratings.scale, alpha=alpha, margin=margin)
        figures.append(("differences", "Differences", caption, axes))
    caption = f"Effect of row minus column as colour, corrected p as text. {said}."
    axes = heat_map(pairs, order, alpha=alpha)
    figures.append(("effects", "Effects and p-values", caption, axes))
    return figures + _critical_difference(entry, alpha)


def _critical_difference(entry: AttributeOutcome, alpha: float) -> list[Drawn]:
    """Mean ranks of complete blocks; nothing where Friedman's test was not done."""
    friedman = next((result for result in entry.omnibus if result.name == "friedman"), None)
    if friedman is None:
        return []
    ranks = {system: friedman.detail(f"mean rank of {system}") for system in friedman.systems}
    critical = critical_difference(friedman.n, len(ranks), alpha)
    caption = (
        "Mean ranks of participants' means; bars join systems that Nemenyi's test does not "
        f"tell apart at {alpha:g}; n = {friedman.n} participants."
    )
    axes = critical_difference_diagram(ranks, critical, friedman.n)
    return [("critical_difference", "Critical difference", caption, axes)]


def _attributes_figure(outcome: Outcome, colours: dict[str, str]) -> list[Drawn]:
    """The attributes that share the first one's scale, side by side; nothing for a single one."""
    first = outcome.attributes[0]
    alike = [
        entry
        for entry in outcome.attributes
        if entry.ratings.scale == first.ratings.scale and entry.choices is None
    ]
    if len(alike) < 2:
        return []
    caption = (
        f"Mean of each system on each of {len(alike)} attributes with "
        f"{100 * outcome.plan.level:g}% t interval over participants' means "
        f"(n = {len(first.ratings.participant.levels)})."
    )
    order = {name: place for place, name in enumerate(ranked(first))}
    summaries = {
        entry.attribute: sorted(entry.summaries, key=lambda each: order.get(each.system, 0))
        for entry in alike
    }
    axes = attribute_means(summaries, first.ratings.scale, colours)
    return [("attributes", "All attributes", caption, axes)]


def _diagnostics(entry: AttributeOutcome, colours: dict[str, str], alpha: float) -> list[Drawn]:
    """How systems depend on the passage, and what the additive analysis leaves over."""
    figures: list[Drawn] = []
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
            (
                "residuals_normal",
                "Residuals by rank",
                said,
                residual_plot(left),
            ),
            (
                "residuals_fitted",
                "Residuals by score",
                _shown(said, len(left.residual)),
                residuals_by_fitted(left),
            ),
        ]
    return figures


def _assessor_figure(outcome: Outcome) -> Drawn:
    caption = (
        "Reliability and discrimination of each participant, after eGauge. Dashed: the panel's "
        "median noise floor (95th percentile of shuffled ratings); hollow: within their own floor; "
        f"crosses: excluded. n = {apa.counted(len(outcome.experts), 'participant')}."
    )
    axes = assessor_plot(outcome.experts, outcome.screening.excluded)
    return "assessors", "Participants as assessors", caption, axes


def _shown(caption: str, residuals: int) -> str:
    """The caption, with how many of so many residuals are drawn where not all are."""
    if residuals <= MOST_RESIDUALS:
        return caption
    return f"{caption} {MOST_RESIDUALS} of {residuals} are drawn, by chance."

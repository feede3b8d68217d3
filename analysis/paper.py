"""Words and tables for a paper: a methods paragraph, results sentences, a LaTeX table."""

from __future__ import annotations

from analysis import apa
from analysis.analyse import AttributeOutcome, Outcome
from analysis.results import Result

LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
        "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
        "−": "$-$", "<": "$<$", "≤": r"$\leq$", "χ": r"$\chi$", "²": "$^2$", "η": r"$\eta$",
        "–": "--", "′": "$'$", "×": r"$\times$", "∞": r"$\infty$", "δ": r"$\delta$",
        "ε": r"$\varepsilon$", "α": r"$\alpha$", "ᵦ": r"$_b$", "Δ": r"$\Delta$",
    }
)  # fmt: skip


def methods_paragraph(outcome: Outcome) -> str:
    """What was done, as the method section of a paper says it."""
    ratings, plan = outcome.ratings, outcome.plan
    entry = outcome.attributes[0]
    low, high = (apa.number(value, 0) for value in ratings.scale)
    sentences = [
        f"{len(ratings.participant.levels)} participants rated {len(ratings.systems)} conditions "
        f"in {len(ratings.passage.levels)} passages on a scale from {low} to {high} "
        f"({len(ratings)} ratings).",
        _screening_sentence(outcome),
        f"Systems were compared pairwise by {_lower(entry.primary.title)} "
        f"({entry.primary.results[0].correction}), with participants as the unit "
        f"(n = {entry.primary.results[0].n}); the level of significance was "
        f"{apa.bare(plan.alpha)}.",
        f"The plan was declared before the data at {plan.declared_at} (SHA-256 {plan.sha256[:16]})."
        if plan.declared
        else "No plan was declared before the data, so the analysis is exploratory.",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def results_sentences(entry: AttributeOutcome, alpha: float) -> list[str]:
    """The omnibus test and every significant pair, with APA numbers."""
    overall = entry.omnibus[0]
    effect = "a" if overall.significant(alpha) else "no significant"
    sentences = [
        f"There was {effect} difference between systems, {apa.test_name(overall)} "
        f"{apa.result_text(overall)}."
    ]
    sentences += [
        _pair_sentence(pair, entry) for pair in entry.primary.results if pair.significant(alpha)
    ]
    return sentences


def latex_table(entry: AttributeOutcome) -> str:
    """Medians, quartiles and means of each condition, for `booktabs`."""
    scale = entry.ratings.scale
    lines = [
        r"\begin{table}",
        r"\caption{Ratings per condition ("
        + tex(entry.attribute)
        + "): median, quartiles, and mean with interval over participants' means.}",
        r"\begin{tabular}{lrrrrr}",
        r"\toprule",
        r"Condition & $n$ & Median & IQR & Mean & Interval \\",
        r"\midrule",
    ]
    for row in sorted(entry.summaries, key=lambda summary: -summary.median):
        quartiles = f"{apa.points(row.q1, scale)}–{apa.points(row.q3, scale)}"
        interval = apa.interval_text(row.intervals.get("t"), apa.score_digits(scale))
        cells = (
            row.system,
            str(row.n),
            apa.points(row.median, scale),
            quartiles,
            apa.points(row.mean, scale),
            interval,
        )
        lines.append(" & ".join(tex(cell) for cell in cells) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])


def paper_tex(outcome: Outcome) -> str:
    """All of it as LaTeX to paste: method, results and a table per attribute."""
    parts = [r"\subsection*{Method}", tex(methods_paragraph(outcome)), r"\subsection*{Results}"]
    for entry in outcome.attributes:
        parts += [tex(" ".join(results_sentences(entry, outcome.plan.alpha))), latex_table(entry)]
    warning = ["% SIMULATED DATA: no listener was involved."] if outcome.ratings.simulated else []
    return "\n\n".join([*warning, *parts])


def tex(text: str) -> str:
    """Text with everything escaped that LaTeX would take for a command."""
    return text.translate(LATEX)


def _screening_sentence(outcome: Outcome) -> str:
    if not outcome.plan.screening:
        return "Nobody was screened out."
    excluded = outcome.screening.excluded
    rules = ", ".join(str(rule["rule"]) for rule in outcome.plan.screening)
    return f"Screening ({rules}) excluded {len(excluded)} participants before the analysis."


def _pair_sentence(pair: Result, entry: AttributeOutcome) -> str:
    first, second = pair.systems
    text = f"{first} and {second} differed"
    if pair.estimate is not None:
        more = "higher" if pair.estimate.value > 0 else "lower"
        digits = apa.score_digits(entry.ratings.scale)
        interval = apa.interval_text(pair.estimate.interval, digits)
        text = f"{first} was rated {more} than {second}, {pair.estimate.name} = "
        text += apa.number(pair.estimate.value, digits) + (f", {interval}" if interval else "")
    effect = f", {apa.quantity_text(pair.effect)}" if pair.effect is not None else ""
    return f"{text}, {apa.p_text(pair.pvalue_final)}{effect}."


def _lower(title: str) -> str:
    """A title within a sentence; names keep their capitals."""
    return title if title.startswith(("Wilcoxon", "Bradley")) else title[0].lower() + title[1:]

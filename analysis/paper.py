"""Words and tables for a paper: a methods paragraph, results sentences, LaTeX tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analysis import apa
from analysis.analyse import Outcome
from analysis.answer import ranked_pairs
from analysis.attribute import AttributeOutcome
from analysis.plan import MODELS
from analysis.ratings import Ratings
from analysis.results import Result
from analysis.tables import pair_table

LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
        "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
        "−": "$-$", "<": "$<$", ">": "$>$", "≤": r"$\leq$", "χ": r"$\chi$", "²": "$^2$",
        "η": r"$\eta$", "–": "--", "′": "$'$", "×": r"$\times$", "∞": r"$\infty$", "δ": r"$\delta$",
        "ε": r"$\varepsilon$", "α": r"$\alpha$", "ᵦ": r"$_b$", "Δ": r"$\Delta$",
    }
)  # fmt: skip


def methods_paragraph(outcome: Outcome) -> str:
    """What was done, as the method section of a paper says it."""
    ratings, plan = outcome.ratings, outcome.plan
    sentences = [
        f"{apa.counted(len(ratings.participant.levels), 'participant')} rated "
        f"{apa.counted(len(ratings.systems), 'condition')} in "
        f"{apa.counted(len(ratings.passage.levels), 'passage')} {scale_text(ratings)} "
        f"({apa.counted(len(ratings), 'rating')}).",
        _screening_sentence(outcome),
        _comparison_sentence(outcome),
        f"The plan was declared before the data at {plan.declared_at} (SHA-256 {plan.sha256[:16]})."
        if plan.declared
        else "No plan was declared before the data, so the analysis is exploratory.",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def scale_text(ratings: Ratings) -> str:
    """As "on a scale from 0 to 100"; attribute by attribute where they differ."""
    shown = {
        name: "from "
        + " to ".join(f"{limit:g}".replace("-", "−") for limit in ratings.scales[name])
        for name in ratings.attribute.levels
    }
    if len(set(shown.values())) == 1:
        return f"on a scale {next(iter(shown.values()))}"
    return "on scales " + ", ".join(f"{limits} ({name})" for name, limits in shown.items())


def results_sentences(entry: AttributeOutcome, alpha: float) -> list[str]:
    """The omnibus test and every significant pair, with APA numbers."""
    if entry.untested is not None:
        return [entry.untested]
    overall = entry.omnibus[0]
    effect = "a" if overall.significant(alpha) else "no significant"
    sentences = [
        f"There was {effect} difference between systems, {apa.test_name(overall)} "
        f"{apa.result_text(overall)}."
    ]
    sentences += [
        _pair_sentence(pair, entry) for pair in ranked_pairs(entry) if pair.significant(alpha)
    ]
    return sentences


def latex_table(entry: AttributeOutcome) -> str:
    """Medians, quartiles and means of each condition, for `booktabs`."""
    scale = entry.ratings.scale
    rows = [
        (
            row.system,
            str(row.n),
            apa.points(row.median, scale),
            f"{apa.points(row.q1, scale)}–{apa.points(row.q3, scale)}",
            apa.points(row.mean, scale),
            apa.interval_text(row.intervals.get("t"), apa.score_digits(scale)),
        )
        for row in sorted(entry.summaries, key=lambda summary: -summary.median)
    ]
    said = "median, quartiles, and mean with interval over participants' means."
    return _table(
        f"Ratings per condition ({entry.attribute}): {said}",
        ("Condition", "n", "Median", "IQR", "Mean", "Interval"),
        rows,
    )


def latex_pairs(entry: AttributeOutcome, alpha: float) -> str:
    """The primary comparisons in the order of the answer, for `booktabs`."""
    pairs = ranked_pairs(entry)
    found = pair_table(pairs, entry.ratings.scale, alpha)
    # Statistics such as W+ count for the pair as it was tested, not with the better one first.
    kept = [at for at, name in enumerate(found.head) if name != pairs[0].statistic.name]
    corrected = f", {pairs[0].correction}" if pairs[0].correction else ""
    return _table(
        f"{entry.primary.title} ({entry.attribute}){corrected}; in brackets: "
        f"{100 * (1 - alpha):g}% intervals.",
        [found.head[at] for at in kept],
        [[row[at] for at in kept] for row in found.rows],
    )


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [
        r"\begin{table}",
        rf"\caption{{{tex(caption)}}}",
        rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
        r"\toprule",
        " & ".join(f"${name}$" if len(name) == 1 else tex(name) for name in head) + r" \\",
        r"\midrule",
        *(" & ".join(map(tex, row)) + r" \\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
        "",
    ]
    return "\n".join(lines)


def paper_tex(outcome: Outcome) -> str:
    """All of it as LaTeX to paste: method, results and the tables of each attribute."""
    alpha = outcome.plan.alpha
    parts = [r"\subsection*{Method}", tex(methods_paragraph(outcome)), r"\subsection*{Results}"]
    for entry in outcome.attributes:
        parts += [tex(" ".join(results_sentences(entry, alpha))), latex_table(entry)]
        if entry.primary.results:
            parts.append(latex_pairs(entry, alpha))
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
    left_out = apa.counted(len(excluded), "participant")
    return f"Screening ({rules}) excluded {left_out} before the analysis."


def _comparison_sentence(outcome: Outcome) -> str:
    entry = outcome.attributes[0]
    if entry.untested is not None:
        return f"No systems were compared. {entry.untested}"
    pair = entry.primary.results[0]
    counts = sorted({each.n for each in entry.primary.results})
    n = f"n = {counts[0]}" + (f" to {counts[-1]}" if len(counts) > 1 else "")
    how = f"{_lower(entry.primary.title)} ({pair.correction})"
    unit = f"with participants as the unit ({n})"
    if entry.primary.name in MODELS:
        unit = f"of a {_lower(pair.method.partition(';')[0])} ({n} participants)"
    sentence = (
        f"Systems were compared pairwise by {how}, {unit}; the level of significance was "
        f"{apa.bare(outcome.plan.alpha)}."
    )
    return " ".join([sentence, *entry.design_notes])


def _pair_sentence(pair: Result, entry: AttributeOutcome) -> str:
    first, second = pair.systems
    text = f"{first} was rated higher than {second}"
    if pair.estimate is not None:
        digits = apa.score_digits(entry.ratings.scale)
        interval = apa.interval_text(pair.estimate.interval, digits)
        text += f", {pair.estimate.name} = "
        text += apa.number(pair.estimate.value, digits) + (f", {interval}" if interval else "")
    effect = f", {apa.quantity_text(pair.effect)}" if pair.effect is not None else ""
    return f"{text}, {apa.p_text(pair.pvalue_final)}{effect}."


def _lower(title: str) -> str:
    """A title within a sentence; names keep their capitals."""
    return title if title.startswith(("Wilcoxon", "Bradley")) else title[0].lower() + title[1:]

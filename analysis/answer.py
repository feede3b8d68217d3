"""The short answer in plain words: which systems differ, by how much, how sure."""

from __future__ import annotations

import math
from collections.abc import Callable

from analysis.analyse import Outcome
from analysis.apa import (
    counted,
    interval_text,
    p_text,
    points,
    result_text,
    score_digits,
    test_name,
)
from analysis.attribute import AttributeOutcome
from analysis.choices.outcome import choice_answer, told
from analysis.plan import MODELS
from analysis.results import SHARE, Interval, Quantity, Result, best_first

CLOSE_PAIRS_NAMED = 6


def logistic(odds: float) -> float:
    """The probability of a log odds."""
    return 1.0 / (1.0 + math.exp(-odds))


def short_answer(outcome: Outcome) -> list[str]:
    """Lines for the terminal and the top of the report."""
    lines = []
    if outcome.ratings.simulated:
        lines.append("SIMULATED DATA: a model made these ratings, no listener did.")
    lines.append(f"{outcome.ratings.study}: {_size(outcome)}.")
    if excluded := outcome.screening.excluded:
        lines.append(
            f"Screening excluded {len(excluded)} of them: {', '.join(excluded)}; "
            "what follows is without them."
        )
    for entry in outcome.attributes:
        if len(outcome.attributes) > 1:
            lines += ["", f"{entry.attribute}:"]
        lines += attribute_answer(entry, outcome.plan.alpha)
    return lines


def attribute_answer(entry: AttributeOutcome, alpha: float) -> list[str]:
    """The answer about one attribute: the verdict, the ranking, then pair by pair."""
    if entry.choices is not None:
        return choice_answer(entry.choices, alpha)
    if entry.untested is not None:
        return [f"Nothing was tested. {entry.untested}", _ranking(entry)]
    overall = entry.omnibus[0]
    lines = [
        f"{_verdict(overall, alpha)} ({test_name(overall)} {result_text(overall)}).",
        _ranking(entry),
    ]
    pairs = ranked_pairs(entry)
    lines += told([_difference(pair, entry) for pair in pairs if pair.significant(alpha)])
    close = [" and ".join(pair.systems) for pair in pairs if not pair.significant(alpha)]
    if close:
        named = "; ".join(close[:CLOSE_PAIRS_NAMED])
        more = f"; and {counted(len(close) - CLOSE_PAIRS_NAMED, 'more pair')}"
        lines.append(
            "Not shown to differ (which is not the same as being equal): "
            f"{named}{more if len(close) > CLOSE_PAIRS_NAMED else ''}."
        )
    lines += _equivalence(entry, alpha)
    within = "" if entry.primary.name in MODELS else " within participants"
    lines.append(
        f"{entry.primary.title}{within}, {pairs[0].correction}; differences with "
        f"{100 * (1 - alpha):g}% intervals{_held(pairs[0])}."
    )
    return [*lines, *entry.design_notes]


def _equivalence(entry: AttributeOutcome, alpha: float) -> list[str]:
    """Which pairs are shown to be equal, where the plan says within how many points."""
    tested = next((family.results for family in entry.families if family.name == "tost"), ())
    if not tested:
        return []
    margin = f"±{tested[0].detail('margin'):g} points"
    equal = [" and ".join(pair.systems) for pair in tested if pair.significant(alpha)]
    if not equal:
        return [f"No pair is shown to be equal within {margin}."]
    more = len(equal) - CLOSE_PAIRS_NAMED
    also = f"; and {counted(more, 'more pair')}" if more > 0 else ""
    return [f"Shown to be equal within {margin}: {'; '.join(equal[:CLOSE_PAIRS_NAMED])}{also}."]


def ranked(entry: AttributeOutcome) -> list[str]:
    """All conditions, the best median first."""
    ordered = sorted(entry.summaries, key=lambda summary: (-summary.median, -summary.mean))
    return [summary.system for summary in ordered]


def ranked_pairs(entry: AttributeOutcome) -> list[Result]:
    """The primary comparisons, those of the best systems first; the better one of each first."""
    place = {system: index for index, system in enumerate(ranked(entry))}
    return sorted(
        (best_first(pair) for pair in entry.primary.results),
        key=lambda pair: sorted(place[system] for system in pair.systems),
    )


def _verdict(overall: Result, alpha: float) -> str:
    if overall.significant(alpha):
        return "The systems differ"
    return "The systems are not shown to differ"


def _ranking(entry: AttributeOutcome) -> str:
    scale = entry.ratings.scale
    by_name = {summary.system: summary for summary in entry.summaries}
    ordered = [by_name[name] for name in ranked(entry)]
    named = ", ".join(
        f"{summary.system} {points(summary.median, scale)}"
        + (f" ({summary.role})" if summary.role != "system" else "")
        for summary in ordered
    )
    return f"Best to worst by median: {named}."


def _difference(pair: Result, entry: AttributeOutcome) -> str:
    """As "  Target above Mono by 0.31, 95% CI [0.22, 0.40], p < .001"; the better one first."""
    better, worse = pair.systems
    scale = entry.ratings.scale
    if pair.estimate is not None:
        size = f"above {worse} by {points(pair.estimate.value, scale)}"
        shown = interval_text(pair.estimate.interval, score_digits(scale))
    else:
        size, shown = _without_points(pair)
    return f"  {better} {size}, {shown + ', ' if shown else ''}{p_text(pair.pvalue_final)}"


def _without_points(pair: Result) -> tuple[str, str]:
    """How the first of a pair is better where that has no points, and the interval."""
    worse, effect = pair.systems[1], pair.effect
    if effect is None or math.isnan(effect.value):
        return f"and {worse} differ", ""
    if effect.name == SHARE:
        return f"above {worse} for {100 * effect.value:.0f}% of participants", _scaled(
            effect, lambda share: 100 * share
        )
    if pair.name.startswith("plackett-luce"):
        return f"ranked above {worse} in {100 * logistic(effect.value):.0f}%", _scaled(
            effect, lambda odds: 100 * logistic(odds)
        )
    if effect.name == "log odds ratio":
        times = f"{math.exp(effect.value):.1f}"
        return f"above {worse}, odds of a higher score {times} times as high", _scaled(
            effect, math.exp, 1
        )
    return f"above {worse}", ""


def _scaled(effect: Quantity, change: Callable[[float], float], digits: int = 0) -> str:
    """The interval of an effect on another scale."""
    limits = effect.interval
    if limits is None:
        return ""
    moved = Interval(change(limits.low), change(limits.high), limits.level, limits.method)
    return interval_text(moved, digits)


def _held(pair: Result) -> str:
    """Whether the intervals of the differences hold together or each for itself."""
    size = pair.estimate or pair.effect
    interval = size.interval if size else None
    if interval is not None and "simultaneous" in interval.method:
        return " that hold for all pairs at once"
    return ", which hold for each pair alone"


def _size(outcome: Outcome) -> str:
    ratings = outcome.ratings
    counts = (
        (len(ratings.participant.levels), "participant"),
        (len(ratings.passage.levels), "passage"),
        (len(ratings.systems), "system"),
        (len(ratings), "rating"),
    )
    return ", ".join(counted(count, word) for count, word in counts)

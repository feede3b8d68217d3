"""The choices' part of a report: Bradley-Terry always, detection where there is a reference."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.apa import counted, interval_text, number, p_text
from analysis.choices.bradley_terry import fit_bradley_terry
from analysis.choices.comparisons import Comparisons, comparisons_of
from analysis.choices.detection import Answers, answers_of, binomial_test, pooled_test
from analysis.choices.preference import (
    PreferenceModel,
    preference_contrasts,
    preference_test,
    strengths_of,
)
from analysis.corrections import correct
from analysis.ratings import Ratings
from analysis.results import Interval, Quantity, Result

MOST_PAIRS = 15
"""Pairs that differ of which an answer tells the size."""


@dataclass(frozen=True, eq=False)
class ChoiceBased:
    """What paired comparisons say about one attribute.

    Attributes:
        comparisons: as they were answered.
        model: the Bradley-Terry model.
        strengths: of each system, with intervals.
        test: whether the systems differ at all.
        contrasts: pairwise log odds, corrected as the plan says.
        detection: for each system that met the hidden reference, whether listeners told them
            apart; pooled with random participants, corrected over the systems.
        binomial: the same by the exact binomial test of all answers.
        answers: by system, what the detection tests are of.
    """

    comparisons: Comparisons
    model: PreferenceModel
    strengths: tuple[Quantity, ...]
    test: Result
    contrasts: tuple[Result, ...]
    detection: tuple[Result, ...]
    binomial: tuple[Result, ...]
    answers: dict[str, Answers]


def choice_based(ratings: Ratings, correction: str = "holm", level: float = 0.95) -> ChoiceBased:
    """Analyse paired comparisons of one attribute.

    Raises:
        ValueError: a trial has not two stimuli, or the comparisons say nothing.
    """
    comparisons = comparisons_of(ratings)
    model = fit_bradley_terry(comparisons)
    answers = _answers(comparisons)
    reference = comparisons.reference or ""
    binomial = tuple(
        replace(
            binomial_test(int(found.right.sum()), len(found), level=level),
            systems=(system, reference),
        )
        for system, found in answers.items()
    )
    pooled = tuple(
        replace(pooled_test(found, level=level), systems=(system, reference))
        for system, found in answers.items()
        if len(found.participant.levels) > 1
    )
    return ChoiceBased(
        comparisons=comparisons,
        model=model,
        strengths=strengths_of(model, level),
        test=preference_test(model),
        contrasts=preference_contrasts(model, correction, level),
        detection=correct(pooled, correction) if pooled else (),
        binomial=correct(binomial, correction) if binomial else (),
        answers=answers,
    )


def choice_answer(choices: ChoiceBased, alpha: float) -> list[str]:
    """The short answer: the verdict, the ranking by strength, pair by pair, detection."""
    test, model = choices.test, choices.model
    differ = "differ" if test.significant(alpha) else "are not shown to differ"
    df = ", ".join(f"{value:g}" for value in test.df)
    lines = [
        f"The systems {differ} (Bradley-Terry {test.statistic.name}({df}) = "
        f"{number(test.statistic.value)}, {p_text(test.pvalue)}).",
        f"Most to least preferred: {', '.join(_ranked(choices))}.",
    ]
    lines += told([_preference(pair) for pair in choices.contrasts if pair.significant(alpha)])
    close = [
        " and ".join(pair.systems) for pair in choices.contrasts if not pair.significant(alpha)
    ]
    if close:
        lines.append(
            f"No preference shown (which is not the same as equal preference): {'; '.join(close)}."
        )
    lines += [_told_apart(result, alpha) for result in choices.detection or choices.binomial]
    lines.append(
        f"{model.describes}; {choices.contrasts[0].correction or 'no correction'}. "
        f"Shares are of a typical listener, with {100 * (1 - alpha):g}% intervals."
    )
    return [*lines, *model.notes]


def told(pairs: list[str]) -> list[str]:
    """The lines of the pairs that differ, as far as an answer is still short."""
    if len(pairs) <= MOST_PAIRS:
        return pairs
    more = counted(len(pairs) - MOST_PAIRS, "more pair")
    return [*pairs[:MOST_PAIRS], f"  and {more}, in the tables of the report."]


def share_chosen(comparisons: Comparisons, system: str) -> float:
    """In what share of its comparisons a system was chosen; an undecided answer counts half."""
    index = comparisons.systems.index(system)
    wins, ties = comparisons.wins(), comparisons.undecided()
    won, lost, tied = wins[index].sum(), wins[:, index].sum(), ties[index].sum()
    return float((won + tied / 2.0) / (won + lost + tied))


def _answers(comparisons: Comparisons) -> dict[str, Answers]:
    if comparisons.reference is None:
        return {}
    reference = comparisons.systems.index(comparisons.reference)
    decided = comparisons.outcome != 0
    met = {
        int(other)
        for one, two in (
            (comparisons.first, comparisons.second),
            (comparisons.second, comparisons.first),
        )
        for other in np.unique(two[decided & (one == reference)])
    }
    return {
        comparisons.systems[code]: answers_of(comparisons, comparisons.systems[code])
        for code in sorted(met)
    }


def _ranked(choices: ChoiceBased) -> list[str]:
    ordered = sorted(choices.strengths, key=lambda strength: -strength.value)
    return [
        f"{each.name} (chosen in {100 * share_chosen(choices.comparisons, each.name):.0f}% "
        "of its comparisons)"
        for each in ordered
    ]


def _preference(pair: Result) -> str:
    """As "  C preferred to A: chosen by 77%, 95% CI [68, 84], p < .001"; the better one first."""
    better, worse = pair.systems
    effect = pair.effect
    assert effect is not None
    assert effect.interval is not None
    limits = (effect.value, effect.interval.low, effect.interval.high)
    if effect.value < 0:
        better, worse = worse, better
        limits = (-limits[0], -limits[2], -limits[1])
    middle, low, high = (100.0 / (1.0 + np.exp(-limit)) for limit in limits)
    interval = Interval(low, high, effect.interval.level, effect.interval.method)
    return (
        f"  {better} preferred to {worse}: chosen by {middle:.0f}%, {interval_text(interval, 0)}, "
        f"{p_text(pair.pvalue_final)}"
    )


def _told_apart(result: Result, alpha: float) -> str:
    system, reference = result.systems
    share, sensitivity = result.estimate, result.effect
    assert share is not None
    assert sensitivity is not None
    told = "told from" if result.significant(alpha) else "not shown to be told from"
    return (
        f"  {system} is {told} {reference}: {100 * share.value:.0f}% right, "
        f"d′ = {number(sensitivity.value)}, {interval_text(sensitivity.interval, 2)}, "
        f"{p_text(result.pvalue_final)}"
    )

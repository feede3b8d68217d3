"""The whole analysis of one study: ratings and a plan in, every result out."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

from analysis.attribute import AttributeOutcome, attribute_outcome, primary_results
from analysis.choices.comparisons import are_comparisons
from analysis.design import refuse_too_large, untestable
from analysis.expertise import Expertise, expertise
from analysis.mixed.threads import one_blas_thread
from analysis.plan import Plan
from analysis.ratings import COMPARED_ROLES, Ratings
from analysis.results import Result
from analysis.screening import Outlier, Screening, outlying, screen

SHUFFLES = 100
"""Of each participant's ratings, for the noise floors of the assessor plot; a rule draws more."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """Everything that an analysis of one study found.

    Attributes:
        ratings: as they were read, before screening.
        plan: what was to be done.
        screening: who was excluded, and why.
        without_screening: the primary comparisons of everybody, where somebody was excluded.
        attributes: the primary one first.
        experts: how reliably everybody rated, the excluded too; empty where that is not known.
        outliers: ratings of those who passed that lie far from the others of their stimulus.
    """

    ratings: Ratings
    plan: Plan
    screening: Screening
    without_screening: tuple[Result, ...]
    attributes: tuple[AttributeOutcome, ...]
    experts: tuple[Expertise, ...] = ()
    outliers: tuple[Outlier, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What reading and every analysis left out or assumed, each once."""
        notes = [*self.ratings.notes, *self.screening.notes]
        for entry in self.attributes:
            notes += [*entry.design_notes, *entry.notes]
            notes += [note for result in entry.omnibus[:1] for note in result.notes]
            notes += [*entry.models.notes, *entry.further.notes]
        return tuple(dict.fromkeys(notes))

    @property
    def screening_effect(self) -> tuple[tuple[Result | None, Result], ...]:
        """Each primary comparison after and before screening."""
        after = {pair.systems: pair for pair in self.attributes[0].primary.results}
        return tuple((after.get(pair.systems), pair) for pair in self.without_screening)


def analyse(ratings: Ratings, plan: Plan | None = None) -> Outcome:
    """Analyse every attribute of a study by the plan (by default: Wilcoxon with Holm).

    Ratings that bear no test are described, and `AttributeOutcome.untested` says why.

    Raises:
        ValueError: the plan does not fit the ratings; the message says why.
    """
    # NumPy lets go of the interpreter in long loops: threads fill the cores.
    with one_blas_thread(), ThreadPoolExecutor() as beside:
        return _analyse(ratings, plan or Plan(), beside)


def _analyse(ratings: Ratings, plan: Plan, beside: Executor) -> Outcome:
    refuse_too_large(ratings)
    names = list(ratings.attribute.levels)
    if plan.attribute is not None:
        if plan.attribute not in names:
            raise ValueError(
                f"the plan's attribute {plan.attribute!r} was not rated; there are "
                f"{', '.join(names)}"
            )
        names.sort(key=lambda name: name != plan.attribute)
    screening = screen(ratings, plan.screening)
    left = screening.kept.attribute.levels
    parts = [screening.kept.only(attribute=name) for name in names if name in left]
    experts = beside.submit(_experts, ratings.only(attribute=names[0]), plan.seed)
    outcomes = tuple(
        attribute_outcome(part, plan, beside, leading=part is parts[0]) for part in parts
    )
    everybody: tuple[Result, ...] = ()
    if screening.excluded:
        first = outcomes[0]
        everybody = _everybody(ratings.only(attribute=first.attribute), plan, first.primary.name)
    far = tuple(
        outlier
        for entry in outcomes
        if entry.choices is None
        for outlier in outlying(entry.ratings)
    )
    return Outcome(ratings, plan, screening, everybody, outcomes, experts.result(), far)


def _everybody(ratings: Ratings, plan: Plan, primary: str) -> tuple[Result, ...]:
    """The primary comparisons without screening, where there is one that they bear."""
    if primary == "none" or untestable(ratings) is not None:
        return ()
    return primary_results(ratings.compared(), plan, primary)


def _experts(ratings: Ratings, seed: int) -> tuple[Expertise, ...]:
    """Everybody's expertise in what they scored; nothing where nobody can be told reliable."""
    if not set(ratings.role.levels) & set(COMPARED_ROLES) or are_comparisons(ratings.compared()):
        return ()
    try:
        return expertise(ratings, permutations=SHUFFLES, seed=seed)
    except ValueError:
        return ()

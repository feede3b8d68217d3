"""The whole analysis of one study: ratings and a plan in, every result out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from analysis import agreement, anova, descriptive, omnibus, pairwise
from analysis.battery import FURTHER, Battery, battery
from analysis.blocks import Blocks, participant_blocks
from analysis.choices.comparisons import are_comparisons
from analysis.choices.outcome import ChoiceBased, choice_based
from analysis.equivalence import tost
from analysis.expertise import Expertise, expertise
from analysis.model_based import ModelBased, model_based
from analysis.permutation import sign_flip
from analysis.plan import Plan
from analysis.posthoc import conover_friedman, nemenyi
from analysis.ratings import Ratings
from analysis.residuals import Residuals, residuals
from analysis.results import Quantity, Result
from analysis.screening import Screening, screen

SHUFFLES = 100
"""Of each participant's ratings, for the noise floors of the assessor plot; a rule draws more."""

PairwiseTest = Callable[[Ratings, str, float], tuple[Result, ...]]

PAIRWISE: dict[str, tuple[str, PairwiseTest]] = {
    "wilcoxon": ("Wilcoxon signed-rank tests", pairwise.wilcoxon),
    "paired t": ("Paired t-tests", pairwise.paired_t),
    "sign": ("Sign tests", pairwise.sign_test),
}
"""Pairwise families by the name that a plan gives them."""


@dataclass(frozen=True)
class Family:
    """Results that belong together and are corrected together.

    Attributes:
        name: as a plan names it.
        title: for the report.
        results: of each comparison.
        primary: whether this is the analysis to judge by.
    """

    name: str
    title: str
    results: tuple[Result, ...]
    primary: bool = False


@dataclass(frozen=True, eq=False)
class AttributeOutcome:
    """What was found about one attribute.

    Attributes:
        attribute: its name.
        ratings: all conditions, anchors too, after screening.
        compared: the systems (and hidden references) that the tests compare.
        summaries: of every condition over all passages; `by_passage`: in each passage.
        omnibus: whether the systems differ at all; the first is the primary one.
        families: pairwise comparisons; exactly one is primary.
        models: what the mixed models found.
        agreement: of participants with each other.
        choices: what paired comparisons say, where that is what the ratings are.
        by_group: summaries of every condition in each group, where there are groups.
        further: tests of all systems beside the `omnibus` ones.
        residuals: of the additive analysis; None where nobody rated everything.
    """

    attribute: str
    ratings: Ratings
    compared: Ratings
    summaries: tuple[descriptive.Summary, ...]
    by_passage: tuple[descriptive.Summary, ...]
    omnibus: tuple[Result, ...]
    families: tuple[Family, ...]
    models: ModelBased
    agreement: tuple[Quantity, ...]
    choices: ChoiceBased | None = None
    by_group: tuple[descriptive.Summary, ...] = ()
    further: Battery = field(default_factory=lambda: Battery((), ()))
    residuals: Residuals | None = None

    @property
    def primary(self) -> Family:
        """The pairwise family to judge by."""
        return next(family for family in self.families if family.primary)


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
    """

    ratings: Ratings
    plan: Plan
    screening: Screening
    without_screening: tuple[Result, ...]
    attributes: tuple[AttributeOutcome, ...]
    experts: tuple[Expertise, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What reading and every analysis left out or assumed, each once."""
        notes = [*self.ratings.notes, *self.screening.notes]
        for entry in self.attributes:
            notes += [note for result in entry.omnibus[:1] for note in result.notes]
            notes += [*entry.models.notes, *entry.further.notes]
        return tuple(dict.fromkeys(notes))


def analyse(ratings: Ratings, plan: Plan | None = None) -> Outcome:
    """Analyse every attribute of a study by the plan (by default: Wilcoxon with Holm).

    Raises:
        ValueError: the ratings do not bear the comparison; the message says why.
    """
    plan = plan or Plan()
    names = list(ratings.attribute.levels)
    if plan.attribute is not None:
        if plan.attribute not in names:
            raise ValueError(
                f"the plan's attribute {plan.attribute!r} was not rated; there are "
                f"{', '.join(names)}"
            )
        names.sort(key=lambda name: name != plan.attribute)
    screening = screen(ratings, plan.screening)
    everybody: tuple[Result, ...] = ()
    if screening.excluded:
        everybody = _everybody(ratings.only(attribute=names[0]).compared(), plan)
    parts = [screening.kept.only(attribute=name) for name in names]
    outcomes = tuple(_attribute(part, plan) for part in parts)
    experts = _experts(ratings.only(attribute=names[0]), plan.seed)
    return Outcome(ratings, plan, screening, everybody, outcomes, experts)


def _experts(ratings: Ratings, seed: int) -> tuple[Expertise, ...]:
    """Everybody's expertise in what they scored; nothing where nobody can be told reliable."""
    if are_comparisons(ratings.compared()):
        return ()
    try:
        return expertise(ratings, permutations=SHUFFLES, seed=seed)
    except ValueError:
        return ()


def _everybody(compared: Ratings, plan: Plan) -> tuple[Result, ...]:
    """The primary comparisons without screening; none where they take long."""
    if are_comparisons(compared):
        return choice_based(compared, plan.correction, plan.level).contrasts
    if plan.primary not in PAIRWISE:
        return ()
    return PAIRWISE[plan.primary][1](compared, plan.correction, plan.level)


def _attribute(ratings: Ratings, plan: Plan) -> AttributeOutcome:
    compared = ratings.compared()
    if are_comparisons(compared):
        return _choices(ratings, compared, plan)
    plan.refuse_for_scores()
    blocks = participant_blocks(compared)
    families = tuple(
        Family(name, title, test(compared, plan.correction, plan.level), name == plan.primary)
        for name, (title, test) in PAIRWISE.items()
    )
    models = model_based(compared, plan.correction, plan.level)
    families += _more_families(compared, blocks, plan)
    families += _model_families(models, plan.primary)
    if not any(family.primary for family in families):
        raise ValueError(f"the plan's primary analysis cannot be done. {' '.join(models.notes)}")
    ranks = (
        omnibus.friedman(blocks, plan.level, plan.seed),
        omnibus.iman_davenport(blocks),
        omnibus.quade(blocks),
        anova.recommended(anova.one_way(blocks, plan.level)),
        omnibus.kruskal_wallis(compared),
    )
    model_first = plan.primary == "mixed model"
    return AttributeOutcome(
        attribute=ratings.attribute.levels[0],
        ratings=ratings,
        compared=compared,
        summaries=descriptive.summaries(
            ratings, bootstraps=plan.bootstraps, seed=plan.seed, level=plan.level
        ),
        by_passage=descriptive.summaries_by(ratings, "passage", plan.level),
        omnibus=(*models.tests, *ranks) if model_first else (*ranks, *models.tests),
        families=families,
        models=models,
        agreement=_agreement(compared, plan.level),
        by_group=_groups(ratings, plan.level),
        further=battery(compared, blocks, plan.trend, plan.level),
        residuals=residuals(compared),
    )


def _groups(ratings: Ratings, level: float) -> tuple[descriptive.Summary, ...]:
    if len(ratings.group.levels) < 2:
        return ()
    return descriptive.summaries_by(ratings, "group", level)


def _choices(ratings: Ratings, compared: Ratings, plan: Plan) -> AttributeOutcome:
    """Paired comparisons: what is chosen is no score, so nothing is done to it as one."""
    if plan.declared and plan.primary != "bradley-terry":
        raise ValueError(
            f"the plan's primary analysis, {plan.primary!r}, is of scores, and the ratings are "
            "paired comparisons; declare `primary: bradley-terry`"
        )
    choices = choice_based(compared, plan.correction, plan.level)
    title = "Bradley-Terry contrasts"
    return AttributeOutcome(
        attribute=ratings.attribute.levels[0],
        ratings=ratings,
        compared=compared,
        summaries=descriptive.summaries(
            ratings, bootstraps=plan.bootstraps, seed=plan.seed, level=plan.level
        ),
        by_passage=descriptive.summaries_by(ratings, "passage", plan.level),
        omnibus=(choices.test,),
        families=(Family("bradley-terry", title, choices.contrasts, primary=True),),
        models=ModelBased(),
        agreement=(),
        choices=choices,
    )


def _more_families(compared: Ratings, blocks: Blocks, plan: Plan) -> tuple[Family, ...]:
    """Pairwise comparisons that bring a correction of their own, and equivalence where planned."""
    flips = sign_flip(compared, seed=plan.seed, level=plan.level)
    title = "Sign-flip permutation tests"
    families = [
        Family("permutation", title, flips, plan.primary == "permutation"),
        Family("conover", "Conover tests", conover_friedman(blocks, plan.correction)),
        Family("nemenyi", "Nemenyi tests", nemenyi(blocks)),
        Family("tukey", "Tukey tests", anova.tukey(compared, plan.level)),
    ]
    for name in plan.also:
        title, test = FURTHER[name]
        families.append(Family(name, title, test(compared, plan.correction, plan.seed)))
    if plan.equivalence_margin is not None:
        same = tost(compared, plan.equivalence_margin, alpha=plan.alpha, correction=plan.correction)
        families.append(Family("tost", "Equivalence tests", same))
    return tuple(families)


def _agreement(compared: Ratings, level: float) -> tuple[Quantity, ...]:
    """How far participants agree, as far as the table allows it."""
    found = [agreement.krippendorff_alpha(compared)]
    try:
        for result in agreement.intraclass_correlations(compared, level):
            if result.effect is not None and result.name in ("ICC2", "ICC2k"):
                found.append(result.effect)
    except ValueError:
        return tuple(
            found
        )  # alpha allows stimuli that somebody did not rate, and scores without error
    return tuple(found)


def _model_families(models: ModelBased, primary: str) -> tuple[Family, ...]:
    """The pairwise comparisons of the models that were fitted."""
    found = (
        Family("mixed model", "Mixed-model contrasts", models.contrasts, primary == "mixed model"),
        Family("ordinal model", "Ordinal-model contrasts", models.ordinal_contrasts),
    )
    return tuple(family for family in found if family.results)

"""The analysis of one attribute: everything that is found about it, and what decides.

Three cases: scores that everybody or most gave to all systems; scores of an incomplete design,
where the mixed model decides; and ratings that bear no test, which are described, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace

from analysis import agreement, anova, descriptive, incomplete, omnibus, pairwise
from analysis.battery import FURTHER, Battery, battery
from analysis.blocks import Blocks
from analysis.choices.comparisons import are_comparisons
from analysis.choices.outcome import ChoiceBased, choice_based
from analysis.choices.plackett_luce import fit_plackett_luce
from analysis.choices.preference import preference_contrasts
from analysis.choices.rankings import RankingBased, rankings_of
from analysis.design import Design, design_of, untestable
from analysis.effects import Effects, all_effects
from analysis.equivalence import tost
from analysis.missing import missing_cells
from analysis.model_based import ModelBased, model_based
from analysis.permutation import sign_flip
from analysis.plan import MODELS, Plan
from analysis.pooled import with_false_positives
from analysis.posthoc import conover_friedman, nemenyi
from analysis.ratings import COMPARED_ROLES, Ratings
from analysis.residuals import Residuals, residuals
from analysis.results import Quantity, Result

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


SIZED = ("wilcoxon", "paired t", "mixed model")
"""Families whose effects stand side by side in the table of effect sizes."""
NO_FAMILY = Family("none", "No comparison", ())


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
        effects: sizes of every pair's difference, and of all systems together.
        choices: what paired comparisons say, where that is what the ratings are.
        by_group: summaries of every condition in each group, where there are groups.
        further: tests of all systems beside the `omnibus` ones.
        residuals: of the additive analysis; None where nobody rated everything.
        untested: why nothing is tested, in a sentence; None where something is.
        design_notes: what an incomplete design made of the plan.
        notes: tests that were left out, and what was done about missing cells.
        off_plan: the plan is of ratings of another kind, so that nothing here was planned.
    """

    attribute: str
    ratings: Ratings
    compared: Ratings
    summaries: tuple[descriptive.Summary, ...]
    by_passage: tuple[descriptive.Summary, ...]
    omnibus: tuple[Result, ...] = ()
    families: tuple[Family, ...] = ()
    models: ModelBased = field(default_factory=ModelBased)
    agreement: tuple[Quantity, ...] = ()
    effects: Effects | None = None
    choices: ChoiceBased | None = None
    by_group: tuple[descriptive.Summary, ...] = ()
    further: Battery = field(default_factory=lambda: Battery((), ()))
    residuals: Residuals | None = None
    untested: str | None = None
    design_notes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    off_plan: bool = False

    @property
    def primary(self) -> Family:
        """The pairwise family to judge by; an empty one where nothing is tested."""
        return next((family for family in self.families if family.primary), NO_FAMILY)


def attribute_outcome(
    ratings: Ratings, plan: Plan, beside: Executor, *, leading: bool = True
) -> AttributeOutcome:
    """Analyse the ratings of one attribute by a plan.

    Args:
        ratings: of one attribute.
        plan: what to do.
        beside: fits the models meanwhile, which takes as long as all the rest together.
        leading: this is the attribute that the plan is about. Others may be ratings of another
            kind, choices beside scores: they are analysed as such, and marked as not planned.

    Raises:
        ValueError: the plan does not fit the kind of ratings, or its primary analysis fails.
    """
    reason = untestable(ratings)
    tested = set(ratings.role.levels) & set(COMPARED_ROLES)
    compared = ratings.compared() if tested else ratings
    choices = reason is None and are_comparisons(compared)
    off_plan = not leading and choices != (plan.primary == "bradley-terry")
    if off_plan:
        plan = replace(plan, primary="bradley-terry" if choices else Plan().primary)
    if not choices:
        plan.refuse_for_scores()
    scores = reason is None and not choices
    fitted = beside.submit(_models, compared, plan) if scores else None
    described = AttributeOutcome(
        attribute=ratings.attribute.levels[0],
        ratings=ratings,
        compared=compared,
        summaries=descriptive.summaries(
            ratings, bootstraps=plan.bootstraps, seed=plan.seed, level=plan.level
        ),
        by_passage=descriptive.summaries_by(ratings, "passage", plan.level),
        by_group=_groups(ratings, plan.level),
        untested=reason,
        off_plan=off_plan,
    )
    if choices:
        return _choices(described, plan)
    return described if fitted is None else _scores(described, plan, fitted)


def primary_results(compared: Ratings, plan: Plan, primary: str) -> tuple[Result, ...]:
    """The primary comparisons alone, as for everybody before screening.

    Raises:
        ValueError: the ratings do not bear them.
    """
    if are_comparisons(compared):
        return choice_based(compared, plan.correction, plan.level).contrasts
    if primary == "permutation":
        return sign_flip(compared, seed=plan.seed, level=plan.level)
    if primary == "plackett-luce":
        return preference_contrasts(fit_plackett_luce(compared), plan.correction, plan.level)
    if primary in MODELS:
        models = _models(compared, plan)
        return models.contrasts if primary == "mixed model" else models.ordinal_contrasts
    return PAIRWISE[primary][1](compared, plan.correction, plan.level)


def _scores(
    described: AttributeOutcome, plan: Plan, fitted: Future[ModelBased]
) -> AttributeOutcome:
    """Everything that is done to scores; the models come last, when they are there."""
    compared = described.compared
    design = design_of(compared, plan)
    rankings = rankings_of(compared, plan)
    pairs = _pairwise(compared, plan, design.blocks)
    further = battery(compared, design.blocks, plan.trend, plan.level)
    ranks, notes = _rank_tests(compared, design.blocks, plan)
    agreeing, left = _agreement(compared, plan.level), residuals(compared)
    models = fitted.result()
    if design.blocks is None and not models.contrasts and not plan.declared:
        design = Design(None, plan.primary, design.notes[:1])
    families = _families(pairs, models, rankings, design.primary)
    if not any(family.primary for family in families):
        why = " ".join((*models.notes, *rankings.notes))
        raise ValueError(f"the plan's primary analysis cannot be done. {why}")
    ranks = (*ranks, _pooled(compared, models, plan))
    sized = [family.results for family in families if family.name in SIZED]
    return replace(
        described,
        omnibus=_ordered((*ranks, *models.tests, *rankings.tests), design),
        families=families,
        models=models,
        agreement=agreeing,
        effects=all_effects(compared, sized, (*ranks, *further.results), plan.level),
        further=further,
        residuals=left,
        design_notes=design.notes,
        notes=(*notes, *rankings.notes, *missing_cells(compared)),
    )


def _models(compared: Ratings, plan: Plan) -> ModelBased:
    ordinal_too = plan.asks_for("ordinal model")
    return model_based(compared, plan.correction, plan.level, ordinal_too=ordinal_too)


def _ordered(tests: tuple[Result, ...], design: Design) -> tuple[Result, ...]:
    """The test to judge by first: that of the primary model, where a model decides."""
    deciding = {"ordinal model": "ordinal-model", "plackett-luce": "plackett-luce"}
    first = deciding.get(design.primary, "mixed-model")
    if design.primary in MODELS or design.blocks is None:
        return tuple(sorted(tests, key=lambda test: test.name != first))
    return tests


def _choices(described: AttributeOutcome, plan: Plan) -> AttributeOutcome:
    """Paired comparisons: what is chosen is no score, so nothing is done to it as one."""
    if plan.declared and plan.primary != "bradley-terry":
        raise ValueError(
            f"the plan's primary analysis, {plan.primary!r}, is of scores, and the ratings are "
            "paired comparisons; declare `primary: bradley-terry`"
        )
    choices = choice_based(described.compared, plan.correction, plan.level)
    title = "Bradley-Terry contrasts"
    return replace(
        described,
        omnibus=(choices.test,),
        families=(Family("bradley-terry", title, choices.contrasts, primary=True),),
        by_group=(),
        choices=choices,
    )


def _groups(ratings: Ratings, level: float) -> tuple[descriptive.Summary, ...]:
    if len(ratings.group.levels) < 2:
        return ()
    return descriptive.summaries_by(ratings, "group", level)


def _rank_tests(
    compared: Ratings, blocks: Blocks | None, plan: Plan
) -> tuple[tuple[Result, ...], tuple[str, ...]]:
    """Tests of all systems at once, the one to judge by first, and why one is missing."""
    if blocks is None:
        try:
            return incomplete.skillings_mack(compared), ()
        except ValueError as error:
            return (), (f"No Skillings–Mack test: {error}.",)
    return (
        omnibus.friedman(blocks, plan.level, plan.seed),
        omnibus.iman_davenport(blocks),
        omnibus.quade(blocks),
        anova.recommended(anova.one_way(blocks, plan.level)),
    ), ()


def _pooled(compared: Ratings, models: ModelBased, plan: Plan) -> Result:
    """The test as published, and how often it would be wrong in data like these."""
    pooled = omnibus.kruskal_wallis(compared)
    if models.mixed is None:
        return pooled
    return with_false_positives(pooled, compared, models.mixed, plan.alpha, plan.seed)


Named = tuple[str, str, tuple[Result, ...]]
"""Name and title of a family, and its results."""


def _pairwise(compared: Ratings, plan: Plan, blocks: Blocks | None) -> list[Named]:
    """All pairwise comparisons that need no model."""
    found = [
        (name, title, test(compared, plan.correction, plan.level))
        for name, (title, test) in PAIRWISE.items()
    ]
    flips = sign_flip(compared, seed=plan.seed, level=plan.level)
    found.append(("permutation", "Sign-flip permutation tests", flips))
    if blocks is not None:
        found.append(("conover", "Conover tests", conover_friedman(blocks, plan.correction)))
        found.append(("nemenyi", "Nemenyi tests", nemenyi(blocks)))
        found.append(("tukey", "Tukey tests", anova.tukey(compared, plan.level)))
    for name in plan.also:
        if name not in FURTHER:
            continue
        title, further = FURTHER[name]
        found.append((name, title, further(compared, plan.correction, plan.seed)))
    if plan.equivalence_margin is not None:
        same = tost(compared, plan.equivalence_margin, alpha=plan.alpha, correction=plan.correction)
        found.append(("tost", "Equivalence tests", same))
    return found


def _families(
    pairs: list[Named], models: ModelBased, rankings: RankingBased, primary: str
) -> tuple[Family, ...]:
    """All pairwise comparisons, those of models last; the primary one is marked."""
    modelled = [
        ("mixed model", "Mixed-model contrasts", models.contrasts),
        ("ordinal model", "Ordinal-model contrasts", models.ordinal_contrasts),
        ("plackett-luce", "Plackett–Luce contrasts", rankings.contrasts),
    ]
    return tuple(
        Family(name, title, results, name == primary)
        for name, title, results in (*pairs, *modelled)
        if results
    )


def _agreement(compared: Ratings, level: float) -> tuple[Quantity, ...]:
    """How far participants agree, as far as the table allows it."""
    found = [agreement.krippendorff_alpha(compared)]
    try:
        found.append(agreement.kendall_w_of_stimuli(compared))
        for result in agreement.intraclass_correlations(compared, level):
            if result.effect is not None and result.name in ("ICC2", "ICC2k"):
                found.append(result.effect)
    except ValueError:
        # Alpha allows stimuli that somebody did not rate, and scores without error.
        return tuple(found)
    return tuple(found)

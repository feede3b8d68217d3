"""Who is excluded, and why: the rules of a study's plan applied to its ratings.

Rules are data, as in `study.yaml`:

    analysis:
      screening:
        - {rule: hidden reference, below: 90, share: 0.15}
        - {rule: mid anchor, anchor: anchor_7000, above: 90, share: 0.15, guard: 0.25}
        - {rule: listening time, at_least_ms: 2000, share: 0.5}
        - {rule: straight liner, sd_below: 2}
        - {rule: repeats, mean_difference: 20}
        - {rule: better than chance, alpha: 0.05}
        - {rule: expertise}
        - {rule: trap, system: silence, above: 20, share: 0}

Scores in rules are in points of the study's scale.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from analysis.expertise import expertise
from analysis.ratings import FloatArray, Ratings


@dataclass(frozen=True)
class Exclusion:
    """One reason why one participant is excluded."""

    participant: str
    rule: str
    reason: str


@dataclass(frozen=True, eq=False)
class Screening:
    """The outcome of screening.

    Attributes:
        kept: the ratings of those who passed.
        exclusions: every reason, by participant.
        notes: what a rule could not check.
    """

    kept: Ratings
    exclusions: tuple[Exclusion, ...]
    notes: tuple[str, ...]

    @property
    def excluded(self) -> tuple[str, ...]:
        """Who is excluded, each once."""
        return tuple(dict.fromkeys(entry.participant for entry in self.exclusions))


Finding = tuple[dict[str, str], list[str]]
"""Reasons by participant, and notes."""


def screen(ratings: Ratings, rules: Sequence[Mapping[str, Any]]) -> Screening:
    """Apply every rule to all ratings; a participant whom any rule names is excluded.

    Raises:
        ValueError: a rule is unknown, or its settings are, or nobody would be left.
    """
    exclusions: list[Exclusion] = []
    notes: list[str] = []
    for rule in rules:
        name, settings = check_rule(rule)
        reasons, said = RULES[name](ratings, **settings)
        exclusions += [Exclusion(who, name, reason) for who, reason in reasons.items()]
        notes += said
    excluded = {entry.participant for entry in exclusions}
    stays = np.array([name not in excluded for name in ratings.participant.levels])
    if not stays.any():
        raise ValueError(f"screening would exclude all {len(stays)} participants")
    kept = ratings.where(stays[ratings.participant.codes]) if excluded else ratings
    return Screening(kept, tuple(exclusions), tuple(notes))


def check_rule(rule: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The name of a rule and its settings.

    Raises:
        ValueError: there is no such rule, it has no such setting, a name is missing, or what has
            to be a number is none.
    """
    settings = dict(rule)
    name = str(settings.pop("rule", ""))
    if name not in RULES:
        raise ValueError(f"screening: no rule is called {name!r}; there are {', '.join(RULES)}")
    known = {
        setting: type(parameter.default)
        for setting, parameter in inspect.signature(RULES[name]).parameters.items()
        if setting != "ratings"
    }
    if set(settings) - set(known):
        raise ValueError(
            f"screening: rule {name!r} has no {', '.join(sorted(set(settings) - set(known)))}; "
            f"it has {', '.join(sorted(known))}"
        )
    # Numbers have defaults; nobody can guess a name.
    needed = [key for key, kind in known.items() if kind is str and not settings.get(key)]
    if needed:
        raise ValueError(f"screening: rule {name!r} needs {' and '.join(needed)}")
    for setting, value in settings.items():
        kind = known[setting]
        fits = isinstance(value, (int, float) if kind is float else kind)
        if not fits or isinstance(value, bool) or value != value:
            wanted = {str: "text", float: "a number", int: "a whole number"}[kind]
            raise ValueError(f"screening: rule {name!r} has {setting} {value!r}, not {wanted}")
    return name, settings


def hidden_reference(ratings: Ratings, below: float = 90.0, share: float = 0.15) -> Finding:
    """BS.1534-3: excludes who rates the hidden reference below 90 on more than 15 % of items."""
    rows = _rows_of(ratings, "role", "reference")
    if not rows.any():
        return {}, ["Hidden-reference rule: no hidden reference was rated."]
    misses, items = _counts(ratings, rows, ratings.score < below)
    return {
        name: f"rated the hidden reference below {below:g} on {miss} of {count} items"
        for name, miss, count in zip(ratings.participant.levels, misses, items, strict=True)
        if count and miss / count > share
    }, []


def mid_anchor(
    ratings: Ratings,
    anchor: str = "",
    above: float = 90.0,
    share: float = 0.15,
    guard: float = 0.25,
) -> Finding:
    """BS.1534-3: excludes who rates the mid anchor above 90 on more than 15 % of items.

    Items on which more than 25 % of the participants do so are not counted: there the anchor is
    hard to hear, and nobody is to blame.
    """
    if anchor not in ratings.systems:
        return {}, [f"Mid-anchor rule: no anchor called {anchor!r} was rated."]
    rows = _rows_of(ratings, "system", anchor)
    high = ratings.score > above
    items = ratings.passage.codes
    size = len(ratings.passage.levels)
    rated = np.bincount(items[rows], minlength=size)
    misled = np.bincount(items[rows & high], minlength=size)
    hard = misled > guard * np.maximum(rated, 1)
    misses, counted = _counts(ratings, rows & ~hard[items], high)
    notes = [
        f"Mid-anchor rule: {name} was not counted, more than {100 * guard:g}% of participants "
        f"rated {anchor} above {above:g}."
        for name, is_hard in zip(ratings.passage.levels, hard, strict=True)
        if is_hard
    ]
    return {
        name: f"rated the mid anchor above {above:g} on {miss} of {count} items"
        for name, miss, count in zip(ratings.participant.levels, misses, counted, strict=True)
        if count and miss / count > share
    }, notes


def listening_time(ratings: Ratings, at_least_ms: float = 1000.0, share: float = 0.5) -> Finding:
    """Excludes who listened less than this to more than a share of the stimuli."""
    known = ~np.isnan(ratings.listened_ms)
    if not known.any():
        return {}, ["Listening-time rule: how long participants listened is not known."]
    short, count = _counts(ratings, known, ratings.listened_ms < at_least_ms)
    return {
        name: f"listened less than {at_least_ms:g} ms to {few} of {all_} stimuli"
        for name, few, all_ in zip(ratings.participant.levels, short, count, strict=True)
        if all_ and few / all_ > share
    }, []


def straight_liner(ratings: Ratings, sd_below: float = 1.0) -> Finding:
    """Excludes who gave nearly the same score to everything."""
    found = {}
    for code, name in enumerate(ratings.participant.levels):
        score = ratings.score[ratings.participant.codes == code]
        if len(score) > 2 and score.std(ddof=1) < sd_below:
            found[name] = (
                f"the standard deviation of all {len(score)} scores is "
                f"{score.std(ddof=1):.3g}, below {sd_below:g}"
            )
    return found, []


def repeats(ratings: Ratings, mean_difference: float = 25.0) -> Finding:
    """Excludes who, asked twice, answers on average this many points apart."""
    spread = repeat_differences(ratings)
    if np.isnan(spread).all():
        return {}, ["Repeats rule: no trial was repeated."]
    return {
        name: f"repeated trials differ by {value:.3g} points on average"
        for name, value in zip(ratings.participant.levels, spread, strict=True)
        if value > mean_difference
    }, []


def better_than_chance(ratings: Ratings, alpha: float = 0.05) -> Finding:
    """BS.1116-3: excludes whose hidden reference does not score above the systems beside it.

    One-sided t-test of each participant's diff grades (system − hidden reference of the same
    passage) against 0; whoever has fewer than 2 of them, or only zeros, has not shown to hear.
    """
    compared = ratings.compared()
    if not _rows_of(compared, "role", "reference").any():
        return {}, ["Better-than-chance rule: no hidden reference was rated."]
    found = {}
    for name in compared.participant.levels:
        grades = _diff_grades(compared.only(participant=name))
        pvalue = 1.0
        if len(grades) > 1 and grades.std() > 0:
            t = grades.mean() / (grades.std(ddof=1) / np.sqrt(len(grades)))
            pvalue = float(special.stdtr(len(grades) - 1, t))
        elif len(grades) > 1 and grades.mean() < 0:
            pvalue = 0.0
        if pvalue > alpha:
            found[name] = (
                f"the hidden reference is not rated above the systems: mean of {len(grades)} diff "
                f"grades {grades.mean() if len(grades) else np.nan:.3g}, one-sided p = {pvalue:.3f}"
            )
    return found, []


def no_expert(ratings: Ratings, permutations: int = 500, seed: int = 1) -> Finding:
    """BS.2300: excludes whose reliability or discrimination is within what shuffling reaches."""
    try:
        experts = expertise(ratings, permutations=permutations, seed=seed)
    except ValueError as error:
        return {}, [f"Expertise rule: {error}."]
    return {
        each.participant: f"reliability {each.reliability:.3g} (noise floor "
        f"{each.reliability_floor:.3g}), discrimination {each.discrimination:.3g} (noise floor "
        f"{each.discrimination_floor:.3g})"
        for each in experts
        if not each.expert
    }, []


def trap(ratings: Ratings, system: str = "", above: float = 50.0, share: float = 0.0) -> Finding:
    """Excludes who rates a plainly bad stimulus above this on more than a share of items."""
    if system not in ratings.systems:
        return {}, [f"Trap rule: nothing called {system!r} was rated."]
    rows = _rows_of(ratings, "system", system)
    misses, items = _counts(ratings, rows, ratings.score > above)
    return {
        name: f"rated the trap {system} above {above:g} on {miss} of {count} items"
        for name, miss, count in zip(ratings.participant.levels, misses, items, strict=True)
        if count and miss / count > share
    }, []


def manual(ratings: Ratings, participant: str = "", reason: str = "") -> Finding:
    """Excludes one participant for a documented reason.

    Raises:
        ValueError: there is no such participant.
    """
    if participant not in ratings.participant.levels:
        raise ValueError(f"screening: there is no participant {participant!r} to exclude")
    return {participant: reason}, []


RULES: dict[str, Callable[..., Finding]] = {
    "hidden reference": hidden_reference,
    "mid anchor": mid_anchor,
    "listening time": listening_time,
    "straight liner": straight_liner,
    "repeats": repeats,
    "better than chance": better_than_chance,
    "expertise": no_expert,
    "trap": trap,
    "manual": manual,
}


def _diff_grades(ratings: Ratings) -> FloatArray:
    """One participant's scores of systems less that of the hidden reference in the passage."""
    roles = np.array([ratings.role_of(system) == "reference" for system in ratings.systems])
    if not roles.any() or roles.all():
        return np.empty(0)
    cells = ratings.cells[0]
    grades = cells[:, ~roles] - cells[:, roles].mean(axis=1, keepdims=True)
    return np.asarray(grades[~np.isnan(grades)])


def repeat_differences(ratings: Ratings) -> FloatArray:
    """Each participant's mean spread (max − min) over repeated trials; NaN without repeats."""
    factors = (ratings.participant, ratings.passage, ratings.system, ratings.attribute)
    shape = tuple(len(factor.levels) for factor in factors)
    flat = np.ravel_multi_index(tuple(factor.codes for factor in factors), shape)
    size = int(np.prod(shape))
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(low, flat, ratings.score)
    np.maximum.at(high, flat, ratings.score)
    repeated = (np.bincount(flat, minlength=size) > 1).reshape(shape[0], -1)
    spread = np.where(repeated, (high - low).reshape(shape[0], -1), 0.0).sum(axis=1)
    mean = np.full(shape[0], np.nan)
    np.divide(spread, repeated.sum(axis=1), out=mean, where=repeated.any(axis=1))
    return mean


@dataclass(frozen=True)
class Outlier:
    """One rating far from the others of its system and passage."""

    participant: str
    attribute: str
    passage: str
    system: str
    score: float


def outlying(ratings: Ratings) -> tuple[Outlier, ...]:
    """The outliers of one attribute, by participant."""
    rows = np.flatnonzero(outliers(ratings))
    rows = rows[np.argsort(ratings.participant.codes[rows], kind="stable")]
    return tuple(
        Outlier(
            participant=ratings.participant.levels[ratings.participant.codes[row]],
            attribute=ratings.attribute.levels[ratings.attribute.codes[row]],
            passage=ratings.passage.levels[ratings.passage.codes[row]],
            system=ratings.system.levels[ratings.system.codes[row]],
            score=float(ratings.score[row]),
        )
        for row in rows
    )


def outliers(ratings: Ratings) -> np.ndarray:
    """Rows beyond 1.5 IQR of their condition and item, by Tukey's hinges (BS.1534-3).

    Removed only with a documented reason. Returns a mask over the rows.
    """
    beyond = np.zeros(len(ratings), dtype=bool)
    groups = ratings.passage.codes * len(ratings.systems) + ratings.system.codes
    for group in np.unique(groups):
        rows = groups == group
        low, high = tukey_hinges(ratings.score[rows])
        reach = 1.5 * (high - low)
        beyond[rows] = (ratings.score[rows] < low - reach) | (ratings.score[rows] > high + reach)
    return beyond


def tukey_hinges(values: FloatArray) -> tuple[float, float]:
    """Medians of the lower and the upper half; with an odd count the median is in both."""
    ordered = np.sort(values)
    half = (len(ordered) + 1) // 2
    return float(np.median(ordered[:half])), float(np.median(ordered[-half:]))


def _rows_of(ratings: Ratings, factor: str, level: str) -> np.ndarray:
    return np.asarray(getattr(ratings, factor).names() == level, dtype=bool)


def _counts(
    ratings: Ratings, rows: np.ndarray, failed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Failed and all of these rows, per participant."""
    size = len(ratings.participant.levels)
    who = ratings.participant.codes
    return np.bincount(who[rows & failed], minlength=size), np.bincount(who[rows], minlength=size)

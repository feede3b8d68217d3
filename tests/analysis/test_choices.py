"""Bradley-Terry, Plackett-Luce and detection against published numbers and other packages."""

from __future__ import annotations

from itertools import combinations, pairwise, permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.api import PHReg

from analysis.choices.bradley_terry import fit_bradley_terry
from analysis.choices.comparisons import Comparisons, are_comparisons, comparisons_of
from analysis.choices.detection import (
    PROCEDURES,
    Answers,
    Procedure,
    answers_of,
    binomial_test,
    d_prime,
    pooled_test,
    proportion_right,
)
from analysis.choices.plackett_luce import fit_plackett_luce
from analysis.choices.preference import preference_contrasts, preference_test, strengths_of
from analysis.ratings import Factor, Ratings, from_table

# Agresti (2002), Categorical Data Analysis, table 10.10: home and away wins of 1987 together.
TEAMS = ("Baltimore", "Boston", "Cleveland", "Detroit", "Milwaukee", "NewYork", "Toronto")
WINS = np.array(
    [
        [0, 1, 7, 4, 2, 3, 1],
        [12, 0, 7, 2, 6, 7, 6],
        [6, 6, 0, 4, 4, 6, 5],
        [9, 11, 9, 0, 6, 5, 7],
        [11, 7, 9, 7, 0, 7, 9],
        [10, 6, 7, 8, 6, 0, 6],
        [12, 7, 8, 6, 4, 7, 0],
    ]
)
# R: summary(BradleyTerry2::BTm(cbind(home.wins, away.wins), home.team, away.team, data = baseball))
ABILITIES = (0.0, 1.1077, 0.6839, 1.4364, 1.5814, 1.2476, 1.2945)
ERRORS = (0.3339, 0.3319, 0.3396, 0.3433, 0.3359, 0.3367)


def trial(who: str, passage: str, page: str, **scores: float) -> list[dict[str, Any]]:
    return [
        {"participant": who, "passage": passage, "page": page, "system": name, "score": score}
        for name, score in scores.items()
    ]


def study(
    participants: int = 14, passages: int = 4, *, tie: float = 0.5, liking: float = 0.6, seed=1
) -> list[dict[str, Any]]:
    """AB rows of four systems from Davidson's model with random likings."""
    rng = np.random.default_rng(seed)
    strengths = np.array([0.0, 0.5, 1.2, -0.4])
    rows = []
    for p in range(participants):
        own = strengths + rng.normal(0, liking, 4)
        for s in range(passages):
            for a, b in combinations(range(4), 2):
                chance = np.array(
                    [np.exp((own[a] - own[b]) / 2), tie, np.exp((own[b] - own[a]) / 2)]
                )
                score = 1 - rng.choice(3, p=chance / chance.sum()) / 2
                pair = {"ABCD"[a]: score, "ABCD"[b]: 1 - score}
                rows += trial(f"P{p}", f"S{s}", f"S{s} {a}{b}", **pair)
    return rows


@pytest.fixture(scope="module")
def comparisons() -> Comparisons:
    return comparisons_of(from_table(study()))


def test_published_abilities_of_baseball_teams() -> None:
    rows = []
    for winner, loser in np.ndindex(WINS.shape):
        for game in range(WINS[winner, loser]):
            page = f"{winner} {loser} {game}"
            rows += trial("league", "season", page, **{TEAMS[winner]: 1, TEAMS[loser]: 0})
    model = fit_bradley_terry(comparisons_of(from_table(rows)), ())
    np.testing.assert_allclose(model.strengths - model.strengths[0], ABILITIES, atol=1e-4)
    against_first = np.eye(7)[1:] - np.eye(7)[0]
    variances = np.diag(against_first @ model.covariance @ against_first.T)
    np.testing.assert_allclose(np.sqrt(variances), ERRORS, atol=1e-4)


def test_ties_against_davidsons_likelihood_written_out(comparisons: Comparisons) -> None:
    def minus(point: np.ndarray) -> float:
        worth = np.exp([0.0, *point[:3]])
        a, b = worth[comparisons.first], worth[comparisons.second]
        middle = np.exp(point[3]) * np.sqrt(a * b)
        likely = np.select([comparisons.outcome > 0, comparisons.outcome < 0], [a, b], middle)
        return -float(np.log(likely / (a + b + middle)).sum())

    found = optimize.minimize(minus, np.zeros(4), options={"gtol": 1e-6})
    model = fit_bradley_terry(comparisons, ())
    assert model.tie == pytest.approx(found.x[3], abs=1e-4)
    np.testing.assert_allclose(model.strengths[1:] - model.strengths[0], found.x[:3], atol=1e-4)
    assert model.log_likelihood == pytest.approx(-found.fun, abs=1e-6)


def test_two_systems_are_a_logistic_model_with_a_random_intercept() -> None:
    """The likings of both systems differ with twice their variance: another path to one model."""
    rng = np.random.default_rng(3)
    rows, who, right = [], [], []
    for p in range(30):
        bias = 0.5 + rng.normal(0, 1.0)
        for s in range(12):
            won = int(rng.random() < 1 / (1 + np.exp(-bias)))
            rows += trial(f"P{p}", f"S{s}", f"S{s}", A=won, B=1 - won)
            who.append(p)
            right.append(bool(won))
    model = fit_bradley_terry(comparisons_of(from_table(rows)), ("participant",))
    people = Factor(np.array(who), tuple(f"P{p}" for p in range(30)))
    one = Factor(np.zeros(len(who), np.int64), ("S",))
    pooled = pooled_test(Answers(people, one, np.array(right)))
    assert model.sds["participant:system"] * np.sqrt(2) == pytest.approx(
        pooled.detail("SD of participant"), abs=1e-4
    )
    assert preference_test(model).statistic.value == pytest.approx(
        pooled.statistic.value**2, abs=1e-5
    )
    assert pooled.estimate is not None
    assert model.probability("A", "B") == pytest.approx(pooled.estimate.value, abs=1e-5)


def test_listeners_of_one_mind_leave_a_singular_fit_that_is_said() -> None:
    model = fit_bradley_terry(comparisons_of(from_table(study(liking=0.0, seed=4))))
    assert any("singular" in note for note in model.notes)


def test_likings_widen_the_intervals(comparisons: Comparisons) -> None:
    pooled, mixed = fit_bradley_terry(comparisons, ()), fit_bradley_terry(comparisons)
    assert mixed.sds["participant:system"] > 0.3
    assert np.all(np.diag(mixed.covariance) > np.diag(pooled.covariance))
    assert mixed.log_likelihood > pooled.log_likelihood


def test_swapping_wins_and_losses_swaps_signs_and_nothing_else(comparisons: Comparisons) -> None:
    rows = [{**row, "score": 1 - row["score"]} for row in study()]
    one, other = fit_bradley_terry(comparisons), fit_bradley_terry(comparisons_of(from_table(rows)))
    np.testing.assert_allclose(other.strengths, -one.strengths, atol=1e-4)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-6)


def test_row_order_and_names_change_nothing(comparisons: Comparisons) -> None:
    names = {"A": "Z", "B": "Y", "C": "X", "D": "W"}
    rows = [{**row, "system": names[row["system"]]} for row in study()][::-1]
    one, other = fit_bradley_terry(comparisons), fit_bradley_terry(comparisons_of(from_table(rows)))
    np.testing.assert_allclose(other.strengths[::-1], one.strengths, atol=1e-4)
    ours, theirs = (preference_contrasts(model) for model in (one, other))
    assert sorted(r.pvalue_final for r in ours) == pytest.approx(
        sorted(r.pvalue_final for r in theirs), abs=1e-4
    )


def test_a_system_that_always_wins_is_said_to_be_beyond_estimation() -> None:
    rows = [row for p in range(6) for row in trial(f"P{p}", "S", "S", A=1, B=0)]
    model = fit_bradley_terry(comparisons_of(from_table(rows)))
    assert not model.converged
    assert any("always won or always lost" in note for note in model.notes)
    assert preference_test(model).pvalue < 0.05


def test_systems_that_never_met_are_named() -> None:
    rows = trial("P", "S", "1", A=1, B=0) + trial("P", "S", "2", C=1, D=0)
    with pytest.raises(ValueError, match="C, D never met"):
        fit_bradley_terry(comparisons_of(from_table(rows)))


def test_only_undecided_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="every answer was undecided"):
        fit_bradley_terry(comparisons_of(from_table(trial("P", "S", "1", A=0.5, B=0.5))))


@pytest.mark.parametrize(
    ("rows", "are"),
    [
        (trial("P", "S", "1", A=1, B=0) + trial("P", "S", "2", A=0.5, C=0.5), True),
        (trial("P", "S", "1", A=1, B=0, C=0), False),
        (trial("P", "S", "1", A=1, B=1), False),
        (trial("P", "S", "1", A=80, B=20), False),
        (trial("P", "S", "1", A=0.5, B=0.5), False),
    ],
)
def test_what_counts_as_paired_comparisons(rows: list[dict[str, Any]], are: bool) -> None:
    assert are_comparisons(from_table(rows, scale=(0, 100))) is are


def test_a_trial_of_three_is_named() -> None:
    with pytest.raises(ValueError, match="participant P, passage S, page 1 compares not two"):
        comparisons_of(from_table(trial("P", "S", "1", A=1, B=0, C=0)))


def rankings(people: int = 40, tied: bool = False, seed: int = 2) -> Ratings:
    rng = np.random.default_rng(seed)
    strengths = np.array([0.0, 0.4, 1.0, -0.5])
    rows = []
    for p in range(people):
        drawn = strengths + rng.gumbel(size=4)
        place = np.argsort(np.argsort(drawn)).astype(float)
        scores = np.minimum(place, 2.0) if tied and p % 2 else place
        names = dict(zip("ABCD", scores, strict=True))
        kept = {name: names[name] for name in names if p % 5 or name != "D"}
        rows += trial(f"P{p}", "S", "S", **kept)
    return from_table(rows, scale=(0, 3))


def test_rankings_without_ties_are_coxs_partial_likelihood() -> None:
    """Another package's path: `PHReg` with one stratum a ranking, the first place dying first."""
    ratings = rankings()
    model = fit_plackett_luce(ratings)
    dummies = np.eye(4)[ratings.system.codes][:, 1:]
    cox = PHReg(4 - ratings.score, dummies, strata=ratings.participant.codes).fit()
    np.testing.assert_allclose(model.strengths[1:] - model.strengths[0], cox.params, atol=1e-5)
    assert model.log_likelihood == pytest.approx(cox.llf, abs=1e-8)
    assert model.converged


def test_ties_are_the_sum_over_all_orders_of_the_tied() -> None:
    ratings = rankings(tied=True)
    model = fit_plackett_luce(ratings)
    worth = dict(zip("ABCD", np.exp(model.strengths), strict=True))
    total = 0.0
    frame = pd.DataFrame(
        {"who": ratings.participant.names(), "system": ratings.system.names()}
    ).assign(score=ratings.score)
    for _, page in frame.groupby("who"):
        given = page.set_index("system")["score"]
        orders = [
            order
            for order in permutations(given.index)
            if all(given[a] >= given[b] for a, b in pairwise(order))
        ]
        total += np.log(
            sum(
                np.prod([worth[x] / sum(worth[y] for y in order[i:]) for i, x in enumerate(order)])
                for order in orders
            )
        )
    assert model.log_likelihood == pytest.approx(total, abs=1e-9)


def test_pairs_as_rankings_are_bradley_terry_without_participants() -> None:
    ratings = from_table(study(tie=0.0))
    one, other = fit_plackett_luce(ratings), fit_bradley_terry(comparisons_of(ratings), ())
    np.testing.assert_allclose(one.strengths, other.strengths, atol=1e-5)
    assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-8)


def test_strengths_come_with_their_intervals_and_sum_to_zero() -> None:
    found = strengths_of(fit_plackett_luce(rankings()))
    assert sum(each.value for each in found) == pytest.approx(0.0, abs=1e-9)
    assert all(e.interval is not None and e.interval.low < e.value < e.interval.high for e in found)


def test_rankings_of_equals_are_refused() -> None:
    with pytest.raises(ValueError, match="no trial ranks"):
        fit_plackett_luce(from_table(trial("P", "S", "S", A=50, B=50)))


# Macmillan & Creelman (2005), tables A5.2 and A5.3 print two decimals.
@pytest.mark.parametrize(
    ("procedure", "share", "published"),
    [("abx", 0.75, 1.79), ("abx-differencing", 0.75, 2.02), ("2afc", 0.76, 1.00)],
)
def test_d_prime_as_published(procedure: Procedure, share: float, published: float) -> None:
    assert d_prime(share, procedure) == pytest.approx(published, abs=0.005)


@given(d=st.floats(0.01, 6.0), procedure=st.sampled_from(sorted(PROCEDURES)))
def test_d_prime_inverts_the_share(d: float, procedure: Procedure) -> None:
    share = float(proportion_right(d, procedure))
    assert d_prime(share, procedure) == pytest.approx(d, rel=1e-6)


@pytest.mark.parametrize("procedure", sorted(PROCEDURES))
def test_the_formulas_are_what_an_ideal_listener_does(procedure: Procedure) -> None:
    """Simulated listeners with one normal impression a sound decide by each procedure's rule."""
    rng = np.random.default_rng(1)
    d, n = 1.5, 200_000
    a, b, x = rng.normal(0, 1, n), rng.normal(d, 1, n), rng.normal(0, 1, n)
    if procedure == "2afc":
        right = a < b
    elif procedure == "abx-differencing":
        right = np.abs(x - a) < np.abs(x - b)
    else:
        # The likelihood of both hypotheses, with A and B in either order.
        right = np.where(a < b, x < d / 2, x > d / 2)
    assert right.mean() == pytest.approx(float(proportion_right(d, procedure)), abs=0.004)


@given(right=st.integers(0, 16))
@settings(max_examples=17)
def test_the_binomial_test_is_exact(right: int) -> None:
    result = binomial_test(right, 16)
    tail = sum(stats.binom.pmf(k, 16, 0.5) for k in range(right, 17))
    assert result.pvalue == pytest.approx(tail, abs=1e-12)
    assert result.effect is not None
    assert result.effect.interval is not None
    assert result.effect.interval.low <= result.effect.value <= result.effect.interval.high


def test_answers_are_right_where_the_reference_was_chosen() -> None:
    rows = []
    for p in range(8):
        rows += trial(f"P{p}", "S1", "1", orig=1, codec=0)
        rows += trial(f"P{p}", "S2", "2", orig=float(p < 4), codec=float(p >= 4))
        rows += trial(f"P{p}", "S3", "3", orig=0.5, codec=0.5)
    for row in rows:
        row["role"] = "reference" if row["system"] == "orig" else "system"
    answers = answers_of(comparisons_of(from_table(rows)), "codec")
    assert (int(answers.right.sum()), len(answers), answers.undecided) == (12, 16, 8)
    assert "8 undecided" in pooled_test(answers).notes[0]


def test_without_differing_participants_pooling_is_the_likelihood_ratio_of_a_share() -> None:
    right = np.tile([True, True, False], 20)
    people = Factor(np.repeat(np.arange(20), 3), tuple(f"P{p}" for p in range(20)))
    one = Factor(np.zeros(60, np.int64), ("S",))
    result = pooled_test(Answers(people, one, right))
    expected = np.sqrt(2 * (40 * np.log(2 / 3) + 20 * np.log(1 / 3) - 60 * np.log(0.5)))
    assert result.statistic.value == pytest.approx(expected, abs=1e-4)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="9 right of 8 trials"):
        binomial_test(9, 8)
    with pytest.raises(ValueError, match="between 0 and 1"):
        d_prime(1.2)

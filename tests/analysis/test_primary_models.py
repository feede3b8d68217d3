"""Every primary analysis that a plan can name, to the answer; rankings; studies of two kinds."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import permutation
from analysis.analyse import analyse
from analysis.answer import short_answer
from analysis.attribute import Family
from analysis.blocks import pair_differences
from analysis.choices.plackett_luce import fit_plackett_luce
from analysis.choices.preference import preference_contrasts
from analysis.choices.rankings import are_rankings
from analysis.ordinal import fit_ordinal_model, ordinal_contrasts
from analysis.paper import methods_paragraph, paper_tex, results_sentences
from analysis.plan import PRIMARIES, Plan
from analysis.ratings import Ratings, from_table
from analysis.report import report_html, results_json
from analysis.results import best_first

DECLARED = "2026-01-01T00:00:00+00:00"


def rows(participants: int = 14, passages: int = 4, seed: int = 1) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    return [
        {
            "participant": f"P{p:02d}",
            "passage": f"S{a}",
            "system": system,
            "score": float(np.clip(np.round(lift + rng.normal(0, 12)), 0, 100)),
        }
        for p in range(participants)
        for a in range(passages)
        for system, lift in (("bad", 30), ("fair", 50), ("good", 70))
    ]


def rankings(missing: float = 0.0) -> list[dict[str, Any]]:
    """The same listeners' orders, 100 for the first, as pages of rankings store them."""
    rng = np.random.default_rng(5)
    table = []
    for _, page in itertools.groupby(rows(), lambda row: (row["participant"], row["passage"])):
        kept = sorted(page, key=lambda row: (row["score"], rng.random()))
        if rng.random() < missing:
            kept = kept[1:]
        table += [
            {**row, "score": round(100 * place / (len(kept) - 1), 1)}
            for place, row in enumerate(kept)
        ]
    return table


@pytest.mark.parametrize("primary", [name for name in PRIMARIES if name != "bradley-terry"])
def test_every_primary_analysis_says_which_is_better_by_how_much_and_how_sure(
    primary: str,
) -> None:
    outcome = analyse(from_table(rows()), Plan(primary=primary, declared_at=DECLARED))
    entry = outcome.attributes[0]
    assert entry.primary.name == primary
    answer = "\n".join(short_answer(outcome))
    for better, worse in (("good", "bad"), ("good", "fair"), ("fair", "bad")):
        (line,) = [line for line in answer.split("\n") if f"  {better} " in line and worse in line]
        assert "95% CI [" in line
        assert "p < .001" in line or "p = .0" in line
    assert report_html(outcome, {"score": ()}).count('class="tag planned"') == 2
    sentences = results_sentences(entry, 0.05)
    assert sum(" was rated higher than " in sentence for sentence in sentences) == 3
    assert entry.primary.title.split()[0].lower() in methods_paragraph(outcome).lower()
    assert paper_tex(outcome)
    assert results_json(outcome)


@pytest.mark.parametrize(
    ("primary", "test"),
    [
        ("wilcoxon", "friedman"),
        ("mixed model", "mixed-model"),
        ("ordinal model", "ordinal-model"),
        ("plackett-luce", "plackett-luce"),
    ],
)
def test_the_overall_test_is_that_of_the_primary_analysis(primary: str, test: str) -> None:
    assert analyse(from_table(rows()), Plan(primary=primary)).attributes[0].omnibus[0].name == test


@pytest.fixture(scope="module")
def families() -> dict[str, Family]:
    plan = Plan(also=("ordinal model", "plackett-luce"))
    return {each.name: each for each in analyse(from_table(rows()), plan).attributes[0].families}


def test_models_that_a_plan_names_are_those_of_the_library(families: dict[str, Family]) -> None:
    ratings = from_table(rows())
    assert families["ordinal model"].results == ordinal_contrasts(
        fit_ordinal_model(ratings), "holm"
    )
    assert families["plackett-luce"].results == preference_contrasts(fit_plackett_luce(ratings))


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_rankings_are_known_and_analysed_as_such(missing: float) -> None:
    ratings = from_table(rankings(missing), scale=(0, 100))
    assert are_rankings(ratings) is (missing == 0.0)
    families = {family.name for family in analyse(ratings).attributes[0].families}
    assert ("plackett-luce" in families) is (missing == 0.0)


def test_scores_are_no_rankings() -> None:
    assert not are_rankings(from_table(rows()))
    pairs = [row for row in rankings() if row["system"] != "fair"]
    assert not are_rankings(from_table(pairs, scale=(0, 100)))


def test_a_model_that_cannot_be_is_a_note_or_an_error_where_it_was_to_decide() -> None:
    # Nine systems share the upper of two places on every page.
    tied = from_table(
        [
            {"participant": f"P{p}", "passage": "S", "system": name, "score": 10 * (name != "A")}
            for p in range(6)
            for name in "ABCDEFGHIJ"
        ]
    )
    outcome = analyse(tied, Plan(also=("plackett-luce",)))
    assert any("No Plackett–Luce model: 9 systems share a place" in note for note in outcome.notes)
    with pytest.raises(ValueError, match="primary analysis cannot be done"):
        analyse(tied, Plan(primary="plackett-luce"))


def mixed_study() -> Ratings:
    """Scores of one attribute, choices of another."""
    rng = np.random.default_rng(2)
    choices = []
    for p, a in np.ndindex(12, 4):
        chosen = rng.random() < 0.8
        page = {"participant": f"P{p:02d}", "passage": f"S{a}", "page": f"ab-{a}"}
        page["attribute"] = "choice"
        choices.append({**page, "system": "good", "score": float(chosen)})
        choices.append({**page, "system": "bad", "score": float(not chosen)})
    scores = [{**row, "attribute": "quality"} for row in rows(12)]
    scales = {"choice": (0.0, 1.0), "quality": (0.0, 100.0)}
    return from_table(scores + choices, scale=scales)


@pytest.mark.parametrize(
    ("attribute", "primary", "other"),
    [("quality", "wilcoxon", "bradley-terry"), ("choice", "bradley-terry", "wilcoxon")],
)
def test_a_plan_for_scores_leaves_choices_be_and_marks_them_as_not_planned(
    attribute: str, primary: str, other: str
) -> None:
    plan = Plan(attribute=attribute, primary=primary, declared_at=DECLARED)
    first, second = analyse(mixed_study(), plan).attributes
    assert (first.attribute, first.primary.name, first.off_plan) == (attribute, primary, False)
    assert (second.primary.name, second.off_plan) == (other, True)
    with pytest.raises(ValueError, match=r"paired comparisons|are scores"):
        analyse(mixed_study(), Plan(attribute=attribute, primary=other, declared_at=DECLARED))


def test_each_attribute_has_its_own_scale() -> None:
    ratings = mixed_study()
    assert ratings.scale == (0, 100)
    assert ratings.only(attribute="choice").scale == (0, 1)
    page = report_html(analyse(ratings), {"choice": (), "quality": ()})
    assert "on scales from 0 to 1 (choice), from 0 to 100 (quality)" in page
    with pytest.raises(ValueError, match="score 2 is outside the scale 0 to 1"):
        from_table([{**rows()[0], "attribute": "choice", "score": 2}], scale={"choice": (0.0, 1.0)})
    guessed = from_table([*rows()[:4], {**rows()[0], "attribute": "acr", "score": 3}])
    assert guessed.scales == {"acr": (1, 5), "score": (0, 100)}


@pytest.mark.parametrize("participants", [4, 7])
def test_max_t_of_few_participants_is_the_count_over_all_signs(participants: int) -> None:
    ratings = from_table(rows(participants, 2))
    differences = pair_differences(ratings)
    patterns = np.array(list(itertools.product((-1, 1), repeat=participants)))

    def studentised(values: np.ndarray) -> np.ndarray:
        means = np.einsum("sp,pc->sc", values, differences) / participants
        variance = (differences**2).mean(axis=0) - means**2
        return np.abs(means) / np.sqrt(np.maximum(variance, 1e-300) / (participants - 1))

    observed = studentised(np.ones((1, participants)))[0]
    largest = studentised(patterns).max(axis=1)
    for result, value in zip(permutation.sign_flip(ratings), observed, strict=True):
        wanted = np.mean(largest >= value * (1 - 1e-9))
        assert result.pvalue_corrected == pytest.approx(max(wanted, result.pvalue))
        assert f"all 2^{participants} sign patterns" in str(result.correction)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 18))
def test_a_corrected_p_is_never_below_the_pairs_own(seed: int, participants: int) -> None:
    ratings = from_table(rows(participants, 1, seed))
    for result in permutation.sign_flip(ratings, permutations=300, seed=seed):
        assert result.pvalue_corrected is not None
        assert result.pvalue_corrected >= result.pvalue


@pytest.mark.parametrize("name", ["wilcoxon", "sign", "ordinal model"])
def test_turning_a_pair_round_turns_its_numbers(families: dict[str, Family], name: str) -> None:
    for pair in families[name].results:
        turned = best_first(pair)
        assert set(turned.systems) == set(pair.systems)
        place = {"good": 2, "fair": 1, "bad": 0}
        assert place[turned.systems[0]] > place[turned.systems[1]]
        assert best_first(turned) == turned
        for size in (turned.estimate, turned.effect):
            if size is not None and size.interval is not None:
                assert size.interval.low <= size.value <= size.interval.high


def test_an_answer_stays_short() -> None:
    rng = np.random.default_rng(1)
    table = [
        {
            "participant": f"P{p:02d}",
            "passage": "S",
            "system": name,
            "score": 10 * s + rng.normal(0, 1),
        }
        for p in range(15)
        for s, name in enumerate("ABCDEFGH")
    ]
    answer = short_answer(analyse(from_table(table, scale=(-10, 100))))
    assert sum(" above " in line for line in answer) == 15
    assert "  and 13 more pairs, in the tables of the report." in answer
    # The best are told first.
    assert answer[3].startswith("  H above G by ")

"""Screening: BS.1534-3's rules, the other ones, and what an analysis makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from analysis import screening
from analysis.analyse import analyse
from analysis.plan import Plan
from analysis.ratings import Ratings, from_table


def study(**scores: list[float]) -> Ratings:
    """Per participant the scores of the hidden reference, one per item; two systems beside it."""
    rows: list[dict[str, Any]] = []
    for participant, values in scores.items():
        for item, score in enumerate(values):
            cell = {"participant": participant, "passage": f"I{item}"}
            rows.append({**cell, "system": "ref", "role": "reference", "score": score})
            rows.append({**cell, "system": "A", "score": 40.0 + item})
            rows.append({**cell, "system": "mid", "role": "anchor", "score": 100 - score / 2})
    return from_table(rows, scale=(0, 100))


def test_the_hidden_reference_may_miss_on_15_percent_of_items() -> None:
    twenty = [100.0] * 20
    ratings = study(good=twenty, edge=[89.0] * 3 + twenty[3:], bad=[89.0] * 4 + twenty[4:])
    found, _ = screening.hidden_reference(ratings)
    assert found == {"bad": "rated the hidden reference below 90 on 4 of 20 items"}


def test_items_that_mislead_a_quarter_are_not_counted() -> None:
    # The mid anchor is at 100 − score / 2: above 90 where the reference is below 20.
    ratings = study(a=[0, 100, 100], b=[0, 0, 100], c=[100] * 3, d=[100] * 3)
    found, notes = screening.mid_anchor(ratings, anchor="mid")
    assert found == {"b": "rated the mid anchor above 90 on 1 of 2 items"}
    assert "I0 was not counted" in notes[0]


@pytest.mark.parametrize(
    "rule",
    [
        {"rule": "hidden reference"},
        {"rule": "mid anchor", "anchor": "mid"},
        {"rule": "trap", "system": "beep"},
        {"rule": "listening time"},
        {"rule": "repeats"},
    ],
    ids=lambda rule: rule["rule"],
)
def test_a_rule_without_its_data_says_so(rule: dict[str, Any]) -> None:
    rows = [{"participant": p, "passage": "S", "system": s, "score": 3} for p in "PQ" for s in "AB"]
    result = screening.screen(from_table(rows), [rule])
    assert result.excluded == ()
    assert len(result.notes) == 1


def test_the_other_rules_name_who_and_why() -> None:
    rows = []
    for page in "12":
        for n, system in enumerate("ABC"):
            cell = {"passage": "S", "page": page, "system": system}
            rows.append({**cell, "participant": "same", "score": 50, "listened_ms": 9000})
            rows.append({**cell, "participant": "hasty", "score": 20 * n, "listened_ms": 10})
            swing = 80 if page == "2" else 0
            rows.append({**cell, "participant": "odd", "score": swing + n, "listened_ms": 9000})
            rows.append({**cell, "participant": "fine", "score": 30 * n, "listened_ms": 9000})
    rules = [
        {"rule": "straight liner"},
        {"rule": "listening time", "at_least_ms": 500},
        {"rule": "repeats", "mean_difference": 50},
        {"rule": "manual", "participant": "fine", "reason": "asked to be left out"},
    ]
    result = screening.screen(from_table(rows), rules[:3])
    assert [(entry.participant, entry.rule) for entry in result.exclusions] == [
        ("same", "straight liner"),
        ("hasty", "listening time"),
        ("odd", "repeats"),
    ]
    assert result.kept.participant.levels == ("fine",)
    with pytest.raises(ValueError, match="exclude all 4"):
        screening.screen(from_table(rows), rules)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"rule": "mood"}, "no rule is called 'mood'"),
        ({"rule": "hidden reference", "below": "ninety"}, "below 'ninety', not a number"),
        ({"rule": "expertise", "permutations": 2.5}, "permutations 2.5, not a whole number"),
        ({"rule": "trap", "system": 3}, "system 3, not text"),
        ({"rule": "trap", "system": "x", "above": float("nan")}, "above nan, not a number"),
        ({"rule": "repeats", "below": 3}, "has no below; it has mean_difference"),
        ({"rule": "manual", "participant": "a"}, "rule 'manual' needs reason"),
    ],
)
def test_a_wrong_rule_is_refused(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        screening.screen(study(a=[100]), [rule])


def test_hinges_and_outliers_as_r_has_them(oracle: Any) -> None:
    for system, wanted in oracle.extras["bs1534_quartiles_per_mixer"].items():
        score = oracle.ratings.only(system=system).score
        assert screening.tukey_hinges(score) == (wanted["Q1"], wanted["Q3"])
    ratings, wanted = oracle.ratings, oracle.extras["bs1534_outliers"]
    rows = np.flatnonzero(screening.outliers(ratings))
    found = {
        (
            str(ratings.participant.names()[row]),
            str(ratings.passage.names()[row]),
            ratings.score[row],
        )
        for row in rows
    }
    assert len(rows) == wanted["count"]
    assert found == {(row["participant"], row["passage"], row["rating"]) for row in wanted["rows"]}


def test_an_analysis_tells_the_results_with_and_without() -> None:
    people = {f"P{n}": [95.0 + n % 5, 93.0 + n % 7] for n in range(8)}
    ratings = study(**people, deaf=[10.0, 20.0])
    plan = Plan(screening=({"rule": "hidden reference"},))
    outcome = analyse(ratings, plan)
    assert outcome.screening.excluded == ("deaf",)
    assert outcome.attributes[0].primary.results[0].n == 8
    assert outcome.without_screening[0].n == 9
